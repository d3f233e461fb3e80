//! Tests of the pipeline over the fakes, which pass the same conformance suite as the real tables and queues.

mod canary;
mod circuit;
mod deaths;
mod duplicates;
mod endings;
mod expressions;
mod faults;
mod gaps;
mod interleavings;
mod limits;
mod metrics;
mod newer;
mod overrides;
mod parked;
mod recovering;
mod script;
mod shared;
mod upkeep;
mod waiting;
mod world;

use hooklane_app::deadline::Deadline;
use hooklane_app::fakes::Gatherers;
use hooklane_app::ports::DeliveryStore as _;
use hooklane_domain::delivery::Status;
use hooklane_domain::delivery::waiting::Lane;
use jiff::SignedDuration;

use script::answer;
use world::World;

#[tokio::test]
async fn a_prompt_success_costs_one_attempt_and_one_write() {
    let world = World::with_policy(r#"{"schedule":[1]}"#).await;
    world.publish("e1").await;
    world.run_until_quiet().await;
    let delivery = world.delivery("e1").await;
    assert_eq!(delivery.status(), Status::Delivered);
    assert_eq!((delivery.attempts, delivery.revision), (1, 1), "one attempt, one write");
    assert_eq!(world.posts(), 1);
    let attempts = world.ledger.attempts(&delivery).await.unwrap();
    assert_eq!(attempts.len(), 1);
    assert_eq!(world.attempt_items().await, [], "the log reads it from the delivery's item");
}

#[tokio::test]
async fn deliveries_without_an_item_are_gathered_until_their_work_has_ended() {
    let world = World::with_policy(r#"{"schedule":[1]}"#).await;
    for event in ["e1", "e2", "e3"] {
        world.publish(event).await;
    }
    world.answers([answer(500)]);
    assert_eq!(world.step(Lane::Fast).await, 3);
    assert_eq!(world.ledger.gatherers(), Gatherers { now: 0, most: 3 });

    let again = World::with_policy(r#"{"schedule":[1]}"#).await;
    again.publish("e1").await;
    again.answers([answer(500)]);
    again.step(Lane::Fast).await;
    again.advance(SignedDuration::from_secs(1));
    for event in ["e2", "e3"] {
        again.publish(event).await;
    }
    assert_eq!(again.step(Lane::Fast).await, 3);
    assert_eq!(again.ledger.gatherers(), Gatherers { now: 0, most: 2 }, "a retry has an item");
}

#[tokio::test]
async fn a_late_success_has_an_item_of_its_own() {
    let world = World::with_policy(r#"{"schedule":[2,50]}"#).await;
    world.answers([answer(500), answer(500)]);
    world.publish("e1").await;
    world.run_until_quiet().await;
    assert_eq!(world.attempt_items().await, [(3, Some(200)), (2, Some(500)), (1, Some(500))]);

    let prompt = World::with_policy(r#"{"schedule":[2]}"#).await;
    prompt.answers([answer(500)]);
    prompt.publish("e1").await;
    prompt.run_until_quiet().await;
    assert_eq!(prompt.attempt_items().await, [(1, Some(500))], "a retry can also be prompt");
}

#[tokio::test]
async fn retries_follow_the_schedule_of_the_policy() {
    let world = World::with_policy(r#"{"schedule":[2,50]}"#).await;
    world.answers([answer(500), answer(503), answer(200)]);
    world.publish("e1").await;
    world.run_until_quiet().await;
    let delivery = world.delivery("e1").await;
    assert_eq!(delivery.status(), Status::Delivered);
    assert_eq!(world.seconds_of_posts(), [0, 2, 52]);
    let attempts = world.ledger.attempts(&delivery).await.unwrap();
    let numbers: Vec<_> = attempts.iter().map(|a| (a.number, a.outcome.status())).collect();
    assert_eq!(numbers, [(1, Some(500)), (2, Some(503)), (3, Some(200))]);
}

#[tokio::test]
async fn every_attempt_has_the_same_body_and_id() {
    let world = World::with_policy(r#"{"schedule":[1,1]}"#).await;
    world.answers([answer(500), answer(500), answer(200)]);
    world.publish("e1").await;
    world.run_until_quiet().await;
    let requests = world.requests();
    assert_eq!(requests.len(), 3);
    assert!(requests.iter().all(|r| r.body == requests[0].body));
    for request in &requests {
        let id = request.headers.iter().find(|(name, _)| name == "webhook-id");
        assert_eq!(id.map(|(_, value)| value.as_str()), Some("e1"));
    }
}

#[tokio::test]
async fn the_sample_batch_of_the_readme_is_handled() {
    let world = World::with_policy(r#"{"schedule":[1]}"#).await;
    let sample = include_str!("../../../events/delivery.json");
    let answer =
        crate::handle(&world.pipeline, serde_json::from_str(sample).unwrap(), Deadline::never())
            .await
            .unwrap();
    assert_eq!(answer.staying(), 0);
    // The webhook does not exist here, so the delivery is cancelled without a POST.
    assert_eq!(world.posts(), 0);
    assert!(world.dead_letters.all_dead_letters().is_empty());
}
