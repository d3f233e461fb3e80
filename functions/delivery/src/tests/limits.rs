//! The rate limit of a webhook: a delivery over the limit waits for its slot, which counts as no attempt.

use hooklane_app::pausing::Resumption;
use hooklane_app::ports::SlotStore as _;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::delivery::{ParkReason, State, Status};
use hooklane_domain::webhook::Webhook;
use hooklane_domain::webhook::limits::RateLimit;

use super::script::answer;
use super::world::World;

async fn limited(requests: u64, per_seconds: u64, events: usize) -> World {
    let world = World::with_policy(r#"{"schedule":[5]}"#).await;
    let limit = Some(RateLimit::new(requests, per_seconds).unwrap());
    world.update_webhook(|w| Webhook { rate_limit: limit, ..w }).await;
    for n in 0..events {
        world.publish(&format!("e{n:02}")).await;
    }
    world
}

#[tokio::test]
async fn deliveries_over_the_limit_wait_for_their_slots() {
    let world = limited(1, 10, 8).await;
    world.run_until_quiet().await;
    assert_eq!(world.seconds_of_posts(), [0, 10, 20, 30, 40, 50, 60, 70]);
    for n in 0..8 {
        let delivery = world.delivery(&format!("e{n:02}")).await;
        assert_eq!((delivery.status(), delivery.attempts), (Status::Delivered, 1));
        assert_eq!(delivery.slot, None, "the attempt used it up");
    }
    let counts = world.ledger.slots_taken(world.webhook.id).await.unwrap();
    assert_eq!((counts.taken, counts.waited), (8, 7));
    assert_eq!(world.queues.refusals(), 0);
}

/// The contract `task-hub` has a limit of 60 requests a minute for each webhook.
#[tokio::test]
async fn the_contracts_limit_holds_for_a_webhook_without_its_own() {
    let world = limited(1, 10, 0).await;
    let contract = "task-hub".parse().unwrap();
    world.update_webhook(|w| Webhook { rate_limit: None, contract, ..w }).await;
    for n in 0..4 {
        world.publish(&format!("e{n:02}")).await;
    }
    world.run_until_quiet().await;
    assert_eq!(world.seconds_of_posts(), [0, 1, 2, 3]);
    let counts = world.ledger.slots_taken(world.webhook.id).await.unwrap();
    assert_eq!((counts.taken, counts.waited), (4, 3));
}

#[tokio::test]
async fn a_retry_takes_a_slot_too() {
    let world = limited(1, 10, 2).await;
    world.answers([answer(500)]);
    world.run_until_quiet().await;
    // The retry is due after 5 seconds. The slot at 10 seconds is taken, so it gets the next one.
    assert_eq!(world.seconds_of_posts(), [0, 10, 20]);
    assert_eq!(world.delivery("e00").await.attempts, 2);
}

#[tokio::test]
async fn a_duplicate_of_a_waiting_delivery_takes_no_second_slot() {
    let world = limited(1, 10, 2).await;
    world.step(Lane::Fast).await;
    world.publish("e01").await;
    world.run_until_quiet().await;
    assert_eq!(world.posts(), 2);
    let counts = world.ledger.slots_taken(world.webhook.id).await.unwrap();
    assert_eq!(counts.taken, 2);
}

#[tokio::test]
async fn a_delivery_with_a_distant_slot_is_parked() {
    let world = limited(1, 600, 4).await;
    while world.step(Lane::Fast).await > 0 {}
    let parked = world.delivery("e02").await;
    assert!(
        matches!(parked.state, State::Parked { reason: ParkReason::RateLimit, .. }),
        "{parked:?}"
    );
    assert_eq!(parked.status(), Status::Pending);
    assert!(matches!(world.delivery("e01").await.state, State::Waiting { .. }));
    world.run_minutes(35).await;
    let seconds = world.seconds_of_posts();
    assert_eq!(seconds.len(), 4);
    for (n, second) in (0..).zip(&seconds) {
        // `upkeep` releases once a minute.
        assert!((n * 600..n * 600 + 70).contains(second), "{seconds:?}");
    }
    let counts = world.ledger.slots_taken(world.webhook.id).await.unwrap();
    assert_eq!(counts.taken, 4, "each keeps its slot");
}

#[tokio::test]
async fn a_low_rate_limit_does_not_starve_parked_deliveries() {
    let world = limited(2, 60, 0).await;
    hooklane_app::pausing::pause(
        world.registry(),
        &world.clock,
        (&super::world::tenant(), world.webhook.id),
    )
    .await
    .unwrap();
    for n in 0..12 {
        world.publish(&format!("e{n:02}")).await;
    }
    world.run_minutes(1).await;
    world.resume(Resumption::default()).await;
    world.run_minutes(1).await;
    assert!(world.posts() <= 3, "one minute's slots at a time");
    world.run_minutes(10).await;
    assert_eq!(world.posts(), 12);
}
