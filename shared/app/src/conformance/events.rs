use hooklane_domain::ids::TenantId;

use super::samples::{event, tenant};
use crate::ports::{EventSearch, EventStore, Gathering, Put};

/// An event is stored once, also by concurrent calls, and reads back as it was.
#[expect(clippy::unwrap_used, clippy::panic, reason = "a check that fails panics")]
pub async fn events(store: &(impl EventStore + EventSearch + Gathering), salt: u128) {
    let (ours, theirs) = (tenant("events", salt), tenant("others", salt));
    let small = event(&ours, "small", r#"{"n":1234567890123456789,"s":"\u00e9"}"#);
    let repetitive = format!(r#""{}""#, "abc".repeat(60_000));
    for event in [&small, &event(&ours, "large", &repetitive)] {
        assert_eq!(store.get(&ours, &event.id).await.unwrap(), None);
        assert_eq!(store.put(event).await.unwrap(), Put::Stored);
        assert_eq!(store.get(&ours, &event.id).await.unwrap().as_ref(), Some(event));
        assert_eq!(
            store.get(&theirs, &event.id).await.unwrap(),
            None,
            "another tenant does not see it"
        );
    }

    let other = event(&ours, "small", r#"{"n":2}"#);
    match store.put(&other).await.unwrap() {
        Put::Exists { fingerprint, accepted_at } => {
            assert_eq!(fingerprint, small.content.fingerprint());
            assert_eq!(accepted_at, small.accepted_at);
        }
        Put::Stored => panic!("an id was stored twice"),
    }
    assert_eq!(store.get(&ours, &small.id).await.unwrap(), Some(small.clone()));

    let namesake = event(&theirs, "small", "3");
    assert_eq!(store.put(&namesake).await.unwrap(), Put::Stored);
    let nobody = tenant("nobody", salt);
    for (tenants, found) in [
        (vec![nobody.clone(), theirs.clone(), ours.clone()], vec![&namesake, &small]),
        (vec![ours.clone()], vec![&small]),
        (vec![nobody], vec![]),
        (vec![], vec![]),
    ] {
        let (events, unreadable) = store.of_some(&tenants, &small.id).await.unwrap();
        assert_eq!(events.iter().collect::<Vec<_>>(), found, "in the tenants' order");
        assert_eq!(unreadable, 0);
    }

    let contested = event(&ours, "contested", "1");
    let all = (0..8).map(|_| store.put(&contested));
    let puts = futures::future::join_all(all).await;
    let stored = puts.iter().filter(|p| matches!(p, Ok(Put::Stored))).count();
    assert_eq!(stored, 1, "of several concurrent calls exactly one stores it");
    several_at_once(store, &ours).await;
}

/// More events than a call takes, some of them twice and one of them stored before.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn several_at_once(store: &(impl EventStore + Gathering), tenant: &TenantId) {
    let named = |n: usize| event(tenant, &format!("together-{n}"), "1");
    store.put(&named(7)).await.unwrap();
    let events: Vec<_> = (0..40).map(|n| named(n % 30)).collect();
    let gathered: Vec<_> = events.iter().map(|_| store.gather()).collect();
    let puts = futures::future::join_all(events.iter().map(|event| store.put(event))).await;
    drop(gathered);
    for n in 0..30 {
        let event = named(n);
        let of_event = events.iter().zip(&puts).filter(|(put, _)| **put == event);
        let stored = of_event.filter(|(_, put)| matches!(put, Ok(Put::Stored))).count();
        assert_eq!(stored, usize::from(n != 7), "each is stored once: {n}");
        assert_eq!(store.get(tenant, &event.id).await.unwrap(), Some(event));
    }
    let exists = |put: &Put| match put {
        Put::Stored => true,
        Put::Exists { fingerprint, .. } => *fingerprint == named(0).content.fingerprint(),
    };
    assert!(puts.iter().all(|put| put.as_ref().is_ok_and(exists)), "{puts:?}");
}
