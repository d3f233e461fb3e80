//! The lines with metrics that runs print.

use hooklane_aws::telemetry::printed::hold;

use hooklane_domain::canary::Schedule;
use hooklane_domain::isolation::recovery::WantedStatus;

use super::recover::{missed, start_thorough};
use super::world::{BRAKE_LIMIT, World, minutes};

#[tokio::test]
async fn a_run_counts_itself_and_what_it_measured() {
    let world = World::new();
    let webhook = world.watched_webhook(1).await;
    world.park(&webhook, "e1").await;
    hold("upkeep-healthy", "upkeep", async {
        assert_eq!(world.run().await.released, 1);
    })
    .await;
}

#[tokio::test]
async fn a_run_says_that_the_brake_is_on() {
    let world = World::new();
    let webhook = world.webhook(1, |webhook| webhook).await;
    world.hold_in_flight(&webhook, usize::try_from(BRAKE_LIMIT).unwrap() + 1).await;
    hold("upkeep-brake", "upkeep", async {
        world.run().await;
    })
    .await;
}

#[tokio::test]
async fn a_run_that_ends_with_an_error_counts_for_nothing() {
    let world = World::new();
    hold("upkeep-failing", "upkeep", async {
        world.faults.die_after(0);
        assert!(world.upkeep.run().await.is_err());
    })
    .await;
}

/// Four events were skipped, and SQS refuses each message.
#[tokio::test]
async fn a_run_counts_the_messages_that_are_refused_for_good() {
    let world = World::new();
    let webhook = missed(&world).await;
    start_thorough(&world, &webhook, WantedStatus::Skipped).await;
    world.queues.refuse(webhook.id);
    hold("upkeep-dead-letters", "upkeep", async {
        world.run().await;
    })
    .await;
}

#[tokio::test]
async fn a_run_says_what_it_learnt_of_the_canary() {
    let mut world = World::new();
    world.upkeep.deps.canary = Schedule::of_minutes(5);
    world.run().await;
    world.pass(minutes(3));
    hold("canary-missed", "upkeep", async {
        assert_eq!(world.run().await.canary.map(|canary| canary.arrived), Some(false));
    })
    .await;
}
