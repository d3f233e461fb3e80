use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::isolation::brake::Brake;
use hooklane_domain::isolation::circuit::{Circuit, Streak};
use hooklane_domain::isolation::health::{Change, Health, MeanResponseTime, Report};
use hooklane_domain::isolation::recovery::{Recovery, Stage, Wanted, WantedStatus};
use hooklane_domain::webhook::Webhook;

use crate::conformance::samples::{at, delivery, tenant, webhook};
use crate::ports::{
    BrakeStore, HealthStore, Look, RecoveryStore, RouteStore, Sweep, Watch, WatchList, WebhookStore,
};

/// Health is written on the state it was decided from, and never touches the webhook's revision; the
/// list of watched webhooks forgets none that was marked; a recovery is written conditionally.
pub async fn care<S>(store: &S, salt: u128)
where
    S: HealthStore + WatchList + BrakeStore + RecoveryStore + WebhookStore + RouteStore,
{
    let tenant = tenant("care", salt);
    health_is_conditional(store, &tenant, WebhookId::new(at(20), salt)).await;
    a_lane_moves_outside_the_revision(store, &tenant, salt).await;
    marks_are_respected(store, &tenant, salt).await;
    recoveries_are_conditional(store, &tenant, WebhookId::new(at(21), salt)).await;
    the_brake_reads_back(store).await;
}

fn change(health: Health) -> Change {
    Change { health, lane: None, watch: None }
}

fn failing() -> Health {
    Health {
        circuit: Circuit::Open { since: at(1), probe_at: at(2), probes: 3 },
        streak: Some(Streak { failures: 12, since: at(0), last: at(1) }),
        pace: MeanResponseTime { mean_ms: 9_000, attempts: 20 },
        slow: true,
        owed: vec![
            Report::Failing { since: at(1), failures: 10 },
            Report::Recovered { since: at(1), at: at(2) },
        ],
        disabled_reported: Some(at(3)),
        discard_until: Some(at(4)),
        skipped: 0,
        revision: 0,
    }
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn health_is_conditional<S: HealthStore>(store: &S, tenant: &TenantId, id: WebhookId) {
    assert_eq!(store.health(id).await.unwrap(), Health::default());
    store.skip(id).await.unwrap();
    assert_eq!(store.health(id).await.unwrap(), Health { skipped: 1, ..Health::default() });
    assert!(store.save_health(tenant, id, &change(failing())).await.unwrap());
    assert!(!store.save_health(tenant, id, &change(failing())).await.unwrap(), "it was written");
    store.skip(id).await.unwrap();
    let written = Health { skipped: 2, revision: 1, ..failing() };
    assert_eq!(store.health(id).await.unwrap(), written);
    let clean = Health { revision: 1, ..Health::default() };
    assert!(store.save_health(tenant, id, &change(clean.clone())).await.unwrap());
    let clean = Health { skipped: 2, revision: 2, ..clean };
    assert_eq!(store.health(id).await.unwrap(), clean, "what is not known any more is gone");
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
    assert!(mine(store, hook.id).await.is_none(), "all or nothing");
    store.create(&hook).await.unwrap();
    let version = store.version(tenant).await.unwrap();
    assert!(store.save_health(tenant, hook.id, &moving(0)).await.unwrap());
    let moved = store.get(tenant, hook.id).await.unwrap().unwrap();
    assert_eq!((moved.lane, moved.revision), (Lane::Slow, hook.revision));
    let table = store.table(tenant).await.unwrap();
    assert_eq!(table.version, version + 1, "fan-out is to see it");
    assert_eq!(table.routes.iter().find(|r| r.webhook == hook.id).unwrap().lane, Lane::Slow);
    assert_eq!(mine(store, hook.id).await.unwrap().marked_at, at(30));
    let renamed = Webhook { name: "Renamed".to_owned(), ..hook.clone() };
    assert!(!store.update(&renamed).await.unwrap(), "it would move the webhook back");
    let renamed = Webhook { lane: Lane::Slow, ..renamed };
    assert!(store.update(&renamed).await.unwrap());
    let back = Change { lane: Some(Lane::Fast), watch: None, ..moving(1) };
    assert!(store.save_health(tenant, hook.id, &back).await.unwrap());
    assert_eq!(store.get(tenant, hook.id).await.unwrap().unwrap().lane, Lane::Fast);
    let seen = mine(store, hook.id).await.unwrap();
    assert!(store.unwatch(&seen).await.unwrap());
}

/// The entry of one webhook, by walking the list in small pages.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn mine<S: WatchList>(store: &S, id: WebhookId) -> Option<Watch> {
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

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn marks_are_respected<S: WatchList>(store: &S, tenant: &TenantId, salt: u128) {
    let ids = [23, 24, 25].map(|ms| WebhookId::new(at(ms), salt));
    for id in ids {
        assert_eq!(store.watch(tenant, id, 0, at(5)).await.unwrap(), 0);
    }
    let id = ids[1];
    assert_eq!(mine(store, id).await.unwrap(), Watch::new(tenant.clone(), id, at(5)));
    assert_eq!(store.watch(tenant, id, 7, at(6)).await.unwrap(), 7);
    let seen = mine(store, id).await.unwrap();
    assert_eq!((seen.marked_at, seen.look.due_at, seen.parked), (at(6), at(6), 7));

    let after = Some(delivery(tenant, id, 1).id);
    let next = Look { due_at: at(90), sweep: Sweep { due_at: at(99), after, pending: true } };
    store.looked(&seen, next.clone(), 3).await.unwrap();
    let looked = mine(store, id).await.unwrap();
    assert_eq!((&looked.look, looked.parked), (&next, 4));

    // Somebody parks while upkeep looks.
    assert_eq!(store.watch(tenant, id, 2, at(7)).await.unwrap(), 6);
    let later = Look { due_at: at(500), ..next.clone() };
    store.looked(&looked, later, 4).await.unwrap();
    let marked = mine(store, id).await.unwrap();
    assert_eq!((marked.look.due_at, marked.parked), (at(7), 2));
    assert_eq!(marked.look.sweep, next.sweep, "a mark does not move the sweep");
    assert!(!store.unwatch(&looked).await.unwrap());
    for id in ids {
        let seen = mine(store, id).await.unwrap();
        assert!(store.unwatch(&seen).await.unwrap());
        assert!(mine(store, id).await.is_none());
    }
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn recoveries_are_conditional<S: RecoveryStore>(store: &S, tenant: &TenantId, id: WebhookId) {
    assert_eq!(store.recovery(id).await.unwrap(), None);
    let wanted = Wanted { since: at(0), until: at(9), status: WantedStatus::Any };
    let new = Recovery::new(tenant.clone(), id, wanted, at(10));
    assert!(store.save_recovery(&new).await.unwrap());
    assert!(!store.save_recovery(&new).await.unwrap());
    let first = store.recovery(id).await.unwrap().unwrap();
    assert_eq!(first, Recovery { revision: 1, ..new });
    for stage in [
        Stage::Failed { after: Some(delivery(tenant, id, 1).id) },
        Stage::Skipped { cursor: Some("here".to_owned()) },
        Stage::Done { at: at(11) },
    ] {
        let current = store.recovery(id).await.unwrap().unwrap();
        let next = current.advanced(2, at(11), Some(stage.clone()));
        assert!(store.save_recovery(&next).await.unwrap());
        assert_eq!(store.recovery(id).await.unwrap().unwrap().stage, stage);
    }
    assert_eq!(store.recovery(id).await.unwrap().unwrap().sent, 6);
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn the_brake_reads_back<S: BrakeStore>(store: &S) {
    for on in [true, false] {
        let brake = Brake { on, in_flight: 80_001, measured_at: at(0) };
        store.set_brake(brake).await.unwrap();
        assert_eq!(store.brake().await.unwrap(), Some(brake));
    }
}
