use hooklane_domain::access::idempotency::{IdempotencyKey, IdempotencyRecord};
use hooklane_domain::event::Fingerprint;
use hooklane_domain::ids::WebhookId;

use super::samples::{at, tenant};
use crate::ports::IdempotencyStore;

const DAY_MS: i64 = 24 * 3600 * 1000;

/// The record of a key is written once while it holds, belongs to its tenant, and notes its fulfilment.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn idempotency(store: &impl IdempotencyStore, salt: u128) {
    let (ours, theirs) = (tenant("claims", salt), tenant("others", salt));
    let key: IdempotencyKey = "order 7: a webhook/#1".parse().unwrap();
    let record = |n: u128, ms: i64| IdempotencyRecord {
        webhook: WebhookId::new(at(ms), n),
        fingerprint: Fingerprint::of(&n.to_string()),
        at: at(ms),
        fulfilled: false,
    };
    let first = record(1, 0);
    assert_eq!(store.claim(&ours, &key, &first).await.unwrap(), first);
    assert_eq!(store.claim(&ours, &key, &record(2, DAY_MS - 1)).await.unwrap(), first);
    let other_key = "order 7".parse().unwrap();
    for (tenant, key) in [(&theirs, &key), (&ours, &other_key)] {
        assert_eq!(store.claim(tenant, key, &record(3, 1)).await.unwrap(), record(3, 1));
    }

    store.fulfil(&ours, &key, &first).await.unwrap();
    let fulfilled = IdempotencyRecord { fulfilled: true, ..first };
    assert_eq!(store.claim(&ours, &key, &record(4, 1)).await.unwrap(), fulfilled);
    let next_day = record(5, DAY_MS);
    assert_eq!(
        store.claim(&ours, &key, &next_day).await.unwrap(),
        next_day,
        "the first record no longer holds"
    );

    let contested = "contested".parse().unwrap();
    let all: Vec<_> = (10..18).map(|n| record(n, 0)).collect();
    let held =
        futures::future::join_all(all.iter().map(|c| store.claim(&ours, &contested, c))).await;
    let held: Vec<_> = held.into_iter().map(Result::unwrap).collect();
    assert!(all.contains(&held[0]));
    assert!(
        held.iter().all(|record| *record == held[0]),
        "of several concurrent calls exactly one writes its record"
    );
}
