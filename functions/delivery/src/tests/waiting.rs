//! Waits by visibility timeout. The fake queues refuse what SQS refuses.

use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::delivery::{State, Status};
use jiff::SignedDuration;

use super::script::{answer, answer_with};
use super::world::World;

#[tokio::test]
async fn a_message_with_a_short_wait_is_hidden_in_the_fast_lane() {
    let world = World::with_policy(r#"{"schedule":[60]}"#).await;
    world.answers([answer(500)]);
    world.publish("e1").await;
    world.step(Lane::Fast).await;
    assert_eq!((world.queues.count(Lane::Fast), world.queues.count(Lane::Slow)), (1, 0));
    assert_eq!(world.delivery("e1").await.generation, 0);
    world.run_until_quiet().await;
    assert_eq!(world.seconds_of_posts(), [0, 60]);
}

#[tokio::test]
async fn a_longer_wait_moves_to_the_retry_queue_with_the_next_generation() {
    let world = World::with_policy(r#"{"schedule":[61]}"#).await;
    world.answers([answer(500)]);
    world.publish("e1").await;
    world.step(Lane::Fast).await;
    assert_eq!((world.queues.count(Lane::Fast), world.queues.count(Lane::Slow)), (0, 1));
    let delivery = world.delivery("e1").await;
    assert_eq!((delivery.generation, delivery.status()), (1, Status::Retrying));
    assert!(matches!(delivery.state, State::Waiting { owner: Some(_), .. }));
    world.run_until_quiet().await;
    assert_eq!(world.seconds_of_posts(), [0, 61]);
}

#[tokio::test]
async fn waits_may_be_longer_than_the_twelve_hours_that_sqs_hides_a_message() {
    for seconds in [43_199, 43_200, 43_201, 86_400] {
        let world = World::with_policy(&format!(r#"{{"schedule":[{seconds},{seconds}]}}"#)).await;
        world.answers([answer(500), answer(500)]);
        world.publish("e1").await;
        world.run_until_quiet().await;
        assert_eq!(world.seconds_of_posts(), [0, seconds, 2 * seconds]);
        assert_eq!(world.queues.refusals(), 0);
        let delivery = world.delivery("e1").await;
        assert_eq!((delivery.status(), delivery.attempts), (Status::Delivered, 3));
    }
}

#[tokio::test]
async fn a_policy_may_be_longer_than_the_retention_of_the_queue() {
    let world = World::with_policy(
        r#"{"schedule":[86400,86400,86400,86400,86400,86400,86400,86400,86400,86400]}"#,
    )
    .await;
    world.answers([(); 11].map(|()| answer_with(503, &[("retry-after", "86400")])));
    world.publish("e1").await;
    world.run_until_quiet().await;
    let delivery = world.delivery("e1").await;
    assert_eq!((delivery.status(), delivery.attempts), (Status::Failed, 11));
    assert_eq!(world.queues.refusals(), 0);
}

#[tokio::test]
async fn a_message_near_the_end_of_its_retention_is_replaced_by_a_new_one() {
    let world = World::with_policy(r#"{"schedule":[86400]}"#).await;
    world.answers([answer(500)]);
    world.publish("e1").await;
    world.step(Lane::Fast).await;
    // The message was not received for eleven days, and the wait is not over yet.
    let later = world.clock_now() + SignedDuration::from_hours(12 * 24);
    let mut delivery = world.delivery("e1").await;
    if let State::Waiting { next_attempt_at, .. } = &mut delivery.state {
        *next_attempt_at = later;
    }
    world.write(&delivery).await;
    world.advance(SignedDuration::from_hours(11 * 24));
    world.step(Lane::Slow).await;
    let replaced = world.delivery("e1").await;
    assert_eq!(replaced.generation, 2);
    assert_eq!(replaced.next_attempt_at(), Some(later));
    assert_eq!(world.queues.count(Lane::Slow), 1);
    world.run_until_quiet().await;
    assert_eq!(world.delivery("e1").await.status(), Status::Delivered);
    assert_eq!(world.posts(), 2);
}

#[tokio::test]
async fn retry_after_delays_the_next_attempt_but_never_brings_it_forward() {
    for (wait, expected) in [("3", 10), ("30", 30), ("200", 200)] {
        let world = World::with_policy(r#"{"schedule":[10]}"#).await;
        world.answers([answer_with(429, &[("Retry-After", wait)])]);
        world.publish("e1").await;
        world.run_until_quiet().await;
        assert_eq!(world.seconds_of_posts(), [0, expected]);
    }
}
