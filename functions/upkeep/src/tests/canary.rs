//! Canaries, as a run sends and sees them.

use hooklane_app::ports::CanaryStore as _;
use hooklane_domain::canary::{Canary, Schedule, Sighting, event_of};

use super::world::{World, minutes, seconds};
use crate::Upkeep;

fn world() -> World {
    let mut world = World::new();
    world.upkeep.deps.canary = Schedule::of_minutes(5);
    world
}

async fn newest(world: &World) -> Canary {
    world.ledger.canary().await.unwrap().unwrap()
}

/// The ids of the canaries that were sent to the event queue.
fn sent(world: &World) -> Vec<String> {
    let bodies = world.queues.take_events();
    bodies.iter().map(|body| event_of(body).unwrap().id.unwrap().to_string()).collect()
}

#[tokio::test]
async fn a_canary_is_sent_every_five_minutes_and_the_runs_say_whether_it_arrived() {
    let world = world();
    assert_eq!(world.run().await.canary, None, "the first run has seen none");
    let first = newest(&world).await;
    assert_eq!(sent(&world), [first.id.to_string()]);
    assert!(world.ledger.canary_arrived(&first.id, world.now() + seconds(2)).await.unwrap());
    let arrived = Sighting { arrived: true, took_ms: Some(2_000) };
    for _ in 1..5 {
        world.pass(minutes(1));
        assert_eq!(world.run().await.canary, Some(arrived));
        assert_eq!(sent(&world), [""; 0]);
    }
    world.pass(minutes(1));
    assert_eq!(world.run().await.canary, Some(arrived));
    let second = newest(&world).await;
    assert_eq!(sent(&world), [second.id.to_string()]);
    // It does not arrive.
    for (minute, took_ms) in [(6, true), (7, false), (8, false)] {
        world.pass(minutes(1));
        let said = world.run().await.canary.unwrap();
        assert_eq!((said.arrived, said.took_ms), (took_ms, None), "minute {minute}");
    }
}

#[tokio::test]
async fn no_canary_is_sent_where_none_is_wanted() {
    let world = World::new();
    assert_eq!(world.run().await.canary, None);
    assert_eq!(world.ledger.canary().await.unwrap(), None);
    assert_eq!(sent(&world), [""; 0]);
}

#[tokio::test]
async fn a_restart_goes_on_with_the_canary_that_was_sent() {
    let mut world = world();
    world.run().await;
    let id = newest(&world).await.id;
    world.ledger.canary_arrived(&id, world.now()).await.unwrap();
    let another = self::world();
    let deps = std::mem::replace(&mut world.upkeep, another.upkeep).deps;
    world.upkeep = Upkeep::new(deps);
    world.pass(minutes(1));
    assert!(world.run().await.canary.unwrap().arrived);
    assert_eq!(newest(&world).await.id, id);
}

/// A run that dies after it wrote a canary has not sent it. It counts as missing, and the next one is sent.
#[tokio::test]
async fn a_canary_that_the_event_queue_does_not_take_counts_as_missing_and_harms_no_run() {
    let world = world();
    // The mark of the run, the brake (3 calls), the canary's item twice, and then the event queue.
    world.faults.die_after(6);
    world.upkeep.run().await.unwrap_err();
    world.faults.revive();
    let lost = newest(&world).await.id;
    assert_eq!(sent(&world), [""; 0]);
    world.pass(minutes(2));
    assert!(!world.run().await.canary.unwrap().arrived);
    world.pass(minutes(3));
    world.run().await;
    assert_ne!(newest(&world).await.id, lost);
    assert_eq!(sent(&world).len(), 1);
}

#[tokio::test]
async fn the_line_of_a_run_has_the_canary_as_numbers() {
    let world = world();
    let said = async |world: &World| {
        let lines = super::spans::lines(world).await;
        let done = lines.into_iter().find(|line| line["fields"]["message"] == "run.done").unwrap();
        ["run.canary_arrived", "run.canary_seconds"].map(|name| done["fields"].get(name).cloned())
    };
    assert_eq!(said(&world).await, [None, None], "nothing is known");
    let at = world.now() + jiff::SignedDuration::from_millis(1_250);
    assert!(world.ledger.canary_arrived(&newest(&world).await.id, at).await.unwrap());
    world.pass(minutes(1));
    assert_eq!(said(&world).await, [Some(1.into()), Some(1.25.into())]);
    world.pass(minutes(4));
    said(&world).await;
    world.pass(minutes(2));
    assert_eq!(said(&world).await, [Some(0.into()), None]);
}
