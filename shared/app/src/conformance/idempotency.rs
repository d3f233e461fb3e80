use hooklane_domain::access::idempotency::{IdempotencyKey, IdempotencyRecord};
use hooklane_domain::delivery::attempt::TestAttempt;
use hooklane_domain::event::Fingerprint;
use hooklane_domain::ids::{DeliveryId, WebhookId};

use crate::conformance::samples::{answered, at, tenant, unanswered};
use crate::ports::{IdempotencyStore, TestAttemptStore};

const DAY_MS: i64 = 24 * 3600 * 1000;

/// A key is claimed once while its claim holds, within its tenant, and remembers that it was fulfilled.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn idempotency(store: &impl IdempotencyStore, salt: u128) {
    let (ours, theirs) = (tenant("claims", salt), tenant("others", salt));
    let key: IdempotencyKey = "order 7: a webhook/#1".parse().unwrap();
    let claim = |n: u128, ms: i64| IdempotencyRecord {
        webhook: WebhookId::new(at(ms), n),
        fingerprint: Fingerprint::of(&n.to_string()),
        at: at(ms),
        fulfilled: false,
    };
    let first = claim(1, 0);
    assert_eq!(store.claim(&ours, &key, &first).await.unwrap(), first);
    assert_eq!(store.claim(&ours, &key, &claim(2, DAY_MS - 1)).await.unwrap(), first);
    let other_key = "order 7".parse().unwrap();
    for (tenant, key) in [(&theirs, &key), (&ours, &other_key)] {
        assert_eq!(store.claim(tenant, key, &claim(3, 1)).await.unwrap(), claim(3, 1));
    }

    store.fulfil(&ours, &key, &first).await.unwrap();
    let fulfilled = IdempotencyRecord { fulfilled: true, ..first };
    assert_eq!(store.claim(&ours, &key, &claim(4, 1)).await.unwrap(), fulfilled);
    let next_day = claim(5, DAY_MS);
    assert_eq!(store.claim(&ours, &key, &next_day).await.unwrap(), next_day, "the first is over");

    let contested = "contested".parse().unwrap();
    let all: Vec<_> = (10..18).map(|n| claim(n, 0)).collect();
    let held =
        futures::future::join_all(all.iter().map(|c| store.claim(&ours, &contested, c))).await;
    let held: Vec<_> = held.into_iter().map(Result::unwrap).collect();
    assert!(all.contains(&held[0]));
    assert!(held.iter().all(|claim| *claim == held[0]), "of several at once exactly one counts");
}

/// A test attempt reads back as it was, for its tenant only.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn test_attempts(store: &impl TestAttemptStore, salt: u128) {
    let (ours, theirs) = (tenant("tests", salt), tenant("others", salt));
    let webhook = WebhookId::new(at(0), salt);
    for (ms, attempt) in [(5, answered(1, 5, 200)), (6, unanswered(1, 6))] {
        let id = DeliveryId::new(webhook, at(ms), format!("test-{ms}").parse().unwrap());
        assert_eq!(store.test_attempt(&ours, &id).await.unwrap(), None);
        let event_type = "webhook.test".parse().unwrap();
        let test = TestAttempt { id, tenant: ours.clone(), event_type, attempt };
        store.keep_test_attempt(&test).await.unwrap();
        assert_eq!(store.test_attempt(&ours, &test.id).await.unwrap().as_ref(), Some(&test));
        assert_eq!(store.test_attempt(&theirs, &test.id).await.unwrap(), None);
    }
}
