use hooklane_domain::delivery::{Delivery, ParkReason};
use hooklane_domain::ids::WebhookId;

use super::samples::{at, delivery, tenant};
use crate::ports::{DeliveryStore, ParkingStore, Pointer, Saved};

/// The pointers to a webhook's parked deliveries are listed in order of when they are due.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn parking<S>(store: &S, salt: u128)
where
    S: DeliveryStore + ParkingStore,
{
    let tenant = &tenant("parking", salt);
    let webhook = WebhookId::new(at(30), salt);
    let new = |n| delivery(tenant, webhook, n);
    let third = park(store, new(0), 300).await;
    let first = park(store, new(1), 100).await;
    let second = park(store, new(2), 200).await;
    let due = |by, limit| async move {
        let pointers = store.parked(webhook, at(by), limit).await.unwrap();
        assert!(pointers.iter().all(|p| p.tenant == *tenant && p.generation == 0));
        pointers
    };
    let ids =
        |pointers: &[Pointer]| pointers.iter().map(|p| p.delivery.clone()).collect::<Vec<_>>();
    for (most, count) in [(9, 3), (3, 3), (2, 2)] {
        assert_eq!(store.count_parked(webhook, most).await.unwrap(), count);
    }
    assert!(due(99, 9).await.is_empty());
    let two = due(200, 9).await;
    assert_eq!(ids(&two), [first.id.clone(), second.id.clone()]);
    assert_eq!((two[0].due, two[1].due), (at(100), at(200)));
    assert_eq!(ids(&due(999, 2).await), [first.id.clone(), second.id.clone()]);

    // The delivery is parked again under the same key by a newer generation, and the old pointer is removed.
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
async fn park<S: DeliveryStore>(store: &S, delivery: Delivery, due: i64) -> Delivery {
    let parked = delivery.parked_until(at(1), at(due), ParkReason::RateLimit);
    let Saved::Yes(written) = store.save(&parked).await.unwrap() else { unreachable!() };
    let read = store.read(std::slice::from_ref(&written.id)).await.unwrap();
    assert_eq!(read, [Some((*written).clone())], "it reads back with its due time and reason");
    *written
}
