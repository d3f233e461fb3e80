//! Waiting by visibility timeout, against queues that refuse what SQS refuses.

use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::delivery::{State, Status};
use jiff::SignedDuration;

use super::world::{World, answer, answer_with};

#[tokio::test]
async fn a_short_wait_is_hidden_in_the_fast_lane() {
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
async fn a_longer_wait_moves_to_the_retry_queue_under_the_next_generation() {
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
async fn twelve_and_twenty_four_hours_work_although_sqs_hides_for_twelve_at_most() {
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
async fn a_policy_of_ten_days_outlives_the_retention_of_its_queue() {
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
async fn a_message_that_would_soon_be_forgotten_is_sent_afresh() {
    let world = World::with_policy(r#"{"schedule":[86400]}"#).await;
    world.answers([answer(500)]);
    world.publish("e1").await;
    world.step(Lane::Fast).await;
    // Something kept the message from being received for eleven days, and the wait is not over yet.
    let later = world.clock_now() + SignedDuration::from_hours(12 * 24);
    let mut delivery = world.delivery("e1").await;
    if let State::Waiting { next_attempt_at, .. } = &mut delivery.state {
        *next_attempt_at = later;
    }
    world.write(&delivery).await;
    world.pass(SignedDuration::from_hours(11 * 24));
    world.step(Lane::Slow).await;
    let afresh = world.delivery("e1").await;
    assert_eq!(afresh.generation, 2);
    assert_eq!(afresh.next_attempt_at(), Some(later));
    assert_eq!(world.queues.count(Lane::Slow), 1);
    world.run_until_quiet().await;
    assert_eq!(world.delivery("e1").await.status(), Status::Delivered);
    assert_eq!(world.posts(), 2);
}

#[tokio::test]
async fn a_retry_after_pushes_the_next_attempt_but_never_pulls_it() {
    for (wait, expected) in [("3", 10), ("30", 30), ("200", 200)] {
        let world = World::with_policy(r#"{"schedule":[10]}"#).await;
        world.answers([answer_with(429, &[("Retry-After", wait)])]);
        world.publish("e1").await;
        world.run_until_quiet().await;
        assert_eq!(world.seconds_of_posts(), [0, expected]);
    }
}
