use hooklane_domain::Timestamp;
use hooklane_domain::access::quotas::Room;
use hooklane_domain::access::tenant::Tombstone;
use hooklane_domain::ids::{ExternalId, TenantId};
use hooklane_domain::webhook::Webhook;

use super::samples::{at, tenant, webhook};
use crate::ports::{TenantStore, WebhookStore, Written};

const ROOM: Room =
    Room { webhooks: 1_000, expression_cost: i64::MAX.unsigned_abs(), now: Timestamp::UNIX_EPOCH };

/// A tenant's webhook has its external id alone, from the write that gives it to the one that takes it away.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn external_ids<S: WebhookStore + TenantStore>(store: &S, salt: u128) {
    let (ours, theirs) = (tenant("external", salt), tenant("external2", salt));
    let first = Webhook { external_id: id("a"), ..webhook(&ours, salt, 0) };
    let second = Webhook { external_id: id("a"), ..webhook(&ours, salt, 1) };
    assert_eq!(holder(store, &ours, "a").await, None);
    assert_eq!(store.register(&first, ROOM).await.unwrap(), Written::Yes);
    assert_eq!(store.register(&first, ROOM).await.unwrap(), Written::No, "its own id is its own");
    assert_eq!(store.register(&second, ROOM).await.unwrap(), Written::Taken(first.id));
    assert!(store.get(&ours, second.id).await.unwrap().is_none(), "it is all or nothing");
    let elsewhere = Webhook { tenant: theirs.clone(), ..second.clone() };
    assert_eq!(store.register(&elsewhere, ROOM).await.unwrap(), Written::Yes, "for a tenant");
    assert_eq!(holder(store, &ours, "a").await, Some(first.clone().id));
    assert_eq!(holder(store, &ours, "A").await, None, "case counts");

    let second = Webhook { external_id: id("b"), ..second };
    assert_eq!(store.register(&second, ROOM).await.unwrap(), Written::Yes);
    let to = |external: Option<ExternalId>| Webhook { external_id: external, ..second.clone() };
    assert_eq!(store.replace(&second, &to(id("a")), ROOM).await.unwrap(), Written::Taken(first.id));
    assert_eq!(holder(store, &ours, "b").await, Some(second.id), "a refused change is none");
    assert_eq!(store.replace(&second, &to(id("c")), ROOM).await.unwrap(), Written::Yes);
    assert_eq!(holder(store, &ours, "b").await, None);
    assert_eq!(holder(store, &ours, "c").await, Some(second.id));
    let stale = store.replace(&second, &to(id("d")), ROOM).await.unwrap();
    assert_eq!((stale, holder(store, &ours, "d").await), (Written::No, None));
    let seen = store.get(&ours, second.id).await.unwrap().unwrap();
    let renamed = Webhook { name: "Renamed".to_owned(), ..seen.clone() };
    assert_eq!(store.replace(&seen, &renamed, ROOM).await.unwrap(), Written::Yes);
    assert_eq!(holder(store, &ours, "c").await, Some(second.id), "it stays");
    let seen = store.get(&ours, second.id).await.unwrap().unwrap();
    let without = Webhook { external_id: None, ..seen.clone() };
    assert_eq!(store.replace(&seen, &without, ROOM).await.unwrap(), Written::Yes);
    assert_eq!(holder(store, &ours, "c").await, None);

    assert!(store.delete(&ours, first.id, None).await.unwrap());
    assert_eq!(holder(store, &ours, "a").await, None, "it goes with its webhook");
    one_of_many_wins(store, &tenant("external3", salt), salt).await;
    a_removal_takes_all(store, &theirs).await;
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
fn id(text: &str) -> Option<ExternalId> {
    Some(text.parse().unwrap())
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn holder<S: WebhookStore>(
    store: &S,
    tenant: &TenantId,
    external: &str,
) -> Option<hooklane_domain::ids::WebhookId> {
    store.holder(tenant, &external.parse().unwrap()).await.unwrap()
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn one_of_many_wins<S: WebhookStore>(store: &S, tenant: &TenantId, salt: u128) {
    let all: Vec<_> = (0..4)
        .map(|n| Webhook { external_id: id("x"), ..webhook(tenant, salt.wrapping_add(n), 9) })
        .collect();
    let written = futures::future::join_all(all.iter().map(|w| store.register(w, ROOM))).await;
    let written: Vec<_> = written.into_iter().map(Result::unwrap).collect();
    let winner = holder(store, tenant, "x").await.unwrap();
    for (webhook, written) in all.iter().zip(written) {
        let expected = if webhook.id == winner { Written::Yes } else { Written::Taken(winner) };
        assert_eq!(written, expected);
    }
    assert_eq!(store.list(tenant).await.unwrap().len(), 1);
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn a_removal_takes_all<S: WebhookStore + TenantStore>(store: &S, tenant: &TenantId) {
    assert!(holder(store, tenant, "a").await.is_some());
    let tombstone = Tombstone { reusable_from: at(1), emptied: false };
    store.bury(tenant, tombstone).await.unwrap();
    while !store.clear(tenant).await.unwrap() {}
    assert_eq!(holder(store, tenant, "a").await, None);
}
