use futures::future::join_all;
use hooklane_catalog::{Definition, Owner};
use hooklane_domain::access::quotas::{Exceeded, QuotaName, Room, Usage, expression_cost};
use hooklane_domain::ids::{EventType, TenantId};
use hooklane_domain::webhook::Webhook;

use super::samples::{at, tenant, webhook};
use crate::ports::{Added, EventTypeStore, Refusal, TenantStore, WebhookStore, Written};

fn room(webhooks: u64, expression_cost: u64) -> Room {
    Room { webhooks, expression_cost, now: at(0) }
}

fn over(quota: QuotaName, limit: u64, used: u64) -> Written {
    Written::Refused(Refusal::Over(Exceeded { quota, limit, used }))
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn usage<S: TenantStore>(store: &S, tenant: &TenantId) -> Option<Usage> {
    store.tenant(tenant).await.unwrap().usage
}

/// What a tenant has is counted with each write, and two writes at once never exceed a limit together.
pub async fn limits<S: WebhookStore + TenantStore + EventTypeStore>(store: &S, salt: u128) {
    webhooks_are_counted(store, &tenant("limits-a", salt), salt).await;
    costs_are_counted(store, &tenant("limits-b", salt), salt).await;
    of_two_at_once_one_succeeds(store, &tenant("limits-c", salt), salt).await;
    of_two_changes_at_once_one_succeeds(store, &tenant("limits-d", salt), salt).await;
    event_types_are_counted(store, &Owner::Tenant(tenant("limits-e", salt)), salt).await;
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn webhooks_are_counted<S: WebhookStore + TenantStore>(
    store: &S,
    tenant: &TenantId,
    salt: u128,
) {
    let plain = |n: u128| Webhook { filter: None, transform: None, ..webhook(tenant, salt + n, 0) };
    let (first, second, third) = (plain(1), plain(2), plain(3));
    let register = async |w: &Webhook, most| store.register(w, room(most, 0)).await.unwrap();
    assert_eq!(usage(store, tenant).await, None);
    assert_eq!(store.refusal(&first, room(2, 0)).await.unwrap(), None);
    assert_eq!(register(&first, 2).await, Written::Yes);
    assert_eq!(register(&first, 2).await, Written::No, "there is one under its id");
    assert_eq!(register(&second, 2).await, Written::Yes);
    assert_eq!(register(&third, 2).await, over(QuotaName::Webhooks, 2, 2));
    let expected = Refusal::Over(Exceeded { quota: QuotaName::Webhooks, limit: 2, used: 2 });
    assert_eq!(store.refusal(&third, room(2, 0)).await.unwrap(), Some(expected));
    assert_eq!(usage(store, tenant).await, Some(Usage { webhooks: 2, expression_cost: 0 }));
    assert!(store.get(tenant, third.id).await.unwrap().is_none());
    assert_eq!(register(&third, 3).await, Written::Yes, "the limit was raised");
    assert!(store.delete(tenant, first.id, None).await.unwrap());
    assert!(!store.delete(tenant, first.id, None).await.unwrap(), "it counts once");
    assert_eq!(usage(store, tenant).await, Some(Usage { webhooks: 2, expression_cost: 0 }));
    assert_eq!(register(&plain(4), 3).await, Written::Yes, "there is room again");
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn costs_are_counted<S: WebhookStore + TenantStore>(
    store: &S,
    tenant: &TenantId,
    salt: u128,
) {
    let full = webhook(tenant, salt + 1, 0);
    let cost = expression_cost(&full);
    assert!(cost > 0);
    let register = async |w: &Webhook, most| store.register(w, room(9, most)).await.unwrap();
    assert_eq!(register(&full, cost - 1).await, over(QuotaName::ExpressionCost, cost - 1, 0));
    assert_eq!(register(&full, cost).await, Written::Yes);
    let second = webhook(tenant, salt + 2, 0);
    assert_eq!(register(&second, cost).await, over(QuotaName::ExpressionCost, cost, cost));
    let plain = Webhook { filter: None, transform: None, ..second.clone() };
    assert_eq!(register(&plain, cost).await, Written::Yes, "it costs nothing");

    let replace = async |seen: &Webhook, new: &Webhook, most| {
        store.replace(seen, new, room(0, most)).await.unwrap()
    };
    let refused = over(QuotaName::ExpressionCost, cost, cost);
    assert_eq!(replace(&plain, &second, cost).await, refused);
    let renamed = Webhook { name: "Renamed".to_owned(), ..full.clone() };
    assert_eq!(replace(&full, &renamed, 0).await, Written::Yes, "it adds nothing");
    assert_eq!(replace(&full, &renamed, 0).await, Written::No, "it has another revision by now");
    let seen = store.get(tenant, full.id).await.unwrap().unwrap();
    let bare = Webhook { filter: None, transform: None, ..seen.clone() };
    assert_eq!(replace(&seen, &bare, 0).await, Written::Yes);
    assert_eq!(usage(store, tenant).await, Some(Usage { webhooks: 2, expression_cost: 0 }));
    assert_eq!(replace(&plain, &second, cost).await, Written::Yes, "there is room by now");
    assert_eq!(usage(store, tenant).await, Some(Usage { webhooks: 2, expression_cost: cost }));
    assert!(store.delete(tenant, second.id, None).await.unwrap());
    assert_eq!(usage(store, tenant).await, Some(Usage { webhooks: 1, expression_cost: 0 }));
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn of_two_at_once_one_succeeds<S: WebhookStore + TenantStore>(
    store: &S,
    tenant: &TenantId,
    salt: u128,
) {
    let new: Vec<_> = (0..4).map(|n| webhook(tenant, salt + n, 0)).collect();
    let room = room(2, u64::MAX >> 1);
    assert_eq!(store.register(&new[0], room).await.unwrap(), Written::Yes);
    let rest = join_all(new[1..].iter().map(|w| store.register(w, room))).await;
    let rest: Vec<_> = rest.into_iter().map(Result::unwrap).collect();
    assert_eq!(rest.iter().filter(|one| **one == Written::Yes).count(), 1, "{rest:?}");
    let refused = over(QuotaName::Webhooks, 2, 2);
    assert_eq!(rest.iter().filter(|one| **one == refused).count(), 2, "{rest:?}");
    assert_eq!(store.list(tenant).await.unwrap().len(), 2);
    assert_eq!(usage(store, tenant).await.map(|usage| usage.webhooks), Some(2));
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn of_two_changes_at_once_one_succeeds<S: WebhookStore + TenantStore>(
    store: &S,
    tenant: &TenantId,
    salt: u128,
) {
    let full: Vec<_> = (0..2).map(|n| webhook(tenant, salt + n, 0)).collect();
    let plain = full.iter().map(|w| Webhook { filter: None, transform: None, ..w.clone() });
    let plain: Vec<_> = plain.collect();
    for new in &plain {
        assert!(store.create(new).await.unwrap());
    }
    let cost = expression_cost(&full[0]);
    let both = plain.iter().zip(&full).map(|(seen, new)| store.replace(seen, new, room(0, cost)));
    let both: Vec<_> = join_all(both).await.into_iter().map(Result::unwrap).collect();
    let refused = over(QuotaName::ExpressionCost, cost, cost);
    assert!(both == [Written::Yes, refused] || both == [refused, Written::Yes], "{both:?}");
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn event_types_are_counted<S: EventTypeStore>(store: &S, owner: &Owner, salt: u128) {
    let name = |n: u32| format!("limits.t{salt:x}.n{n}").parse::<EventType>().unwrap();
    let body = r#"{"category":"c","description":"d","sample":{"id":"1"}}"#;
    let definition = Definition::read(body).unwrap();
    let add = async |n| store.add_event_type(owner, &name(n), &definition, 2).await.unwrap();
    assert_eq!(store.count_event_types(owner).await.unwrap(), 0);
    assert_eq!(add(1).await, Added::Yes);
    assert_eq!(add(1).await, Added::Exists);
    let both = join_all([2, 3].map(add)).await;
    let over = Exceeded { quota: QuotaName::EventTypes, limit: 2, used: 2 };
    let refused = Added::Refused(Refusal::Over(over));
    assert!(both == [Added::Yes, refused] || both == [refused, Added::Yes], "{both:?}");
    assert_eq!(store.count_event_types(owner).await.unwrap(), 2);
    let own = store.event_type(owner, &name(1)).await.unwrap().unwrap();
    assert_eq!((own.revision, &own.definition), (1, &definition));
    assert!(store.delete_event_type(owner, &name(1), None).await.unwrap());
    assert_eq!(add(4).await, Added::Yes, "there is room again");
}
