//! A function may die between any two steps. Each scenario here is run again and again, dying after the
//! first call of a port, the second, and so on to the end; afterwards, with time and other instances,
//! nothing is lost and nothing is left open.

use hooklane_app::pausing::{pause, resume};
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::delivery::{Delivery, Status};
use jiff::SignedDuration;

use super::circuit::{opened, slowed};
use super::world::{World, tenant};

/// More than any scenario has.
const STEPS: u32 = 120;

/// Everything comes to its end, delivered, and nobody waits for anything.
async fn all_delivered(world: &World, events: &[&str], what: &str) {
    for event in events {
        let delivery = world.delivery(event).await;
        assert_eq!(delivery.status(), Status::Delivered, "{event}, {what}: {delivery:?}");
    }
    assert!(world.pointers().await.is_empty(), "{what}");
    assert!(world.health().await.circuit.is_closed(), "{what}");
    assert_eq!(world.stored().await.lane, Lane::Fast, "{what}");
    assert!(world.dead_letters.all_dead_letters().is_empty(), "{what}");
}

/// One batch of the fast lane, in which the function dies after so many steps; whether it did.
async fn dying_batch(world: &mut World, lane: Lane, steps: u32) -> bool {
    world.faults.die_after(steps);
    world.step(lane).await;
    let died = world.faults.died();
    world.faults.revive();
    world.restart();
    died
}

#[tokio::test]
async fn while_the_circuit_opens() {
    let mut last = 0;
    for steps in 0..STEPS {
        let mut world = World::with_policy(r#"{"schedule":[10,10,10,10,10,10,10,10,10,10]}"#).await;
        world.set_down(true);
        world.publish("e1").await;
        for _ in 0..9 {
            world.step(Lane::Fast).await;
            world.pass(SignedDuration::from_secs(10));
        }
        assert!(world.health().await.circuit.is_closed());
        let died = dying_batch(&mut world, Lane::Fast, steps).await;
        // Opened or not, it is one of the two altogether.
        let open = !world.health().await.circuit.is_closed();
        assert_eq!(world.stored().await.lane == Lane::Slow, open, "after {steps}");
        assert_eq!(world.health().await.owed.len(), usize::from(open), "after {steps}");
        world.publish("e2").await;
        world.set_down(false);
        world.minutes(60).await;
        all_delivered(&world, &["e1", "e2"], &format!("dead after {steps} steps")).await;
        let reported = if open { vec!["webhook.failing", "webhook.recovered"] } else { vec![] };
        assert_eq!(world.published(), reported, "after {steps}");
        last = steps;
        if !died {
            break;
        }
    }
    assert!((3..STEPS - 1).contains(&last), "{last} steps");
}

#[tokio::test]
async fn while_a_message_changes_its_lane() {
    let mut last = 0;
    for steps in 0..STEPS {
        let mut world = slowed().await;
        let died = dying_batch(&mut world, Lane::Fast, steps).await;
        world.minutes(60).await;
        for event in ["e1", "e2"] {
            let delivery = world.delivery(event).await;
            assert_eq!(delivery.status(), Status::Delivered, "{event}, dead after {steps} steps");
        }
        assert_eq!(world.posts() - 6, 5 + 1 + 2, "dead after {steps} steps: twins find out");
        last = steps;
        if !died {
            break;
        }
    }
    assert!((5..STEPS - 1).contains(&last), "{last} steps");
}

#[tokio::test]
async fn while_parking_under_an_open_circuit() {
    let mut last = 0;
    for steps in 0..STEPS {
        let mut world = opened().await;
        world.restart();
        world.publish("e1").await;
        world.publish("e2").await;
        let died = dying_batch(&mut world, Lane::Fast, steps).await;
        world.set_down(false);
        world.minutes(60).await;
        all_delivered(&world, &["e1", "e2"], &format!("dead after {steps} steps")).await;
        last = steps;
        if !died {
            break;
        }
    }
    assert!((5..STEPS - 1).contains(&last), "{last} steps");
}

#[tokio::test]
async fn while_parking_for_a_webhook_that_is_resumed_at_that_moment() {
    for steps in 0..40 {
        let mut world = World::with_policy(r#"{"schedule":[1]}"#).await;
        pause(world.registry(), &world.clock, (&tenant(), world.webhook.id)).await.unwrap();
        world.publish("e1").await;
        dying_batch(&mut world, Lane::Fast, steps).await;
        resume(world.registry(), &world.clock, (&tenant(), world.webhook.id), false).await.unwrap();
        // The release may meet the message that died, and its successor.
        world.minutes(30).await;
        all_delivered(&world, &["e1"], &format!("dead after {steps} steps")).await;
        assert_eq!(world.posts(), 1, "after {steps}");
    }
}

#[tokio::test]
async fn while_a_probe_is_made() {
    let mut last = 0;
    for (down, steps) in (0..STEPS).flat_map(|steps| [(true, steps), (false, steps)]) {
        let mut world = opened().await;
        world.publish("e1").await;
        world.step(Lane::Fast).await;
        world.pass(SignedDuration::from_secs(120));
        world.set_down(down);
        world.look_after().await;
        let died = dying_batch(&mut world, Lane::Slow, steps).await;
        world.set_down(false);
        // A probe whose success nobody noted leaves the circuit to the next delivery.
        world.publish("e2").await;
        world.minutes(60).await;
        let what = format!("dead after {steps} steps, down: {down}");
        all_delivered(&world, &["e1", "e2"], &what).await;
        last = steps;
        if !died && !down {
            break;
        }
    }
    assert!((5..STEPS - 1).contains(&last), "{last} steps");
}

#[tokio::test]
async fn while_what_was_parked_is_released() {
    let mut last = 0;
    for steps in 0..STEPS {
        let world = World::with_policy(r#"{"schedule":[1]}"#).await;
        pause(world.registry(), &world.clock, (&tenant(), world.webhook.id)).await.unwrap();
        let events = ["e0", "e1", "e2"];
        for event in events {
            world.publish(event).await;
        }
        world.step(Lane::Fast).await;
        resume(world.registry(), &world.clock, (&tenant(), world.webhook.id), false).await.unwrap();
        world.faults.die_after(steps);
        let _ = world.upkeep.run().await;
        let died = world.faults.died();
        world.faults.revive();
        world.minutes(30).await;
        all_delivered(&world, &events, &format!("dead after {steps} steps")).await;
        assert_eq!(world.posts(), 3, "dead after {steps} steps: twins find out");
        last = steps;
        if !died {
            break;
        }
    }
    assert!((10..STEPS - 1).contains(&last), "{last} steps");
}

#[tokio::test]
async fn while_a_webhook_is_disabled_and_that_is_reported() {
    let mut last = 0;
    for steps in 0..STEPS {
        let world = opened().await;
        let mut health = world.health().await;
        let streak = health.streak.as_mut().unwrap();
        streak.since -= SignedDuration::from_hours(5 * 24);
        let change = hooklane_domain::isolation::health::Change { health, lane: None, watch: None };
        use hooklane_app::ports::HealthStore as _;
        world.registry().save_health(&tenant(), world.webhook.id, &change).await.unwrap();
        let long_ago = world.clock_now() - SignedDuration::from_hours(9 * 24);
        world.revise(|w| hooklane_domain::webhook::Webhook { updated_at: long_ago, ..w }).await;
        world.faults.die_after(steps);
        let _ = world.upkeep.run().await;
        let died = world.faults.died();
        world.faults.revive();
        world.minutes(3).await;
        assert!(!world.stored().await.state.is_active(), "after {steps}");
        assert_eq!(world.published(), ["webhook.disabled", "webhook.failing"], "after {steps}");
        assert!(world.health().await.owed.is_empty());
        last = steps;
        if !died {
            break;
        }
    }
    assert!((8..STEPS - 1).contains(&last), "{last} steps");
}

#[tokio::test]
async fn while_slots_are_waited_for() {
    use hooklane_domain::webhook::Webhook;
    use hooklane_domain::webhook::limits::RateLimit;
    for steps in 0..60 {
        let mut world = World::with_policy(r#"{"schedule":[5]}"#).await;
        let limit = Some(RateLimit::new(1, 600).unwrap());
        world.revise(|w| Webhook { rate_limit: limit, ..w }).await;
        let events = ["e0", "e1", "e2", "e3"];
        for event in events {
            world.publish(event).await;
        }
        dying_batch(&mut world, Lane::Fast, steps).await;
        world.minutes(120).await;
        all_delivered(&world, &events, &format!("dead after {steps} steps")).await;
        let attempts: u32 = world.ledger.all_deliveries().iter().map(attempts).sum();
        assert_eq!(attempts, 4, "after {steps}: waiting spends none");
    }
}

fn attempts(delivery: &Delivery) -> u32 {
    delivery.attempts
}
