use hooklane_domain::Timestamp;
use hooklane_domain::ids::WebhookId;
use hooklane_domain::isolation::slots::grant;
use hooklane_domain::webhook::limits::RateLimit;

use super::samples::at;
use crate::ports::{SlotCounts, SlotStore};

/// Slots are granted as the domain says, each to one caller.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn slots<S: SlotStore>(store: &S, salt: u128) {
    let webhook = WebhookId::new(at(31), salt);
    assert_eq!(store.slots_taken(webhook).await.unwrap(), SlotCounts::default());
    let limit = RateLimit::new(3, 1).unwrap();
    let now = at(0);
    let mut next = None;
    for _ in 0..4 {
        let granted = grant(next, now, limit);
        assert_eq!(store.take_slot(webhook, limit, now).await.unwrap(), granted.slot);
        next = Some(granted.next);
    }
    let counts = store.slots_taken(webhook).await.unwrap();
    let last_waited_at = Some(now);
    let next = next.map(|next| (limit, next));
    assert_eq!(counts, SlotCounts { taken: 4, waited: 3, last_waited_at, next });
    // After a pause the next slot begins at once.
    assert_eq!(store.take_slot(webhook, limit, at(60_000)).await.unwrap(), at(60_000));
    let counts = store.slots_taken(webhook).await.unwrap();
    assert_eq!((counts.taken, counts.waited, counts.last_waited_at), (5, 3, last_waited_at));
    // So does the first slot under another limit.
    let other = RateLimit::new(1, 3_600).unwrap();
    assert_eq!(store.take_slot(webhook, other, at(60_001)).await.unwrap(), at(60_001));

    let crowd = (0..8).map(|_| store.take_slot(webhook, limit, at(90_000)));
    let mut slots: Vec<Timestamp> =
        futures::future::join_all(crowd).await.into_iter().map(Result::unwrap).collect();
    slots.sort();
    slots.dedup();
    assert_eq!(slots.len(), 8, "each concurrent call gets a slot of its own");
}
