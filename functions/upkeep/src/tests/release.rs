use hooklane_app::ports::{
    DeliveryStore as _, HealthStore as _, ParkingStore as _, TenantStore as _,
};
use hooklane_domain::access::tenant::TenantSettings;
use hooklane_domain::delivery::{CancelReason, Delivery, ParkReason, State};
use hooklane_domain::isolation::circuit::Circuit;
use hooklane_domain::isolation::health::Health;
use hooklane_domain::webhook::limits::RateLimit;
use hooklane_domain::webhook::{DisableReason, Webhook, WebhookState};

use super::world::{World, minutes, seconds, tenant, turn};
use crate::tuning::MAX_RELEASED;

#[tokio::test]
async fn what_a_webhook_and_its_circuit_let_go() {
    let at = World::new().start;
    let open = |probe_in| Circuit::Open { since: at, probe_at: at + seconds(probe_in), probes: 0 };
    let half_open =
        |ends_in| Circuit::HalfOpen { since: at, probes: 0, until: at + seconds(ends_in) };
    let (active, closed) = (WebhookState::Active, Circuit::Closed);
    let disabled = WebhookState::Disabled { at, reason: DisableReason::Gone };
    for (name, state, tenant_paused, circuit, released) in [
        ("active", active, false, closed, 3),
        ("inactive", WebhookState::Inactive, false, closed, 0),
        ("paused", WebhookState::Paused { at }, false, closed, 0),
        ("disabled", disabled, false, closed, 0),
        ("of a paused tenant", active, true, closed, 0),
        ("open, the probe not due", active, false, open(1), 0),
        ("open, the probe due", active, false, open(0), 1),
        ("half-open, its probe under way", active, false, half_open(1), 0),
        ("half-open, its probe lost", active, false, half_open(0), 1),
        ("open and paused", WebhookState::Paused { at }, false, open(0), 0),
    ] {
        let world = World::new();
        let webhook = world.webhook(1, |webhook| Webhook { state, ..webhook }).await;
        let settings = TenantSettings { paused: tenant_paused, ..TenantSettings::default() };
        world.registry.stored.set_settings(&tenant(), &settings, None).await.unwrap();
        world.set_health(&webhook, Health { circuit, ..Health::default() }).await;
        for event in ["e1", "e2", "e3"] {
            world.park(&webhook, event).await;
        }
        let summary = world.run().await;
        assert_eq!((summary.released, summary.failed), (released, 0), "{name}");
        assert_eq!(world.sent().len() as u64, released, "{name}");
        assert_eq!(world.pointers(&webhook).await.len() as u64, 3 - released, "{name}");
        assert_eq!(summary.unfinished, 0, "{name}: another look would find no more");
    }
}

#[tokio::test]
async fn a_released_delivery_waits_for_its_next_message() {
    let world = World::new();
    let webhook = world.webhook(1, |webhook| webhook).await;
    world.park(&webhook, "e1").await;
    world.pass(seconds(30));
    assert_eq!(world.run().await.released, 1);
    assert_eq!(world.sent(), [("e1".to_owned(), 1)]);
    let delivery = world.delivery(&webhook, "e1").await;
    assert_eq!((delivery.generation, delivery.next_attempt_at()), (1, Some(world.now())));
    let owner = world.queues.receive(hooklane_domain::delivery::waiting::Lane::Slow).remove(0).id;
    assert!(matches!(delivery.state, State::Waiting { owner: Some(of), .. } if of == owner));
    assert!(world.pointers(&webhook).await.is_empty());
    assert_eq!(world.run().await.released, 0);
}

#[tokio::test]
async fn what_is_not_due_stays_parked_until_it_is() {
    let world = World::new();
    let webhook = world.webhook(1, |webhook| webhook).await;
    world.park_until(&webhook, "e1", world.now() + seconds(60)).await;
    world.pass(seconds(59));
    assert_eq!(world.run().await.released, 0);
    assert!(world.delivery(&webhook, "e1").await.is_parked());
    world.pass(seconds(1));
    assert_eq!(world.run().await.released, 1);
}

#[tokio::test]
async fn everything_parked_for_a_deleted_webhook_goes_due_or_not() {
    let world = World::new();
    let webhook = world.webhook(1, |webhook| webhook).await;
    world.park(&webhook, "e1").await;
    world.park_until(&webhook, "e2", world.now() + minutes(600)).await;
    world.delete(&webhook).await;
    assert_eq!(world.run().await.released, 2);
    assert_eq!(world.sent().len(), 2, "`delivery` finds the webhook deleted and cancels them");
}

#[tokio::test]
async fn a_look_goes_on_page_after_page() {
    let world = World::new();
    let webhook = world.webhook(1, |webhook| webhook).await;
    for n in 0..250 {
        world.park(&webhook, &format!("e{n}")).await;
    }
    let summary = world.run().await;
    assert_eq!((summary.looked, summary.released, summary.unfinished), (1, 250, 0));
    assert_eq!(world.sent().len(), 250);
    assert!(world.pointers(&webhook).await.is_empty());
}

#[tokio::test]
async fn a_look_releases_five_thousand_and_the_same_run_looks_again() {
    let world = World::new();
    let webhook = world.webhook(1, |webhook| webhook).await;
    for n in 0..=MAX_RELEASED {
        world.park(&webhook, &format!("e{n}")).await;
    }
    let summary = world.run().await;
    assert_eq!((summary.looked, summary.unfinished), (2, 1), "another webhook had its turn");
    assert_eq!(summary.released, MAX_RELEASED as u64 + 1);
}

#[tokio::test]
async fn a_rate_limit_lets_a_minutes_share_go_and_the_rest_at_the_next_run() {
    for (requests, per_seconds, shares) in [(2, 1, [120, 30]), (1, 3_600, [1, 1])] {
        let world = World::new();
        let rate_limit = RateLimit::new(requests, per_seconds).ok();
        let webhook = world.webhook(1, |webhook| Webhook { rate_limit, ..webhook }).await;
        for n in 0..150 {
            world.park(&webhook, &format!("e{n}")).await;
        }
        for share in shares {
            let summary = world.run().await;
            assert_eq!(
                (summary.looked, summary.released),
                (1, share),
                "{requests} in {per_seconds}"
            );
            world.pass(minutes(1));
        }
        let left = 150 - shares.iter().sum::<u64>();
        assert_eq!(world.pointers(&webhook).await.len() as u64, left);
        let counted = world.watch(&webhook).await.map(|watch| watch.parked);
        assert_eq!(counted, Some(left), "the watch list counts what is left");
    }
}

#[tokio::test]
async fn once_nothing_is_parked_the_count_starts_anew() {
    let world = World::new();
    let webhook = world.webhook(1, |webhook| webhook).await;
    world.park(&webhook, "e1").await;
    // Instances that ended before they wrote what they had counted.
    let (store, now) = (&world.registry.stored, world.now());
    hooklane_app::ports::WatchList::watch(store, &tenant(), webhook.id, 7, now).await.unwrap();
    world.run().await;
    assert_eq!(world.watch(&webhook).await.map(|watch| watch.parked), Some(0));
}

#[tokio::test]
async fn what_its_tenant_discards_is_cancelled_and_nothing_else() {
    let world = World::new();
    let webhook = world.webhook(1, |webhook| webhook).await;
    world.park(&webhook, "before").await;
    world.pass(seconds(10));
    world.park(&webhook, "last").await;
    let discard_until = Some(world.now());
    world.set_health(&webhook, Health { discard_until, ..Health::default() }).await;
    world.pass(seconds(1));
    world.park(&webhook, "after").await;
    let summary = world.run().await;
    assert_eq!((summary.discarded, summary.released), (2, 1));
    for event in ["before", "last"] {
        let (at, reason) = (world.now(), CancelReason::Discarded);
        assert_eq!(world.delivery(&webhook, event).await.state, State::Cancelled { at, reason });
    }
    assert_eq!(world.sent(), [("after".to_owned(), 1)]);
    assert!(world.pointers(&webhook).await.is_empty());
}

#[tokio::test]
async fn a_pointer_that_leads_to_nothing_parked_is_removed() {
    type Change = fn(Delivery, &World) -> Delivery;
    let changes: [(&str, usize, Change); 3] = [
        ("cancelled", 0, |d, world| d.cancelled(world.now(), CancelReason::Requested)),
        ("taken over by a message", 0, |d, world| d.handed_to(turn(1), world.now())),
        ("parked anew, due later", 1, |d, world| {
            d.parked_until(world.now(), world.now() + minutes(5), ParkReason::Backlog)
        }),
    ];
    for (name, left, change) in changes {
        let world = World::new();
        let webhook = world.webhook(1, |webhook| webhook).await;
        let parked = world.park(&webhook, "e1").await;
        let pointer = world.pointers(&webhook).await.remove(0);
        let changed = change(parked, &world);
        world.ledger.save(&changed).await.unwrap();
        let summary = world.run().await;
        assert_eq!((summary.released, summary.discarded), (0, 0), "{name}");
        assert!(world.sent().is_empty(), "{name}");
        let pointers = world.pointers(&webhook).await;
        assert_eq!(pointers.len(), left, "{name}");
        assert!(!pointers.contains(&pointer), "{name}");
        let stored = world.delivery(&webhook, "e1").await;
        assert_eq!(stored.state, changed.state, "{name}: the delivery stays as it is");
        assert!(world.registry.stored.health(webhook.id).await.unwrap().is_clean());
        let due = world.ledger.parked(webhook.id, world.now(), 9).await.unwrap();
        assert!(due.is_empty(), "{name}");
    }
}

/// A function that dies between any two steps has sent a message before the item says so, and removes a
/// pointer only after that.
#[tokio::test]
async fn a_release_may_be_interrupted_at_any_step() {
    let mut interrupted = 0;
    for steps in 0..60 {
        let world = World::new();
        let webhook = world.webhook(1, |webhook| webhook).await;
        let events = ["e1", "e2", "e3"];
        for event in events {
            world.park(&webhook, event).await;
        }
        world.faults.die_after(steps);
        let _ = world.upkeep.run().await;
        interrupted += u32::from(world.faults.died());
        world.faults.revive();
        let (sent, pointers) = (world.sent(), world.pointers(&webhook).await);
        for event in events {
            let delivery = world.delivery(&webhook, event).await;
            let acts = sent.contains(&(event.to_owned(), 1));
            let points = pointers.iter().any(|pointer| pointer.delivery == delivery.id);
            assert!(delivery.is_parked() || acts, "{event} lost its message at step {steps}");
            assert!(points || !delivery.is_parked(), "{event} lost its pointer at step {steps}");
        }
        world.run().await;
        for event in events {
            assert!(!world.delivery(&webhook, event).await.is_parked(), "{event}, {steps}");
            assert!(world.sent().contains(&(event.to_owned(), 1)), "{event}, {steps}");
        }
        assert!(world.pointers(&webhook).await.is_empty());
    }
    assert!((20..60).contains(&interrupted), "{interrupted} runs of 60 were interrupted");
}
