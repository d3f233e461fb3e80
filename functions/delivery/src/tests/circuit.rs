//! A failing receiver: its circuit opens, is probed and closes, and its tenant is told by operational events.

use std::time::Duration;

use hooklane_app::ports::{RouteStore as _, WatchList as _};
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::delivery::{ParkReason, State, Status};
use hooklane_domain::isolation::circuit::Circuit;
use hooklane_domain::webhook::{DisableReason, WebhookState};
use jiff::SignedDuration;

use super::world::{World, tenant};

/// A world with an open circuit, after ten failures of one delivery in more than a minute.
pub(super) async fn with_open_circuit() -> World {
    let world = World::with_policy(r#"{"schedule":[10,10,10,10,10,10,10,10,10,86400]}"#).await;
    world.set_down(true);
    world.publish("first").await;
    for _ in 0..10 {
        world.step(Lane::Fast).await;
        world.advance(SignedDuration::from_secs(10));
    }
    assert_eq!(world.posts(), 10);
    world
}

#[tokio::test]
async fn ten_failures_over_a_minute_open_the_circuit() {
    let world = World::with_policy(r#"{"schedule":[10,10,10,10,10,10,10,10,10,86400]}"#).await;
    world.set_down(true);
    let version = world.registry().version(&tenant()).await.unwrap();
    world.publish("first").await;
    for n in 0..10 {
        assert!(world.health().await.circuit.is_closed(), "after {n} failures");
        world.step(Lane::Fast).await;
        world.advance(SignedDuration::from_secs(10));
    }
    let health = world.health().await;
    assert!(matches!(health.circuit, Circuit::Open { probes: 0, .. }), "{health:?}");
    let stored = world.stored_webhook().await;
    assert_eq!((stored.lane, stored.revision), (Lane::Slow, 1), "the ETag does not change");
    let after = world.registry().version(&tenant()).await.unwrap();
    assert_eq!(after, version, "fan-out need not read the subscriptions again for a lane");
    let watches = world.registry().watched(None, 9).await.unwrap();
    assert_eq!(watches.iter().map(|w| w.webhook).collect::<Vec<_>>(), [world.webhook.id]);
}

#[tokio::test]
async fn a_burst_of_failures_does_not_open_the_circuit() {
    let world = World::with_policy(r#"{"schedule":[3600]}"#).await;
    world.set_down(true);
    for n in 0..30 {
        world.publish(&format!("e{n}")).await;
    }
    while world.step(Lane::Fast).await > 0 {}
    assert_eq!(world.posts(), 30);
    let health = world.health().await;
    assert!(health.circuit.is_closed());
    assert_eq!(health.revision, 1, "one write in ten seconds, however many attempts fail");
}

/// A world whose webhook is in the slow lane after failures of six seconds each. Two messages of the webhook
/// are still in the fast lane.
pub(super) async fn with_slow_receiver() -> World {
    let world = World::with_policy(r#"{"schedule":[600]}"#).await;
    world.set_down(true);
    *world.sender.response_time.lock().unwrap() = Duration::from_secs(6);
    for n in 0..5 {
        world.publish(&format!("slow{n}")).await;
    }
    world.step(Lane::Fast).await;
    world.advance(SignedDuration::from_secs(11));
    world.publish("slow5").await;
    world.step(Lane::Fast).await;
    assert_eq!((world.posts(), world.stored_webhook().await.lane), (6, Lane::Slow));
    world.set_down(false);
    world.publish("e1").await;
    world.publish("e2").await;
    world
}

#[tokio::test]
async fn messages_for_a_slow_receiver_move_to_the_slow_lane() {
    let world = with_slow_receiver().await;
    world.step(Lane::Fast).await;
    assert_eq!(world.posts(), 6, "the fast lane does not wait for the receiver");
    assert!(world.queues.receive(Lane::Fast).is_empty(), "the messages have moved");
    assert_eq!(world.delivery("e1").await.status(), Status::Pending);
    world.step(Lane::Slow).await;
    assert_eq!(world.posts(), 8);
    let delivered = world.delivery("e1").await;
    assert_eq!(
        (delivered.status(), delivered.retries, delivered.generation),
        (Status::Delivered, 0, 1)
    );
}

#[tokio::test]
async fn deliveries_under_an_open_circuit_are_parked_and_delivered_once_it_closes() {
    let world = with_open_circuit().await;
    for n in 0..15 {
        world.publish(&format!("e{n}")).await;
    }
    world.step(Lane::Fast).await;
    world.step(Lane::Fast).await;
    assert_eq!(world.posts(), 10, "nothing is posted");
    let parked = world.delivery("e0").await;
    assert!(matches!(parked.state, State::Parked { reason: ParkReason::Circuit, .. }));
    assert_eq!(parked.status(), Status::Pending);

    // Down for another hour: the probes get further apart.
    world.run_minutes(60).await;
    let probes = world.posts() - 10;
    assert!((4..=8).contains(&probes), "{probes} probes in an hour");
    assert_eq!(world.stored_webhook().await.lane, Lane::Slow);

    world.set_down(false);
    world.run_minutes(40).await;
    assert!(world.health().await.is_clean(), "{:?}", world.health().await);
    assert_eq!(world.stored_webhook().await.lane, Lane::Fast);
    for n in 0..15 {
        assert_eq!(world.delivery(&format!("e{n}")).await.status(), Status::Delivered, "e{n}");
    }
    assert_eq!(world.operational_events(), ["webhook.failing", "webhook.recovered"]);
}

#[tokio::test]
async fn only_one_of_several_deliveries_makes_a_due_probe() {
    let world = with_open_circuit().await;
    world.advance(SignedDuration::from_secs(120));
    for n in 0..9 {
        world.publish(&format!("e{n}")).await;
    }
    world.step(Lane::Fast).await;
    assert_eq!(world.posts(), 11);
    assert!(matches!(world.health().await.circuit, Circuit::Open { probes: 1, .. }));
}

#[tokio::test]
async fn a_lost_probe_is_made_again() {
    // Kills the function one step later each time, until the probe is claimed and not made.
    let mut claimed = None;
    for steps in 0..30 {
        let mut world = with_open_circuit().await;
        world.advance(SignedDuration::from_secs(120));
        world.publish("e1").await;
        world.run_upkeep().await;
        world.restart();
        world.faults.die_after(steps);
        world.step(Lane::Fast).await;
        world.faults.revive();
        if matches!(world.health().await.circuit, Circuit::HalfOpen { .. }) {
            claimed = Some(world);
            break;
        }
    }
    let mut world = claimed.expect("one of the steps claims the probe");
    world.set_down(false);
    world.restart();
    world.run_minutes(60).await;
    assert_eq!(world.delivery("e1").await.status(), Status::Delivered);
    assert!(world.health().await.circuit.is_closed());
}

#[tokio::test]
async fn a_success_of_a_healthy_webhook_writes_no_health() {
    let world = World::with_policy(r#"{"schedule":[1]}"#).await;
    for n in 0..30 {
        world.publish(&format!("e{n}")).await;
    }
    world.run_until_quiet().await;
    assert_eq!((world.posts(), world.health().await.revision), (30, 0));
    assert!(world.registry().watched(None, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn five_days_of_failures_disable_a_webhook_and_enabling_it_restarts_the_period() {
    let world = with_open_circuit().await;
    for day in 0..6 {
        for n in 0..4 {
            world.publish(&format!("d{day}-{n}")).await;
            world.run_minutes(2).await;
            world.advance(SignedDuration::from_hours(6));
        }
    }
    world.run_minutes(2).await;
    let stored = world.stored_webhook().await;
    let failing = DisableReason::Failing;
    assert!(matches!(stored.state, WebhookState::Disabled { reason, .. } if reason == failing));
    let reported = ["webhook.disabled", "webhook.disabling", "webhook.failing"];
    assert_eq!(world.operational_events(), reported);
    world.run_minutes(3).await;
    assert_eq!(world.operational_events().len(), 3, "reported once");

    let now = world.clock_now();
    let on =
        |w| hooklane_domain::webhook::Webhook { state: WebhookState::Active, updated_at: now, ..w };
    world.update_webhook(on).await;
    world.run_minutes(60).await;
    assert!(world.stored_webhook().await.state.is_active(), "it has another five days");
    world.set_down(false);
    world.run_minutes(40).await;
    let left: Vec<_> = world.ledger.all_deliveries();
    let open = |d: &&hooklane_domain::delivery::Delivery| !d.is_done() && d.attempts == 0;
    assert_eq!(left.iter().filter(open).count(), 0, "everything parked is delivered");
}

#[tokio::test]
async fn an_exhausted_delivery_is_reported_unless_its_event_is_operational() {
    let world = World::with_policy(r#"{"schedule":[1]}"#).await;
    world.set_down(true);
    world.publish("e1").await;
    world.run_until_quiet().await;
    assert_eq!(world.operational_events(), ["delivery.exhausted"]);
    let events = world.ledger.all_events();
    let report = events.iter().find(|e| e.id.as_str().starts_with("op_")).unwrap();
    let data: serde_json::Value = serde_json::from_str(report.content.data.as_str()).unwrap();
    assert_eq!(data["deliveryId"], world.id("e1").to_string());
    assert_eq!(data["attemptCount"], 2);

    // The delivery of this report is exhausted too.
    world.publish_typed("about-e1", "delivery.exhausted").await;
    world.run_until_quiet().await;
    assert_eq!(world.delivery("about-e1").await.status(), Status::Failed);
    assert_eq!(world.operational_events(), ["delivery.exhausted"]);
}
