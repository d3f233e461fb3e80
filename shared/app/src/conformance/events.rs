use super::samples::{event, tenant};
use crate::ports::{EventSearch, EventStore, Put};

/// An event is stored once, also by concurrent calls, and reads back as it was.
#[expect(clippy::unwrap_used, clippy::panic, reason = "a check that fails panics")]
pub async fn events(store: &(impl EventStore + EventSearch), salt: u128) {
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
}
