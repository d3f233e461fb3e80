//! A function may be killed between any two steps. Each scenario runs once for each call of a port, and the
//! function is killed after that call. Other instances continue, and every delivery must end delivered.

use hooklane_app::pausing::{Resumption, pause};
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::delivery::{Delivery, Status};
use jiff::SignedDuration;

use super::circuit::{with_open_circuit, with_slow_receiver};
use super::world::{World, tenant};

/// More steps than any scenario has.
const STEPS: u32 = 120;

/// Checks that the events are delivered, and that nothing is parked, open or dead-lettered.
async fn all_delivered(world: &World, events: &[&str], what: &str) {
    for event in events {
        let delivery = world.delivery(event).await;
        assert_eq!(delivery.status(), Status::Delivered, "{event}, {what}: {delivery:?}");
    }
    assert!(world.pointers().await.is_empty(), "{what}");
    assert!(world.health().await.circuit.is_closed(), "{what}");
    assert_eq!(world.stored_webhook().await.lane, Lane::Fast, "{what}");
    assert!(world.dead_letters.all_dead_letters().is_empty(), "{what}");
}

/// Handles one batch of a lane and kills the function after some steps. Returns whether it was killed.
async fn killed_batch(world: &mut World, lane: Lane, steps: u32) -> bool {
    world.faults.die_after(steps);
    world.step(lane).await;
    let killed = world.faults.died();
    world.faults.revive();
    world.restart();
    killed
}

#[tokio::test]
async fn a_kill_while_the_circuit_opens_loses_nothing() {
    let mut last = 0;
    for steps in 0..STEPS {
        let mut world = World::with_policy(r#"{"schedule":[10,10,10,10,10,10,10,10,10,10]}"#).await;
        world.set_down(true);
        world.publish("e1").await;
        for _ in 0..9 {
            world.step(Lane::Fast).await;
            world.advance(SignedDuration::from_secs(10));
        }
        assert!(world.health().await.circuit.is_closed());
        let killed = killed_batch(&mut world, Lane::Fast, steps).await;
        // The circuit, the lane and the report change together.
        let open = !world.health().await.circuit.is_closed();
        assert_eq!(world.stored_webhook().await.lane == Lane::Slow, open, "after {steps}");
        assert_eq!(world.health().await.owed.len(), usize::from(open), "after {steps}");
        world.publish("e2").await;
        world.set_down(false);
        world.run_minutes(60).await;
        all_delivered(&world, &["e1", "e2"], &format!("killed after {steps} steps")).await;
        let reported = if open { vec!["webhook.failing", "webhook.recovered"] } else { vec![] };
        assert_eq!(world.operational_events(), reported, "after {steps}");
        last = steps;
        if !killed {
            break;
        }
    }
    assert!((3..STEPS - 1).contains(&last), "{last} steps");
}

#[tokio::test]
async fn a_kill_while_a_message_changes_its_lane_loses_nothing() {
    let mut last = 0;
    for steps in 0..STEPS {
        let mut world = with_slow_receiver().await;
        let killed = killed_batch(&mut world, Lane::Fast, steps).await;
        world.run_minutes(60).await;
        for event in ["e1", "e2"] {
            let delivery = world.delivery(event).await;
            assert_eq!(delivery.status(), Status::Delivered, "{event}, killed after {steps} steps");
        }
        assert_eq!(
            world.posts() - 6,
            5 + 1 + 2,
            "killed after {steps} steps: duplicates cause no POST"
        );
        last = steps;
        if !killed {
            break;
        }
    }
    assert!((5..STEPS - 1).contains(&last), "{last} steps");
}

#[tokio::test]
async fn a_kill_while_parking_under_an_open_circuit_loses_nothing() {
    let mut last = 0;
    for steps in 0..STEPS {
        let mut world = with_open_circuit().await;
        world.restart();
        world.publish("e1").await;
        world.publish("e2").await;
        let killed = killed_batch(&mut world, Lane::Fast, steps).await;
        world.set_down(false);
        world.run_minutes(60).await;
        all_delivered(&world, &["e1", "e2"], &format!("killed after {steps} steps")).await;
        last = steps;
        if !killed {
            break;
        }
    }
    assert!((5..STEPS - 1).contains(&last), "{last} steps");
}

#[tokio::test]
async fn a_kill_while_parking_for_a_webhook_that_is_being_resumed_loses_nothing() {
    for steps in 0..40 {
        let mut world = World::with_policy(r#"{"schedule":[1]}"#).await;
        pause(world.registry(), &world.clock, (&tenant(), world.webhook.id)).await.unwrap();
        world.publish("e1").await;
        killed_batch(&mut world, Lane::Fast, steps).await;
        world.resume(Resumption::default()).await;
        // The release may meet the killed message and its successor.
        world.run_minutes(30).await;
        all_delivered(&world, &["e1"], &format!("killed after {steps} steps")).await;
        assert_eq!(world.posts(), 1, "after {steps}");
    }
}

#[tokio::test]
async fn a_kill_while_a_probe_is_made_loses_nothing() {
    let mut last = 0;
    for (down, steps) in (0..STEPS).flat_map(|steps| [(true, steps), (false, steps)]) {
        let mut world = with_open_circuit().await;
        world.publish("e1").await;
        world.step(Lane::Fast).await;
        world.advance(SignedDuration::from_secs(120));
        world.set_down(down);
        world.run_upkeep().await;
        let killed = killed_batch(&mut world, Lane::Slow, steps).await;
        world.set_down(false);
        // If the success of the probe was not written, the next delivery probes again.
        world.publish("e2").await;
        world.run_minutes(60).await;
        let what = format!("killed after {steps} steps, down: {down}");
        all_delivered(&world, &["e1", "e2"], &what).await;
        last = steps;
        if !killed && !down {
            break;
        }
    }
    assert!((5..STEPS - 1).contains(&last), "{last} steps");
}

#[tokio::test]
async fn a_kill_while_parked_deliveries_are_released_loses_nothing() {
    let mut last = 0;
    for steps in 0..STEPS {
        let world = World::with_policy(r#"{"schedule":[1]}"#).await;
        pause(world.registry(), &world.clock, (&tenant(), world.webhook.id)).await.unwrap();
        let events = ["e0", "e1", "e2"];
        for event in events {
            world.publish(event).await;
        }
        world.step(Lane::Fast).await;
        world.resume(Resumption::default()).await;
        world.faults.die_after(steps);
        let _ = world.upkeep.run().await;
        let killed = world.faults.died();
        world.faults.revive();
        world.run_minutes(30).await;
        all_delivered(&world, &events, &format!("killed after {steps} steps")).await;
        assert_eq!(world.posts(), 3, "killed after {steps} steps: duplicates cause no POST");
        last = steps;
        if !killed {
            break;
        }
    }
    assert!((10..STEPS - 1).contains(&last), "{last} steps");
}

#[tokio::test]
async fn a_kill_while_a_webhook_is_disabled_and_reported_loses_nothing() {
    let mut last = 0;
    for steps in 0..STEPS {
        let world = with_open_circuit().await;
        let mut health = world.health().await;
        let streak = health.streak.as_mut().unwrap();
        streak.since -= SignedDuration::from_hours(5 * 24);
        let change = hooklane_domain::isolation::health::Change { health, lane: None, watch: None };
        use hooklane_app::ports::HealthStore as _;
        world.registry().save_health(&tenant(), world.webhook.id, &change).await.unwrap();
        let long_ago = world.clock_now() - SignedDuration::from_hours(9 * 24);
        world
            .update_webhook(|w| hooklane_domain::webhook::Webhook { updated_at: long_ago, ..w })
            .await;
        world.faults.die_after(steps);
        let _ = world.upkeep.run().await;
        let killed = world.faults.died();
        world.faults.revive();
        world.run_minutes(3).await;
        assert!(!world.stored_webhook().await.state.is_active(), "after {steps}");
        assert_eq!(
            world.operational_events(),
            ["webhook.disabled", "webhook.failing"],
            "after {steps}"
        );
        assert!(world.health().await.owed.is_empty());
        last = steps;
        if !killed {
            break;
        }
    }
    assert!((8..STEPS - 1).contains(&last), "{last} steps");
}

#[tokio::test]
async fn a_kill_while_deliveries_wait_for_slots_loses_nothing() {
    use hooklane_domain::webhook::Webhook;
    use hooklane_domain::webhook::limits::RateLimit;
    for steps in 0..60 {
        let mut world = World::with_policy(r#"{"schedule":[5]}"#).await;
        let limit = Some(RateLimit::new(1, 600).unwrap());
        world.update_webhook(|w| Webhook { rate_limit: limit, ..w }).await;
        let events = ["e0", "e1", "e2", "e3"];
        for event in events {
            world.publish(event).await;
        }
        killed_batch(&mut world, Lane::Fast, steps).await;
        world.run_minutes(120).await;
        all_delivered(&world, &events, &format!("killed after {steps} steps")).await;
        let attempts: u32 = world.ledger.all_deliveries().iter().map(attempts).sum();
        assert_eq!(attempts, 4, "after {steps}: waiting counts as no attempt");
    }
}

fn attempts(delivery: &Delivery) -> u32 {
    delivery.attempts
}
