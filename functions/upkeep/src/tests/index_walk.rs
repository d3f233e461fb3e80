//! Recoveries by the index of events, which lags behind the events.

use std::collections::BTreeSet;

use hooklane_app::ports::{EventIndexWriter as _, EventStore as _};
use hooklane_domain::event::Event;
use hooklane_domain::event_index::{Chunk, Entry};
use hooklane_domain::isolation::recovery::{Recovery, WantedStatus};
use hooklane_domain::webhook::Webhook;

use super::recover::{is_done, recovery, start_recovery};
use super::world::{World, content, minutes, seconds, tenant};

async fn accept(world: &World, id: &str) -> Event {
    let (id, content) = (id.parse().unwrap(), content("user.created"));
    let event = Event { id, tenant: tenant(), content, accepted_at: world.now(), value: None };
    world.ledger.put(&event).await.unwrap();
    event
}

/// Lets time pass minute by minute, with a run of `upkeep` in each. What is sent has a delivery by the next
/// one, as `delivery` would write it.
async fn run_minutes(world: &World, webhook: &Webhook, count: i64) {
    for _ in 0..count {
        world.pass(minutes(1));
        world.run().await;
        deliver(world, webhook).await;
    }
}

async fn deliver(world: &World, webhook: &Webhook) {
    use hooklane_app::ports::DeliveryStore as _;
    use hooklane_domain::delivery::{Delivery, Status};
    for message in world.messages() {
        let id = message.delivery.clone();
        assert_eq!(id.webhook(), webhook.id);
        if world.ledger.read(std::slice::from_ref(&id)).await.unwrap()[0].is_none() {
            let unwritten = Delivery::unwritten(id, tenant(), message.event_type);
            let done = unwritten
                .cancelled(world.now(), hooklane_domain::delivery::CancelReason::Requested);
            assert_ne!(done.status(), Status::Pending);
            world.ledger.save(&done).await.unwrap();
        }
    }
}

fn sent(world: &World) -> Vec<String> {
    world.sent().into_iter().map(|(event, _)| event).collect()
}

#[tokio::test]
async fn finding_13_events_that_the_index_lists_late_are_recovered_once() {
    let world = World::new();
    let webhook = world.watched_webhook(1).await;
    let mut events = Vec::new();
    for n in 0..6 {
        events.push(accept(&world, &format!("e{n}")).await);
        world.pass(seconds(1));
    }
    for event in &events[..2] {
        world.ledger.index(event, world.now());
    }
    world.pass(seconds(1));
    start_recovery(&world, &webhook, WantedStatus::Skipped).await;
    world.run().await;
    deliver(&world, &webhook).await;
    assert_eq!(sent(&world), ["e0", "e1"]);
    let completed = recovery(&world, &webhook).await;
    assert!(!completed.is_running(), "the tenant may start another one");
    assert!(completed.rechecks_end_at().unwrap() >= world.now() + minutes(25 * 60));

    // A batch of `stats` failed for a quarter of an hour, another one for almost a day.
    run_minutes(&world, &webhook, 8).await;
    world.ledger.index(&events[2], world.now());
    run_minutes(&world, &webhook, 10).await;
    assert_eq!(sent(&world), ["e0", "e1", "e2"]);
    // A replay of the stream writes a chunk with some of the known events again, and others.
    let entries = events[1..4].iter().map(Entry::of).collect();
    for chunk in Chunk::of_events(entries) {
        world.ledger.keep(&tenant(), &chunk, world.now()).await.unwrap();
    }
    run_minutes(&world, &webhook, 23 * 60).await;
    for event in &events[4..] {
        world.ledger.index(event, world.now());
    }
    run_minutes(&world, &webhook, 4 * 60).await;
    let all: Vec<_> = (0..6).map(|n| format!("e{n}")).collect();
    assert_eq!(sent(&world), all, "each once");
    let ended = recovery(&world, &webhook).await;
    assert_eq!((ended.sent, ended.rechecks_end_at()), (6, None));
    assert!(world.watch(&webhook).await.is_none(), "nothing is left to do for the webhook");
}

#[tokio::test]
async fn finding_13_a_recovery_waits_as_long_as_the_index_usually_takes() {
    let world = World::with_index_lag(std::time::Duration::from_secs(10));
    let webhook = world.watched_webhook(1).await;
    let event = accept(&world, "e0").await;
    start_recovery(&world, &webhook, WantedStatus::Skipped).await;
    world.run().await;
    assert!(recovery(&world, &webhook).await.is_running());
    world.ledger.index(&event, world.now() + seconds(6));
    world.pass(seconds(10));
    world.run().await;
    assert_eq!(sent(&world), ["e0"]);
    assert!(is_done(&world, &webhook).await);
}

#[tokio::test]
async fn finding_13_a_recovery_looks_on_for_what_the_one_before_it_could_not_find() {
    let world = World::new();
    let webhook = world.watched_webhook(1).await;
    let late = accept(&world, "late").await;
    start_recovery(&world, &webhook, WantedStatus::Skipped).await;
    world.run().await;
    world.pass(minutes(120));
    // Of another span: the hour before now.
    start_recovery(&world, &webhook, WantedStatus::Failed).await;
    world.run().await;
    world.ledger.index(&late, world.now());
    run_minutes(&world, &webhook, 7 * 60).await;
    assert_eq!(sent(&world), ["late"]);
}

#[tokio::test]
async fn finding_13_chunks_that_cannot_be_read_are_counted_once() {
    let world = World::new();
    let webhook = world.watched_webhook(1).await;
    for n in 0..3 {
        let event = accept(&world, &format!("lost{n}")).await;
        world.ledger.index(&event, world.now());
        world.pass(seconds(30));
    }
    world.ledger.corrupt_index();
    // More than two pages of readable ones around them.
    for n in 0..900 {
        let event = accept(&world, &format!("e{n:03}")).await;
        world.ledger.index(&event, world.now());
        world.pass(jiff::SignedDuration::from_millis(20));
    }
    world.pass(seconds(1));
    start_recovery(&world, &webhook, WantedStatus::Skipped).await;
    world.run().await;
    let Recovery { sent, unreadable, .. } = recovery(&world, &webhook).await;
    assert_eq!((sent, unreadable), (900, 3));
}

#[tokio::test]
async fn finding_13_a_walk_that_is_interrupted_anywhere_sends_everything() {
    let mut interrupted = 0;
    for steps in 0..60 {
        let world = World::new();
        let webhook = world.watched_webhook(1).await;
        for n in 0..25 {
            world.store_event(&format!("e{n:02}")).await;
        }
        world.pass(minutes(1));
        start_recovery(&world, &webhook, WantedStatus::Skipped).await;
        world.faults.die_after(steps);
        let _ = world.upkeep.run().await;
        interrupted += u32::from(world.faults.died());
        world.faults.revive();
        world.run().await;
        assert!(is_done(&world, &webhook).await, "after {steps}");
        let all: BTreeSet<_> = sent(&world).into_iter().collect();
        assert_eq!(all.len(), 25, "after {steps}");
    }
    assert!((10..60).contains(&interrupted), "{interrupted} runs of 60 were interrupted");
}
