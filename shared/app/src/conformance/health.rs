use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::isolation::circuit::{Circuit, Streak};
use hooklane_domain::isolation::health::{Change, Health, MeanResponseTime, Outage, Report};
use hooklane_domain::isolation::slots::Paced;
use hooklane_domain::webhook::Webhook;
use hooklane_domain::webhook::limits::RateLimit;

use super::samples::{at, tenant, webhook};
use super::watch_list::entry;
use crate::ports::{HealthStore, RouteStore, WatchList, WebhookStore};

/// A health is written only over the one it was decided from, and never touches its webhook's revision.
pub async fn health<S>(store: &S, salt: u128)
where
    S: HealthStore + WatchList + WebhookStore + RouteStore,
{
    let tenant = tenant("health", salt);
    health_is_conditional(store, &tenant, WebhookId::new(at(20), salt)).await;
    healths_are_read_in_order(store, &tenant, salt).await;
    a_lane_moves_outside_the_revision(store, &tenant, salt).await;
}

fn change(health: Health) -> Change {
    Change { health, lane: None, watch: None }
}

fn failing() -> Health {
    let outage = Outage { first_failure: at(0), skipped: Some(3) };
    Health {
        circuit: Circuit::Open { since: at(1), probe_at: at(2), probes: 3 },
        streak: Some(Streak { failures: 12, since: at(0), last: at(1) }),
        pace: MeanResponseTime { mean_ms: 9_000, attempts: 20 },
        slow: true,
        owed: vec![
            Report::Failing { since: at(1), failures: 10 },
            Report::Recovered { since: at(1), at: at(2), outage: Some(outage) },
        ],
        disabled_reported: Some(at(3)),
        disabling_reported: Some(at(2)),
        discard_until: Some(at(4)),
        release: RateLimit::new(6, 60).ok().map(|limit| Paced { limit, next: Some(at(5)) }),
        skipped_before: Some(7),
        skipped: 0,
        revision: 0,
    }
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn healths_are_read_in_order<S: HealthStore>(store: &S, tenant: &TenantId, salt: u128) {
    let ids: Vec<_> = (30..150).map(|second| WebhookId::new(at(second), salt)).collect();
    assert!(store.save_health(tenant, ids[110], &change(failing())).await.unwrap());
    store.skip(ids[3]).await.unwrap();
    let read = store.healths(&ids).await.unwrap();
    assert_eq!(read.len(), ids.len());
    for (id, read) in ids.iter().zip(read) {
        assert_eq!(read, store.health(*id).await.unwrap(), "{id}");
    }
    assert!(store.healths(&[]).await.unwrap().is_empty());
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn health_is_conditional<S: HealthStore>(store: &S, tenant: &TenantId, id: WebhookId) {
    assert_eq!(store.health(id).await.unwrap(), Health::default());
    store.skip(id).await.unwrap();
    assert_eq!(store.health(id).await.unwrap(), Health { skipped: 1, ..Health::default() });
    assert!(store.save_health(tenant, id, &change(failing())).await.unwrap());
    assert!(
        !store.save_health(tenant, id, &change(failing())).await.unwrap(),
        "it has a newer revision"
    );
    store.skip(id).await.unwrap();
    let written = Health { skipped: 2, revision: 1, ..failing() };
    assert_eq!(store.health(id).await.unwrap(), written);
    let clean = Health { revision: 1, ..Health::default() };
    assert!(store.save_health(tenant, id, &change(clean.clone())).await.unwrap());
    let clean = Health { skipped: 2, revision: 2, ..clean };
    assert_eq!(store.health(id).await.unwrap(), clean, "fields that are empty now are removed");
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn a_lane_moves_outside_the_revision<S>(store: &S, tenant: &TenantId, salt: u128)
where
    S: HealthStore + WatchList + WebhookStore + RouteStore,
{
    let hook = webhook(tenant, salt, 22);
    let moving = |revision| Change {
        health: Health { revision, ..failing() },
        lane: Some(Lane::Slow),
        watch: Some(at(30)),
    };
    assert!(!store.save_health(tenant, hook.id, &moving(0)).await.unwrap(), "no such webhook");
    assert!(entry(store, hook.id).await.is_none(), "it is all or nothing");
    store.create(&hook).await.unwrap();
    let version = store.version(tenant).await.unwrap();
    assert!(store.save_health(tenant, hook.id, &moving(0)).await.unwrap());
    let moved = store.get(tenant, hook.id).await.unwrap().unwrap();
    assert_eq!((moved.lane, moved.revision), (Lane::Slow, hook.revision));
    let table = store.table(tenant).await.unwrap();
    assert_eq!(table.version, version, "no instance of fan-out reads all webhooks for it");
    assert_eq!(table.routes.iter().find(|r| r.webhook == hook.id).unwrap().lane, Lane::Slow);
    assert_eq!(entry(store, hook.id).await.unwrap().marked_at, at(30));
    let renamed = Webhook { name: "Renamed".to_owned(), ..hook.clone() };
    assert!(
        !store.update(&renamed).await.unwrap(),
        "it would move the webhook back to its old lane"
    );
    let renamed = Webhook { lane: Lane::Slow, ..renamed };
    assert!(store.update(&renamed).await.unwrap());
    let back = Change { lane: Some(Lane::Fast), watch: None, ..moving(1) };
    assert!(store.save_health(tenant, hook.id, &back).await.unwrap());
    assert_eq!(store.get(tenant, hook.id).await.unwrap().unwrap().lane, Lane::Fast);
    let seen = entry(store, hook.id).await.unwrap();
    assert!(store.unwatch(&seen).await.unwrap());
}
