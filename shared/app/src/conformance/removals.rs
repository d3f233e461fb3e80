use futures::future::join;
use hooklane_catalog::{Definition, Owner};
use hooklane_domain::access::quotas::Room;
use hooklane_domain::access::tenant::{Tenant, TenantSettings, Tombstone};
use hooklane_domain::ids::TenantId;

use super::samples::{at, tenant, webhook};
use crate::ports::{
    Added, EventTypeStore, OutlinePage, Refusal, RouteStore, TenantStore, WebhookStore, Written,
};

const ROOM: Room = Room {
    webhooks: 1_000,
    expression_cost: 1_000_000_000_000,
    now: hooklane_domain::Timestamp::UNIX_EPOCH,
};

/// Nothing can be added to a tenant that is buried, and what was added before is cleared.
pub async fn removals<S: WebhookStore + RouteStore + TenantStore + EventTypeStore>(
    store: &S,
    salt: u128,
) {
    a_buried_tenant_gets_nothing(store, &tenant("removals-a", salt), salt).await;
    for n in 0..8 {
        creations_race_a_removal(store, &tenant(&format!("removals-b{n}"), salt), salt).await;
    }
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn a_buried_tenant_gets_nothing<
    S: WebhookStore + RouteStore + TenantStore + EventTypeStore,
>(
    store: &S,
    ours: &TenantId,
    salt: u128,
) {
    let owner = Owner::Tenant(ours.clone());
    let body = r#"{"category":"c","description":"d","sample":{"id":"1"}}"#;
    let definition = Definition::read(body).unwrap();
    let name = "some.type".parse().unwrap();
    let settings = TenantSettings { strict: true, ..TenantSettings::default() };
    store.set_settings(ours, &settings, None).await.unwrap();
    for n in 0..3 {
        assert!(store.create(&webhook(ours, salt + n, 0)).await.unwrap());
    }
    assert_eq!(store.add_event_type(&owner, &name, &definition, 9).await.unwrap(), Added::Yes);

    let tombstone = Tombstone { reusable_from: at(99_000), emptied: false };
    store.bury(ours, tombstone).await.unwrap();
    let later = Tombstone { reusable_from: at(100_000), ..tombstone };
    store.bury(ours, later).await.unwrap();
    let buried = store.tenant(ours).await.unwrap();
    let unknown = Tenant::unknown(ours.clone());
    assert_eq!(
        buried,
        Tenant { tombstone: Some(tombstone), token_generation: 2, ..unknown.clone() },
        "the first tombstone stays"
    );
    assert!(store.table(ours).await.unwrap().routes.is_empty(), "it has no routes from now on");
    assert!(store.is_listed(ours).await.unwrap(), "until it is empty");

    let removed = Refusal::Removed(tombstone);
    let new = webhook(ours, salt + 7, 0);
    assert_eq!(store.refusal(&new, ROOM).await.unwrap(), Some(removed));
    assert_eq!(store.register(&new, ROOM).await.unwrap(), Written::Refused(removed));
    let second = "another.type".parse().unwrap();
    let added = store.add_event_type(&owner, &second, &definition, 9).await.unwrap();
    assert_eq!(added, Added::Refused(removed));
    assert_eq!(store.set_settings(ours, &settings, None).await.unwrap(), None);

    while !store.clear(ours).await.unwrap() {}
    let outlines = store.outlines(ours, None, 9).await.unwrap();
    assert_eq!(outlines, OutlinePage::default());
    assert_eq!(store.count_event_types(&owner).await.unwrap(), 0);
    assert!(!store.is_listed(ours).await.unwrap());
    let emptied = Tombstone { emptied: true, ..tombstone };
    assert_eq!(store.tenant(ours).await.unwrap().tombstone, Some(emptied));
    assert!(store.clear(ours).await.unwrap(), "clearing twice is clearing once");

    store.revive(ours, tombstone).await.unwrap();
    assert_eq!(store.tenant(ours).await.unwrap().tombstone, Some(emptied), "it is another one");
    store.revive(ours, emptied).await.unwrap();
    let revived = store.tenant(ours).await.unwrap();
    assert_eq!(revived, Tenant { token_generation: 2, ..unknown });
    assert_eq!(store.register(&new, ROOM).await.unwrap(), Written::Yes);
    let usage = store.tenant(ours).await.unwrap().usage.unwrap();
    assert_eq!(usage.webhooks, 1, "its counts begin anew");
}

/// Each of several creations is refused, or its webhook is cleared: there is no orphan.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn creations_race_a_removal<S: WebhookStore + TenantStore>(
    store: &S,
    ours: &TenantId,
    salt: u128,
) {
    assert!(store.create(&webhook(ours, salt, 0)).await.unwrap());
    let new: Vec<_> = (1..4).map(|n| webhook(ours, salt + n, 0)).collect();
    let creations = futures::future::join_all(new.iter().map(|w| store.register(w, ROOM)));
    let removal = async {
        store.bury(ours, Tombstone { reusable_from: at(0), emptied: false }).await.unwrap();
        while !store.clear(ours).await.unwrap() {}
    };
    let (created, ()) = join(creations, removal).await;
    for written in created {
        assert!(matches!(written.unwrap(), Written::Yes | Written::Refused(Refusal::Removed(_))));
    }
    assert_eq!(store.outlines(ours, None, 9).await.unwrap(), OutlinePage::default());
}
