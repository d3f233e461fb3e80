use hooklane_domain::isolation::recovery::{Wanted, WantedStatus};

use super::samples::{at, event, tenant};
use crate::ports::{EventScan, EventStore};

/// A scan finds every event of its tenant that was accepted in the wanted time.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn event_scan<S: EventStore + EventScan>(store: &S, salt: u128) {
    let (ours, theirs) = (tenant("walk", salt), tenant("walkers", salt));
    for n in 0..7 {
        store.put(&event(&ours, &format!("walked-{n}"), "1")).await.unwrap();
    }
    store.put(&event(&theirs, "walked-0", "1")).await.unwrap();
    let walk = |since, until, from: Option<String>| {
        let wanted = Wanted { since: at(since), until: at(until), status: WantedStatus::Any };
        let ours = ours.clone();
        async move {
            let (mut found, mut cursor) = (Vec::new(), from);
            loop {
                let page = store.walk(&ours, wanted, cursor.as_deref()).await.unwrap();
                found.extend(page.events);
                cursor = page.next;
                if cursor.is_none() {
                    return found;
                }
            }
        }
    };
    let mut found = walk(0, 0, None).await;
    for (place, event) in found.iter().enumerate() {
        let cursor = store.cursor_after(&(event.tenant.clone(), event.id.clone()));
        assert_eq!(walk(0, 0, Some(cursor)).await, found[place + 1..], "the rest after an event");
    }
    found.sort_by(|a, b| a.id.cmp(&b.id));
    let expected: Vec<_> = (0..7).map(|n| event(&ours, &format!("walked-{n}"), "1")).collect();
    assert_eq!(found, expected, "whole, and ours only");
    assert!(walk(1, 9, None).await.is_empty() && walk(-9, -1, None).await.is_empty());
}
