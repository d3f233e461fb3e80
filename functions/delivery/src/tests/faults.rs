//! Faults that pass, and writes that are throttled after a POST.

use std::time::Duration;

use hooklane_app::deadline::Deadline;
use hooklane_app::fakes::Refusing;
use hooklane_app::ports::Clock as _;
use hooklane_domain::delivery::Status;
use hooklane_domain::delivery::waiting::Lane;
use jiff::SignedDuration;

use super::script::answer;
use super::world::{World, task};

impl World {
    /// Until when the next message is hidden, in seconds.
    fn hidden_for(&self) -> i64 {
        let next = self.queues.next_visible().expect("a message");
        next.duration_since(self.clock.now()).as_secs()
    }
}

#[tokio::test]
async fn a_passing_fault_hides_a_message_for_ten_seconds_to_a_minute() {
    let world = World::with_policy(r#"{"schedule":[1]}"#).await;
    world.publish("e1").await;
    for seconds in [10, 20, 40, 60, 60] {
        // The delivery cannot be read.
        world.ledger.refuse(Refusing::Reads(1));
        world.step(Lane::Fast).await;
        assert_eq!(world.hidden_for(), seconds);
        world.advance(SignedDuration::from_secs(seconds));
    }
    assert_eq!(world.step(Lane::Fast).await, 1);
    assert_eq!((world.posts(), world.queues.count(Lane::Fast)), (1, 0));
    assert_eq!(world.queues.refusals(), 0);
}

#[tokio::test]
async fn a_busy_webhook_whose_write_after_the_post_is_throttled_gets_no_second_post() {
    for status in [200, 500] {
        let world = World::with_policy(r#"{"schedule":[2]}"#).await;
        world.answers([answer(status)]);
        world.publish("e1").await;
        world.ledger.refuse(Refusing::Writes(6));
        world.step(Lane::Fast).await;
        assert_eq!(world.posts(), 1);
        assert_eq!(world.delivery("e1").await.attempts, 1, "the result is written");
        world.run_until_quiet().await;
        assert_eq!(world.delivery("e1").await.status(), Status::Delivered);
        assert_eq!(world.posts(), if status == 200 { 1 } else { 2 });
    }
}

#[tokio::test]
async fn a_busy_webhooks_writes_are_repeated_only_as_long_as_the_invocation_lasts() {
    let world = World::with_policy(r#"{"schedule":[2]}"#).await;
    world.publish("e1").await;
    world.ledger.refuse(Refusing::Writes(1_000));
    let begun = world.clock_now();
    let tasks: Vec<_> = world.queues.receive(Lane::Fast).into_iter().map(task).collect();
    let deadline = Deadline::after(begun, Duration::from_secs(60));
    world.pipeline.work(&tasks, deadline).await;
    let took = world.clock_now().duration_since(begun).as_secs();
    assert!((10..=44).contains(&took), "{took} s, and one call can take 15 s more");
}

#[tokio::test]
async fn a_busy_webhook_waits_before_its_post_while_its_writes_are_throttled() {
    let world = World::with_policy(r#"{"schedule":[2]}"#).await;
    world.publish("e1").await;
    world.ledger.refuse(Refusing::Writes(1_000));
    world.step(Lane::Fast).await;
    assert_eq!(world.posts(), 1);
    // The pauses between the tries took time.
    world.advance(SignedDuration::ZERO);
    world.publish("e2").await;
    assert_eq!(world.step(Lane::Fast).await, 2);
    assert_eq!(world.posts(), 1, "no request whose result could not be written");
    assert_eq!(world.hidden_for(), 10);
    world.ledger.refuse(Refusing::Nothing);
    world.run_until_quiet().await;
    assert_eq!(world.posts(), 3, "one of the first was made twice");
    for event in ["e1", "e2"] {
        assert_eq!(world.delivery(event).await.status(), Status::Delivered);
    }
}
