use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::ids::WebhookId;
use hooklane_domain::isolation::circuit::Streak;
use hooklane_domain::isolation::health::{Change, Health};

use super::samples::{answered, at, delivery, save, tenant, unanswered, waiting, webhook};
use crate::ports::{
    DeliveryStore, HealthStore, Vitals, VitalsStore, WaitingStore, WatchList, WebhookStore,
};

/// The health of many webhooks is read as that of each, in the order of their ids, and so is whether they are
/// watched.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn vitals<S>(store: &S, salt: u128)
where
    S: VitalsStore + HealthStore + WatchList + WebhookStore,
{
    let tenant = tenant("vitals", salt);
    // More than one batch of keys.
    let ids: Vec<_> = (0..60).map(|n| WebhookId::new(at(40), salt.wrapping_add(n))).collect();
    let all = store.vitals(&ids).await.unwrap();
    assert_eq!(all, vec![Vitals { health: Some(Health::default()), is_watched: false }; ids.len()]);
    assert!(store.vitals(&[]).await.unwrap().is_empty());
    let failing = Health {
        streak: Some(Streak { failures: 3, since: at(0), last: at(1) }),
        ..Health::default()
    };
    let change = |watch| Change { health: failing.clone(), lane: None::<Lane>, watch };
    assert!(store.save_health(&tenant, ids[3], &change(Some(at(2)))).await.unwrap());
    assert!(store.save_health(&tenant, ids[59], &change(None)).await.unwrap());
    store.watch(&tenant, ids[7], 1, at(2)).await.unwrap();
    for (place, vitals) in store.vitals(&ids).await.unwrap().into_iter().enumerate() {
        let id = ids[place];
        let health = vitals.health.unwrap();
        assert_eq!(health, store.health(id).await.unwrap(), "{place}");
        assert_eq!(health.streak.is_some(), [3, 59].contains(&place), "{place}");
        assert_eq!(vitals.is_watched, [3, 7].contains(&place), "{place}");
    }
    let twice = store.vitals(&[ids[3], ids[3]]).await.unwrap();
    assert!(twice[0] == twice[1] && twice[0].is_watched);
    for watch in store.watched(None, usize::MAX).await.unwrap() {
        if ids.contains(&watch.webhook) {
            store.unwatch(&watch).await.unwrap();
        }
    }
}

/// Deliveries count while they wait for an attempt, parked or not.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn waiting_counts<S: WaitingStore + DeliveryStore>(store: &S, salt: u128) {
    let tenant = tenant("waiting", salt);
    let webhook = webhook(&tenant, salt, 50).id;
    assert_eq!(store.count_waiting(webhook, 10).await.unwrap(), 0);
    let mut saved = Vec::new();
    for ms in 0..4 {
        let new = delivery(&tenant, webhook, ms);
        let waits = if ms == 0 { new } else { waiting(new, &unanswered(1, ms)) };
        saved.push(save(store, &waits).await);
    }
    assert_eq!(store.count_waiting(webhook, 10).await.unwrap(), 4, "pending and retrying");
    assert_eq!(store.count_waiting(webhook, 2).await.unwrap(), 2, "counted up to a limit");
    let done = saved[1].clone().after(
        &answered(2, 60, 200),
        hooklane_domain::delivery::retry::Next::Delivered,
        super::samples::turn(),
    );
    save(store, &done).await;
    assert_eq!(store.count_waiting(webhook, 10).await.unwrap(), 3, "it has ended");
    let other = WebhookId::new(at(51), salt);
    assert_eq!(store.count_waiting(other, 10).await.unwrap(), 0);
}
