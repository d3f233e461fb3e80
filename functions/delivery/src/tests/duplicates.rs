//! Standard queues and streams deliver some messages twice. Only one message acts for a delivery.

use hooklane_app::deadline::Deadline;
use hooklane_app::ports::DeliveryStore as _;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::delivery::{MessageId, State, Status, Turn};
use jiff::SignedDuration;

use super::script::answer;
use super::world::{World, task};

#[tokio::test]
async fn a_duplicate_after_the_end_causes_no_post_and_no_write() {
    let world = World::with_policy(r#"{"schedule":[1]}"#).await;
    world.publish("e1").await;
    world.run_until_quiet().await;
    world.publish("e1").await;
    world.run_until_quiet().await;
    assert_eq!(world.posts(), 1);
    assert_eq!(world.delivery("e1").await.revision, 1);
}

#[tokio::test]
async fn a_duplicate_during_a_wait_causes_no_post() {
    for schedule in ["[5,5,5]", "[100,100,100]"] {
        let world = World::with_policy(&format!(r#"{{"schedule":{schedule}}}"#)).await;
        world.answers([(); 4].map(|()| answer(500)));
        world.publish("e1").await;
        world.step(Lane::Fast).await;
        world.publish("e1").await;
        world.publish("e1").await;
        world.run_until_quiet().await;
        assert_eq!(world.posts(), 4, "{schedule}");
        assert_eq!(world.delivery("e1").await.status(), Status::Failed);
    }
}

#[tokio::test]
async fn two_messages_at_once_cause_one_extra_post_and_leave_one_message() {
    for schedule in ["[5,5]", "[100,100]"] {
        let world = World::with_policy(&format!(r#"{{"schedule":{schedule}}}"#)).await;
        world.answers([(); 4].map(|()| answer(500)));
        world.publish("e1").await;
        world.publish("e1").await;
        world.step(Lane::Fast).await;
        assert_eq!(world.posts(), 2);
        world.run_until_quiet().await;
        assert_eq!(world.posts(), 4, "two at once, then one for each retry: {schedule}");
        let delivery = world.delivery("e1").await;
        assert_eq!((delivery.status(), delivery.attempts), (Status::Failed, 4));
        // The clock stands still during a batch, and still each attempt is kept.
        let kept = world.ledger.attempts(&delivery).await.unwrap();
        assert_eq!(kept.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [1, 1, 3, 4]);
    }
}

#[tokio::test]
async fn one_success_of_two_messages_at_once_ends_delivered() {
    for answers in [[answer(200), answer(500)], [answer(500), answer(200)]] {
        let world = World::with_policy(r#"{"schedule":[5]}"#).await;
        world.answers(answers);
        world.publish("e1").await;
        world.publish("e1").await;
        world.run_until_quiet().await;
        assert_eq!(world.posts(), 2);
        assert_eq!(world.delivery("e1").await.status(), Status::Delivered);
    }
}

#[tokio::test]
async fn a_duplicate_replaces_a_lost_owner_once_the_delivery_is_long_overdue() {
    let world = World::with_policy(r#"{"schedule":[5]}"#).await;
    world.answers([answer(500)]);
    world.publish("e1").await;
    world.step(Lane::Fast).await;
    let lost = world
        .delivery("e1")
        .await
        .handed_to(Turn { generation: 0, owner: MessageId("lost".to_owned()) }, world.clock_now());
    world.write(&lost).await;
    world.advance(SignedDuration::from_secs(5 + 900));
    world.publish("e1").await;
    world.step(Lane::Fast).await;
    assert_eq!(world.posts(), 1, "not overdue for long enough");
    world.advance(SignedDuration::from_secs(1));
    world.publish("e1").await;
    world.run_until_quiet().await;
    assert_eq!(world.posts(), 2);
    assert_eq!(world.delivery("e1").await.status(), Status::Delivered);
}

#[tokio::test]
async fn a_lost_owner_is_replaced_although_the_duplicate_was_deleted_by_another_receipt() {
    let world = World::with_policy(r#"{"schedule":[5,5]}"#).await;
    world.answers([answer(500), answer(500)]);
    world.publish("e1").await;
    world.step(Lane::Fast).await;
    world.advance(SignedDuration::from_secs(5));
    let lost = world.queues.receive(Lane::Fast).into_iter().map(task);
    lost.for_each(|task| world.queues.delete(&task.message));
    world.publish("e1").await;
    world.advance(SignedDuration::from_secs(901));
    let tasks: Vec<_> = world.queues.receive(Lane::Fast).into_iter().map(task).collect();
    world.pipeline.work(&tasks, Deadline::never()).await;
    assert_eq!(tasks.len(), 1, "only the duplicate");
    // Another receipt of the duplicate discarded it a moment earlier, when the delivery was not yet overdue
    // for long enough.
    world.queues.delete(&tasks[0].message);
    world.run_until_quiet().await;
    assert_eq!(world.posts(), 3);
    assert_eq!(world.delivery("e1").await.status(), Status::Delivered);
}

#[tokio::test]
async fn a_message_of_a_newer_generation_takes_over_its_delivery() {
    let world = World::with_policy(r#"{"schedule":[5]}"#).await;
    world.answers([answer(500)]);
    world.send(&world.message("e1", 3)).await;
    world.step(Lane::Fast).await;
    assert_eq!(world.delivery("e1").await.generation, 3);
    world.publish("e1").await;
    world.run_until_quiet().await;
    assert_eq!(world.posts(), 2, "the older message was not needed");
}

#[tokio::test]
async fn a_success_is_kept_although_the_item_changed_during_the_post() {
    let world = World::with_policy(r#"{"schedule":[5]}"#).await;
    world.write_during_next_post(world.newer_wait("e1"));
    world.publish("e1").await;
    world.run_until_quiet().await;
    assert_eq!(world.posts(), 1, "a conflicting write causes no second POST");
    let delivery = world.delivery("e1").await;
    assert_eq!((delivery.status(), delivery.attempts), (Status::Delivered, 1));
}

#[tokio::test]
async fn a_failure_is_kept_but_the_state_written_during_the_post_stays() {
    let world = World::with_policy(r#"{"schedule":[5]}"#).await;
    let newer = world.newer_wait("e1");
    world.write_during_next_post(newer.clone());
    world.answers([answer(500)]);
    world.publish("e1").await;
    world.run_until_quiet().await;
    assert_eq!(world.posts(), 1);
    let delivery = world.delivery("e1").await;
    assert_eq!(delivery.state, newer.state);
    assert!(matches!(delivery.state, State::Waiting { .. }));
    assert_eq!(delivery.failed_at.len(), 1);
}
