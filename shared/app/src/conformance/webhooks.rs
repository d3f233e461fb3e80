use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::webhook::{DisableReason, Webhook, WebhookState};

use super::samples::{at, tenant, webhook};
use crate::ports::{RouteStore, WebhookSearch, WebhookStore};

/// Webhooks read back whole and belong to their tenant, and every change raises the version.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn webhooks<S: WebhookStore + WebhookSearch + RouteStore>(store: &S, salt: u128) {
    let (ours, theirs) = (tenant("webhooks", salt), tenant("others", salt));
    assert_eq!(store.version(&ours).await.unwrap(), 0);
    assert!(store.table(&ours).await.unwrap().routes.is_empty());

    let first = webhook(&ours, salt, 0);
    let second = Webhook { headers: Default::default(), ..webhook(&ours, salt, 1) };
    for new in [&first, &second] {
        assert!(store.get(&ours, new.id).await.unwrap().is_none());
        assert!(store.create(new).await.unwrap());
    }
    same(store, &first).await;
    same(store, &second).await;
    let again = Webhook { name: "Another".to_owned(), ..first.clone() };
    assert!(!store.create(&again).await.unwrap(), "there is one under its id");
    same(store, &first).await;
    assert!(
        store.get(&theirs, first.id).await.unwrap().is_none(),
        "another tenant does not see it"
    );
    assert_eq!(ids(store, &ours).await, [second.id, first.id], "newest first");
    assert!(ids(store, &theirs).await.is_empty());
    let unknown = webhook(&ours, salt, 9).id;
    let some = store.some(&ours, &[first.id, unknown, second.id]).await.unwrap();
    let some: Vec<_> = some.iter().map(|found| found.id).collect();
    assert_eq!(some, [first.id, second.id], "in the order of the ids, without those of nothing");
    let all = store.some(&theirs, &[first.id]).await.unwrap();
    assert!(all.is_empty(), "another tenant has none of them");
    for (tenants, found) in [
        (vec![theirs.clone(), ours.clone()], Some(first.id)),
        (vec![theirs.clone()], None),
        (vec![], None),
    ] {
        let any = store.of_any(&tenants, first.id).await.unwrap();
        assert_eq!(
            any.map(|webhook| (webhook.tenant, webhook.id)),
            found.map(|id| (ours.clone(), id))
        );
    }
    many_are_read_at_once(store, &tenant("many", salt), salt).await;
    let table = store.table(&ours).await.unwrap();
    assert_eq!((table.version, table.routes.len()), (2, 2));
    assert!(
        table.routes.iter().all(|route| route.filter == first.filter),
        "routes carry the filter"
    );

    assert!(store.disable(&first, DisableReason::Gone, at(9)).await.unwrap());
    assert!(!store.disable(&first, DisableReason::Gone, at(9)).await.unwrap());
    let stranger = Webhook { tenant: theirs.clone(), ..second.clone() };
    assert!(!store.disable(&stranger, DisableReason::Gone, at(9)).await.unwrap());
    let disabled = store.get(&ours, first.id).await.unwrap().unwrap();
    assert_eq!(disabled.state, WebhookState::Disabled { at: at(9), reason: DisableReason::Gone });
    let table = store.table(&ours).await.unwrap();
    assert_eq!(table.version, 3);
    assert_eq!(table.routes.len(), 2, "deliveries of a disabled webhook are made, and wait");
    let inactive = Webhook { state: WebhookState::Inactive, ..disabled };
    assert!(store.update(&inactive).await.unwrap());
    let table = store.table(&ours).await.unwrap();
    assert_eq!(table.version, 4);
    assert_eq!(table.routes.iter().map(|r| r.webhook).collect::<Vec<_>>(), [second.id]);

    assert!(!store.delete(&theirs, second.id, None).await.unwrap());
    assert!(store.delete(&ours, second.id, None).await.unwrap());
    assert!(!store.delete(&ours, second.id, None).await.unwrap());
    assert!(store.get(&ours, second.id).await.unwrap().is_none());
    let table = store.table(&ours).await.unwrap();
    assert_eq!((table.version, table.routes.len()), (5, 0));

    updates_are_conditional(store, &tenant("updates", salt), salt).await;
    concurrent_changes_all_count(store, &tenant("crowd", salt), salt).await;
}

/// More than one batch takes.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn many_are_read_at_once<S: WebhookStore>(store: &S, tenant: &TenantId, salt: u128) {
    let made: Vec<_> = (0..3).map(|n| webhook(tenant, salt.wrapping_add(n), 3)).collect();
    for new in &made {
        assert!(store.create(new).await.unwrap());
    }
    let unknown = (0..120).map(|n| webhook(tenant, salt.wrapping_add(n), 4).id);
    let mut asked: Vec<_> = unknown.collect();
    for (place, new) in [(0, &made[1]), (60, &made[0]), (122, &made[2])] {
        asked.insert(place, new.id);
    }
    let found = store.some(tenant, &asked).await.unwrap();
    let found: Vec<_> = found.iter().map(|found| found.id).collect();
    assert_eq!(found, [made[1].id, made[0].id, made[2].id]);
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn updates_are_conditional<S: WebhookStore + RouteStore>(
    store: &S,
    tenant: &TenantId,
    salt: u128,
) {
    let first = webhook(tenant, salt, 0);
    assert!(!store.update(&first).await.unwrap(), "there is none yet");
    store.create(&first).await.unwrap();
    let renamed = Webhook { name: "Renamed".to_owned(), ..first.clone() };
    assert!(store.update(&renamed).await.unwrap());
    assert!(!store.update(&renamed).await.unwrap(), "it was decided from an old revision");
    same(store, &Webhook { revision: 2, ..renamed }).await;
    assert_eq!(store.version(tenant).await.unwrap(), 2, "a refused write is no change");

    assert!(!store.disable(&first, DisableReason::Gone, at(1)).await.unwrap(), "it has changed");
    let current = store.get(tenant, first.id).await.unwrap().unwrap();
    assert!(store.disable(&current, DisableReason::Gone, at(1)).await.unwrap());
    let disabled = store.get(tenant, first.id).await.unwrap().unwrap();
    assert_eq!(disabled.revision, 3);
    assert!(!store.delete(tenant, first.id, Some(2)).await.unwrap());
    assert!(store.delete(tenant, first.id, Some(3)).await.unwrap());
    assert!(!store.update(&disabled).await.unwrap(), "it is gone");
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn concurrent_changes_all_count<S: WebhookStore + RouteStore>(
    store: &S,
    tenant: &TenantId,
    salt: u128,
) {
    let new: Vec<_> = (0..6).map(|n| webhook(tenant, salt.wrapping_add(n), 2)).collect();
    let created = futures::future::join_all(new.iter().map(|w| store.create(w))).await;
    assert!(created.iter().all(|created| matches!(created, Ok(true))), "{created:?}");
    let table = store.table(tenant).await.unwrap();
    assert_eq!((table.version, table.routes.len()), (6, 6));
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn ids<S: WebhookStore>(store: &S, tenant: &TenantId) -> Vec<WebhookId> {
    store.list(tenant).await.unwrap().iter().map(|w| w.id).collect()
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn same<S: WebhookStore>(store: &S, expected: &Webhook) {
    let read = store.get(&expected.tenant, expected.id).await.unwrap().unwrap();
    assert_eq!(read.secret.expose(), expected.secret.expose());
    assert_eq!(
        read.headers.iter().collect::<Vec<_>>(),
        expected.headers.iter().collect::<Vec<_>>()
    );
    // Debug output masks secrets, which were compared above.
    assert_eq!(format!("{read:?}"), format!("{expected:?}"));
}
