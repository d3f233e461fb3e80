use hooklane_domain::Timestamp;
use hooklane_domain::delivery::{Delivery, ParkReason};
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::isolation::recovery::{Wanted, WantedStatus};
use hooklane_domain::isolation::slots::grant;
use hooklane_domain::webhook::limits::RateLimit;

use crate::conformance::samples::{at, delivery, event, tenant};
use crate::ports::{
    DeliveryStore, EventScan, EventStore, ParkingStore, Saved, SlotCounts, SlotStore,
};

/// Pointers lead to what is parked in order of when it is due; slots are handed out as the domain says;
/// a walk meets every event.
pub async fn parking<S>(store: &S, salt: u128)
where
    S: DeliveryStore + ParkingStore + SlotStore + EventStore + EventScan,
{
    let tenant = tenant("parking", salt);
    pointers_are_in_order(store, &tenant, WebhookId::new(at(30), salt)).await;
    slots_are_handed_out_once(store, WebhookId::new(at(31), salt)).await;
    a_walk_meets_every_event(store, salt).await;
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn park<S: DeliveryStore>(store: &S, delivery: Delivery, due: i64) -> Delivery {
    let parked = delivery.parked_until(at(1), at(due), ParkReason::RateLimit);
    let Saved::Yes(written) = store.save(&parked).await.unwrap() else { unreachable!() };
    let read = store.read(std::slice::from_ref(&written.id)).await.unwrap();
    assert_eq!(read, [Some((*written).clone())], "it reads back, due and reason included");
    *written
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn pointers_are_in_order<S>(store: &S, tenant: &TenantId, webhook: WebhookId)
where
    S: DeliveryStore + ParkingStore,
{
    let new = |n| delivery(tenant, webhook, n);
    let third = park(store, new(0), 300).await;
    let first = park(store, new(1), 100).await;
    let second = park(store, new(2), 200).await;
    let due = |by, limit| async move {
        let pointers = store.parked(webhook, at(by), limit).await.unwrap();
        assert!(pointers.iter().all(|p| p.tenant == *tenant && p.generation == 0));
        pointers
    };
    let ids = |pointers: &[crate::ports::Pointer]| {
        pointers.iter().map(|p| p.delivery.clone()).collect::<Vec<_>>()
    };
    for (most, count) in [(9, 3), (3, 3), (2, 2)] {
        assert_eq!(store.count_parked(webhook, most).await.unwrap(), count);
    }
    assert!(due(99, 9).await.is_empty());
    let two = due(200, 9).await;
    assert_eq!(ids(&two), [first.id.clone(), second.id.clone()]);
    assert_eq!((two[0].due, two[1].due), (at(100), at(200)));
    assert_eq!(ids(&due(999, 2).await), [first.id.clone(), second.id.clone()]);

    // Parked anew under the same key, by a newer generation, while somebody still holds the old one.
    let again = Delivery { generation: 1, ..first };
    park(store, again, 100).await;
    store.unpark(&two[0]).await.unwrap();
    let left = store.parked(webhook, at(999), 9).await.unwrap();
    assert_eq!(left.len(), 3);
    assert_eq!((left[0].generation, left[0].due), (1, at(100)));
    for pointer in &left {
        store.unpark(pointer).await.unwrap();
        store.unpark(pointer).await.unwrap();
    }
    assert!(due(999, 9).await.is_empty());
    assert_eq!(store.count_parked(webhook, 9).await.unwrap(), 0);
    drop((second, third));
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn slots_are_handed_out_once<S: SlotStore>(store: &S, webhook: WebhookId) {
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
    // After a rest the next slot is at once.
    assert_eq!(store.take_slot(webhook, limit, at(60_000)).await.unwrap(), at(60_000));
    let counts = store.slots_taken(webhook).await.unwrap();
    assert_eq!((counts.taken, counts.waited, counts.last_waited_at), (5, 3, last_waited_at));
    // So it is under another limit.
    let other = RateLimit::new(1, 3_600).unwrap();
    assert_eq!(store.take_slot(webhook, other, at(60_001)).await.unwrap(), at(60_001));

    let crowd = (0..8).map(|_| store.take_slot(webhook, limit, at(90_000)));
    let mut slots: Vec<Timestamp> =
        futures::future::join_all(crowd).await.into_iter().map(Result::unwrap).collect();
    slots.sort();
    slots.dedup();
    assert_eq!(slots.len(), 8, "of several at once each gets its own");
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn a_walk_meets_every_event<S: EventStore + EventScan>(store: &S, salt: u128) {
    let (ours, theirs) = (tenant("walk", salt), tenant("walkers", salt));
    for n in 0..7 {
        store.put(&event(&ours, &format!("walked-{n}"), "1")).await.unwrap();
    }
    store.put(&event(&theirs, "walked-0", "1")).await.unwrap();
    let walk = |since, until| {
        let wanted = Wanted { since: at(since), until: at(until), status: WantedStatus::Any };
        let ours = ours.clone();
        async move {
            let (mut met, mut cursor) = (Vec::new(), None::<String>);
            loop {
                let page = store.walk(&ours, wanted, cursor.as_deref()).await.unwrap();
                met.extend(page.events);
                cursor = page.next;
                if cursor.is_none() {
                    return met;
                }
            }
        }
    };
    let mut met = walk(0, 0).await;
    met.sort_by(|a, b| a.id.cmp(&b.id));
    let expected: Vec<_> = (0..7).map(|n| event(&ours, &format!("walked-{n}"), "1")).collect();
    assert_eq!(met, expected, "whole, and ours only");
    assert!(walk(1, 9).await.is_empty() && walk(-9, -1).await.is_empty());
}
