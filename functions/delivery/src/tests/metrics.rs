//! The lines with metrics that batches print.

use std::time::Duration;

use hooklane_app::deadline::Deadline;
use hooklane_aws::telemetry::printed::hold;
use hooklane_domain::delivery::Status;
use hooklane_domain::delivery::waiting::Lane;
use jiff::SignedDuration;

use super::circuit::with_open_circuit;
use super::script::answer;
use super::world::{World, task};
use crate::task::Task;

async fn publish(world: &World, count: usize) {
    for n in 0..count {
        world.publish(&format!("e{n}")).await;
    }
}

#[tokio::test]
async fn a_batch_that_goes_well() {
    let world = World::with_policy(r#"{"schedule":[1]}"#).await;
    publish(&world, 10).await;
    world.advance(SignedDuration::from_millis(300));
    hold("delivery-healthy", "delivery", world.run_until_quiet()).await;
}

/// The deliveries fail in less time than a circuit takes to open.
#[tokio::test]
async fn deliveries_that_need_a_retry_and_then_fail() {
    let world = World::with_policy(r#"{"schedule":[1]}"#).await;
    world.set_down(true);
    publish(&world, 3).await;
    hold("delivery-failing", "delivery", world.run_until_quiet()).await;
    assert_eq!(world.delivery("e0").await.status(), Status::Failed);
}

#[tokio::test]
async fn a_slow_receiver() {
    let world = World::with_policy(r#"{"schedule":[1]}"#).await;
    *world.sender.response_time.lock().unwrap() = Duration::from_secs(6);
    publish(&world, 2).await;
    hold("delivery-slow", "delivery", world.run_until_quiet()).await;
}

#[tokio::test]
async fn a_retry_in_the_slow_lane() {
    let world = World::with_policy(r#"{"schedule":[120]}"#).await;
    world.answers([answer(500)]);
    publish(&world, 1).await;
    hold("delivery-retried", "delivery", world.run_until_quiet()).await;
    assert_eq!(world.delivery("e0").await.status(), Status::Delivered);
}

/// A customer whose receiver has failed for minutes: the probes fail too, and nothing is counted.
#[tokio::test]
async fn attempts_at_a_webhook_whose_circuit_is_open_are_left_out() {
    let world = with_open_circuit().await;
    publish(&world, 3).await;
    let posts = world.posts();
    hold("delivery-circuit-open", "delivery", async {
        world.run_minutes(12).await;
    })
    .await;
    assert!(world.posts() > posts + 1, "several probes were made");
    assert!(!world.health().await.circuit.is_closed());
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_a_dead_letter() {
    let world = World::with_policy(r#"{"schedule":[1]}"#).await;
    world.publish("e1").await;
    let received = world.queues.receive(Lane::Fast).remove(0);
    hold("delivery-dead-letters", "delivery", async {
        let garbage = Task { body: "not json".to_owned(), ..task(received) };
        world.pipeline.work(&[garbage], Deadline::never()).await;
    })
    .await;
    assert_eq!(world.dead_letters.all_dead_letters().len(), 1);
}
