//! A receiver that fails: its circuit opens, is probed, and closes; and what is told of it.

use std::time::Duration;

use hooklane_app::ports::{RouteStore as _, WatchList as _};
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::delivery::{ParkReason, State, Status};
use hooklane_domain::isolation::circuit::Circuit;
use hooklane_domain::webhook::{DisableReason, WebhookState};
use jiff::SignedDuration;

use super::world::{World, tenant};

/// Ten failures over more than a minute, of a delivery that retries every ten seconds.
pub(super) async fn opened() -> World {
    let world = World::with_policy(r#"{"schedule":[10,10,10,10,10,10,10,10,10,86400]}"#).await;
    world.set_down(true);
    world.publish("first").await;
    for _ in 0..10 {
        world.step(Lane::Fast).await;
        world.pass(SignedDuration::from_secs(10));
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
        world.pass(SignedDuration::from_secs(10));
    }
    let health = world.health().await;
    assert!(matches!(health.circuit, Circuit::Open { probes: 0, .. }), "{health:?}");
    let stored = world.stored().await;
    assert_eq!((stored.lane, stored.revision), (Lane::Slow, 1), "the ETag stays");
    let after = world.registry().version(&tenant()).await.unwrap();
    assert_eq!(after, version + 1, "fan-out sees one change: the lane's");
    let watches = world.registry().watched(None, 9).await.unwrap();
    assert_eq!(watches.iter().map(|w| w.webhook).collect::<Vec<_>>(), [world.webhook.id]);
}

#[tokio::test]
async fn many_failures_in_a_burst_are_no_outage() {
    let world = World::with_policy(r#"{"schedule":[3600]}"#).await;
    world.set_down(true);
    for n in 0..30 {
        world.publish(&format!("e{n}")).await;
    }
    while world.step(Lane::Fast).await > 0 {}
    assert_eq!(world.posts(), 30);
    let health = world.health().await;
    assert!(health.circuit.is_closed());
    assert_eq!(health.revision, 1, "one write in ten seconds, whatever fails");
}

/// Five failures of six seconds each, which an instance has written, and two more events that were sent to
/// the fast lane before that.
pub(super) async fn slowed() -> World {
    let world = World::with_policy(r#"{"schedule":[600]}"#).await;
    world.set_down(true);
    *world.sender.took.lock().unwrap() = Duration::from_secs(6);
    for n in 0..5 {
        world.publish(&format!("slow{n}")).await;
    }
    world.step(Lane::Fast).await;
    world.pass(SignedDuration::from_secs(11));
    world.publish("slow5").await;
    world.step(Lane::Fast).await;
    assert_eq!((world.posts(), world.stored().await.lane), (6, Lane::Slow));
    world.set_down(false);
    world.publish("e1").await;
    world.publish("e2").await;
    world
}

#[tokio::test]
async fn what_a_slow_receiver_has_in_the_fast_lane_goes_on_among_the_retries() {
    let world = slowed().await;
    world.step(Lane::Fast).await;
    assert_eq!(world.posts(), 6, "no instance of the first attempts waits for it");
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
async fn what_meets_an_open_circuit_is_parked_and_delivered_after_recovery() {
    let world = opened().await;
    for n in 0..15 {
        world.publish(&format!("e{n}")).await;
    }
    world.step(Lane::Fast).await;
    world.step(Lane::Fast).await;
    assert_eq!(world.posts(), 10, "nothing is posted");
    let parked = world.delivery("e0").await;
    assert!(matches!(parked.state, State::Parked { reason: ParkReason::Circuit, .. }));
    assert_eq!(parked.status(), Status::Pending);

    // Down for an hour more: a probe now and then, further and further apart.
    world.minutes(60).await;
    let probes = world.posts() - 10;
    assert!((4..=8).contains(&probes), "{probes} probes in an hour");
    assert_eq!(world.stored().await.lane, Lane::Slow);

    world.set_down(false);
    world.minutes(40).await;
    assert!(world.health().await.is_clean(), "{:?}", world.health().await);
    assert_eq!(world.stored().await.lane, Lane::Fast);
    for n in 0..15 {
        assert_eq!(world.delivery(&format!("e{n}")).await.status(), Status::Delivered, "e{n}");
    }
    assert_eq!(world.published(), ["webhook.failing", "webhook.recovered"]);
}

#[tokio::test]
async fn of_several_that_find_the_probe_due_one_makes_it() {
    let world = opened().await;
    world.pass(SignedDuration::from_secs(120));
    for n in 0..9 {
        world.publish(&format!("e{n}")).await;
    }
    world.step(Lane::Fast).await;
    assert_eq!(world.posts(), 11);
    assert!(matches!(world.health().await.circuit, Circuit::Open { probes: 1, .. }));
}

#[tokio::test]
async fn a_probe_that_is_lost_is_made_again() {
    let mut world = opened().await;
    world.pass(SignedDuration::from_secs(120));
    world.publish("e1").await;
    // Webhook, health and tenant are remembered; then come the claim, its answer, and the end.
    world.look_after().await;
    world.restart();
    let mut claimed = false;
    for steps in 0..30 {
        world.faults.die_after(steps);
        world.step(Lane::Fast).await;
        world.faults.revive();
        claimed |= matches!(world.health().await.circuit, Circuit::HalfOpen { .. });
        if claimed {
            break;
        }
        world.restart();
        world.pass(SignedDuration::from_secs(360));
    }
    assert!(claimed, "some step is the claim");
    world.set_down(false);
    world.restart();
    world.minutes(60).await;
    assert_eq!(world.delivery("e1").await.status(), Status::Delivered);
    assert!(world.health().await.circuit.is_closed());
}

#[tokio::test]
async fn a_success_of_a_healthy_webhook_costs_no_write_of_its_health() {
    let world = World::with_policy(r#"{"schedule":[1]}"#).await;
    for n in 0..30 {
        world.publish(&format!("e{n}")).await;
    }
    world.run_until_quiet().await;
    assert_eq!((world.posts(), world.health().await.revision), (30, 0));
    assert!(world.registry().watched(None, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn five_days_of_failures_disable_it_and_switching_it_on_gives_it_time_anew() {
    let world = opened().await;
    for day in 0..6 {
        for n in 0..4 {
            world.publish(&format!("d{day}-{n}")).await;
            world.minutes(2).await;
            world.pass(SignedDuration::from_hours(6));
        }
    }
    world.minutes(2).await;
    let stored = world.stored().await;
    let failing = DisableReason::Failing;
    assert!(matches!(stored.state, WebhookState::Disabled { reason, .. } if reason == failing));
    assert_eq!(world.published(), ["webhook.disabled", "webhook.failing"]);
    world.minutes(3).await;
    assert_eq!(world.published().len(), 2, "reported once");

    let now = world.clock_now();
    let on =
        |w| hooklane_domain::webhook::Webhook { state: WebhookState::Active, updated_at: now, ..w };
    world.revise(on).await;
    world.minutes(60).await;
    assert!(world.stored().await.state.is_active(), "it has five days again");
    world.set_down(false);
    world.minutes(40).await;
    let left: Vec<_> = world.ledger.all_deliveries();
    let open = |d: &&hooklane_domain::delivery::Delivery| !d.is_done() && d.attempts == 0;
    assert_eq!(left.iter().filter(open).count(), 0, "everything parked is delivered");
}

#[tokio::test]
async fn an_exhausted_delivery_is_reported_but_not_that_of_a_report() {
    let world = World::with_policy(r#"{"schedule":[1]}"#).await;
    world.set_down(true);
    world.publish("e1").await;
    world.run_until_quiet().await;
    assert_eq!(world.published(), ["delivery.exhausted"]);
    let events = world.ledger.all_events();
    let report = events.iter().find(|e| e.id.as_str().starts_with("op_")).unwrap();
    let data: serde_json::Value = serde_json::from_str(report.content.data.as_str()).unwrap();
    assert_eq!(data["deliveryId"], world.id("e1").to_string());
    assert_eq!(data["attempts"], 2);

    // Somebody subscribed to it with a receiver that fails, too.
    world.publish_typed("about-e1", "delivery.exhausted").await;
    world.run_until_quiet().await;
    assert_eq!(world.delivery("about-e1").await.status(), Status::Failed);
    assert_eq!(world.published(), ["delivery.exhausted"]);
}
