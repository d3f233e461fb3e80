use hooklane_domain::ids::WebhookId;

use super::samples::{at, delivery, tenant};
use crate::ports::{Look, Sweep, Watch, WatchList};

/// A mark that comes during a look is not lost.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn watch_list<S: WatchList>(store: &S, salt: u128) {
    let tenant = &tenant("watch-list", salt);
    let ids = [23, 24, 25].map(|ms| WebhookId::new(at(ms), salt));
    for id in ids {
        assert_eq!(store.watch(tenant, id, 0, at(5)).await.unwrap(), 0);
    }
    let id = ids[1];
    assert_eq!(entry(store, id).await.unwrap(), Watch::new(tenant.clone(), id, at(5)));
    assert_eq!(store.watch(tenant, id, 7, at(6)).await.unwrap(), 7);
    let seen = entry(store, id).await.unwrap();
    assert_eq!((seen.marked_at, seen.look.due_at, seen.parked), (at(6), at(6), 7));

    let after = Some(delivery(tenant, id, 1).id);
    let sweep = Sweep { due_at: at(99), after, pending: true };
    let next = Look { due_at: at(90), sweep, apart: false };
    store.looked(&seen, next.clone(), 3).await.unwrap();
    let looked = entry(store, id).await.unwrap();
    assert_eq!((&looked.look, looked.parked), (&next, 4));

    // A delivery is parked during the look.
    assert_eq!(store.watch(tenant, id, 2, at(7)).await.unwrap(), 6);
    let later = Look { due_at: at(500), ..next.clone() };
    store.looked(&looked, later, 4).await.unwrap();
    let marked = entry(store, id).await.unwrap();
    assert_eq!((marked.look.due_at, marked.parked), (at(7), 2));
    assert_eq!(marked.look.sweep, next.sweep, "a mark does not move the sweep");
    assert!(!store.unwatch(&looked).await.unwrap());
    apart(store, id).await;
    for id in ids {
        let seen = entry(store, id).await.unwrap();
        assert!(store.unwatch(&seen).await.unwrap());
        assert!(entry(store, id).await.is_none());
    }
}

/// What is looked at apart stays so through marks, until a look says otherwise. Both are also written where
/// the webhook was marked during the look.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn apart<S: WatchList>(store: &S, id: WebhookId) {
    let before = entry(store, id).await.unwrap();
    assert!(!before.look.apart, "an entry that was never put off");
    for apart in [true, false] {
        let seen = entry(store, id).await.unwrap();
        let next = Look { due_at: at(600), apart, ..seen.look.clone() };
        store.looked(&seen, next.clone(), 0).await.unwrap();
        assert_eq!(entry(store, id).await.unwrap().look, next);
        store.watch(&seen.tenant, id, 0, at(8)).await.unwrap();
        assert_eq!(entry(store, id).await.unwrap().look, Look { due_at: at(8), ..next });
        // The other way round, by a look that did not see the mark.
        let unseen = Look { due_at: at(700), apart: !apart, ..seen.look.clone() };
        store.looked(&before, unseen, 0).await.unwrap();
        let expected = Look { due_at: at(8), apart: !apart, ..seen.look };
        assert_eq!(entry(store, id).await.unwrap().look, expected);
    }
    let off = entry(store, id).await.unwrap();
    store.looked(&off, before.look, 0).await.unwrap();
}

/// The entry of one webhook, read through small pages of the list.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub(super) async fn entry<S: WatchList>(store: &S, id: WebhookId) -> Option<Watch> {
    let mut after = None;
    loop {
        let page = store.watched(after, 2).await.unwrap();
        assert!(page.len() <= 2);
        if let Some(found) = page.iter().find(|watch| watch.webhook == id) {
            return Some(found.clone());
        }
        after = Some(page.last()?.webhook);
    }
}
