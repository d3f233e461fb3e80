use std::collections::BTreeSet;

use hooklane_app::ports::{Look, WatchList as _};
use hooklane_domain::ids::WebhookId;
use jiff::SignedDuration;

use super::world::World;

/// A watch list of two and a half pages.
const LISTED: usize = 250;

async fn crowded() -> (World, Vec<WebhookId>) {
    let world = World::new();
    let mut ids = Vec::new();
    for n in 0..LISTED {
        ids.push(world.watched_webhook(n as u128).await.id);
    }
    (world, ids)
}

/// The looks since the last call, in order.
fn looks(world: &World) -> Vec<WebhookId> {
    std::mem::take(&mut *world.registry.hooks.looks.lock().unwrap())
}

#[tokio::test]
async fn a_walk_looks_at_every_webhook_of_every_page_once() {
    let (world, ids) = crowded().await;
    let summary = world.run().await;
    assert_eq!((summary.looked, summary.failed), (LISTED as u64, 0));
    assert_eq!(looks(&world), ids);
}

#[tokio::test]
async fn a_run_ends_at_its_deadline_and_the_next_one_begins_where_it_ended() {
    let (world, ids) = crowded().await;
    // 125 looks in the 50 seconds of a run: it ends in the second page.
    *world.registry.hooks.time_per_look.lock().unwrap() = SignedDuration::from_millis(400);
    assert_eq!(world.run().await.looked, 125);
    assert_eq!(looks(&world), ids[..125]);

    assert_eq!(world.run().await.looked, 125);
    assert_eq!(looks(&world), ids[125..], "the rest of the list");

    *world.registry.hooks.time_per_look.lock().unwrap() = SignedDuration::from_millis(500);
    assert_eq!(world.run().await.looked, 100);
    assert_eq!(looks(&world), ids[..100], "from its start");
    assert_eq!(world.run().await.looked, 100);
    assert_eq!(looks(&world), ids[100..200]);
    world.run().await;
    assert_eq!(looks(&world)[..50], ids[200..]);
}

#[tokio::test]
async fn what_is_looked_at_apart_comes_after_all_pages_once() {
    let (world, ids) = crowded().await;
    let first = world.registry.stored.watched(None, 1).await.unwrap().remove(0);
    let apart = Look { apart: true, ..first.look.clone() };
    world.registry.stored.looked(&first, apart, 0).await.unwrap();
    assert_eq!(world.run().await.looked, LISTED as u64);
    assert_eq!(looks(&world), [&ids[1..], &ids[..1]].concat());
    world.run().await;
    assert_eq!(looks(&world), ids, "that look ended well");
}

#[tokio::test]
async fn finding_02_slow_looks_starve_no_webhook_of_a_short_list() {
    let world = World::new();
    let mut ids = BTreeSet::new();
    for n in 0..90 {
        ids.insert(world.watched_webhook(n).await.id);
    }
    *world.registry.hooks.time_per_look.lock().unwrap() = SignedDuration::from_secs(1);
    assert_eq!(world.run().await.looked, 50);
    assert_eq!(world.run().await.looked, 50);
    assert_eq!(looks(&world).into_iter().collect::<BTreeSet<_>>(), ids);
}

#[tokio::test]
async fn a_walk_that_begins_in_the_middle_of_a_page_looks_at_each_webhook_once() {
    let (world, ids) = crowded().await;
    *world.registry.hooks.time_per_look.lock().unwrap() = SignedDuration::from_millis(400);
    world.run().await;
    looks(&world);
    *world.registry.hooks.time_per_look.lock().unwrap() = SignedDuration::ZERO;
    // The first ten leave the list, so the pages of the next walk are not those of the last one.
    for watch in world.registry.stored.watched(None, 10).await.unwrap() {
        assert!(world.registry.stored.unwatch(&watch).await.unwrap());
    }
    world.run().await;
    assert_eq!(looks(&world), [&ids[125..], &ids[10..125]].concat());
    world.run().await;
    assert_eq!(looks(&world), ids[10..], "a walk that was not interrupted leaves no mark");
}

#[tokio::test]
async fn a_webhook_that_cannot_be_read_does_not_affect_the_others_and_stays_due() {
    let world = World::new();
    let mut ids = Vec::new();
    for n in 0..3 {
        ids.push(world.watched_webhook(n).await.id);
    }
    world.registry.hooks.unreadable.lock().unwrap().insert(ids[1]);
    let summary = world.run().await;
    assert_eq!((summary.looked, summary.failed), (2, 1));
    assert_eq!(looks(&world), ids);
    world.registry.hooks.unreadable.lock().unwrap().clear();
    let summary = world.run().await;
    assert_eq!((summary.looked, summary.failed), (3, 0));
}

#[tokio::test]
async fn a_run_that_cannot_read_the_watch_list_fails() {
    let world = World::new();
    world.watched_webhook(1).await;
    // The run is marked, and the brake takes three steps: it is read, measured and written.
    world.faults.die_after(4);
    assert!(world.upkeep.run().await.is_err());
    world.faults.revive();
    assert_eq!(world.run().await.looked, 1);
}
