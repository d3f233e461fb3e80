//! Usage is counted in the time that a run has left.

use hooklane_app::ports::{ActiveTenants as _, UsageStore as _};
use hooklane_domain::Timestamp;
use hooklane_domain::event::{Content, Event};
use hooklane_domain::json::RawJson;
use hooklane_domain::usage::calendar::Day;
use hooklane_domain::usage::counting::{Counting, Kind};
use jiff::SignedDuration;

use super::world::{World, minutes, seconds, tenant};

/// A world with an event of now, as `stats` would list it.
async fn with_event() -> World {
    let world = World::new();
    let content = Content {
        event_type: "order.created".parse().unwrap(),
        data: RawJson::parse("{}").unwrap(),
        metadata: None,
        timestamp: None,
        version: None,
        test: false,
    };
    let (id, accepted_at) = ("e1".parse().unwrap(), world.now());
    let event = Event { id, tenant: tenant(), content, accepted_at, value: None };
    world.ledger.index(&event, world.now());
    world.ledger.note_active(&tenant(), world.now()).await.unwrap();
    world
}

async fn counted(world: &World) -> Option<(u64, bool)> {
    let day = Day::of(world.start);
    let months = world.ledger.usage_of(&tenant(), &[day.month()]).await.unwrap();
    months[0].days.get(&day.number()).map(|day| (day.figures.events, day.is_final))
}

async fn progress(world: &World, kind: Kind) -> Timestamp {
    world.ledger.counting(kind).await.unwrap().unwrap().until
}

#[tokio::test]
async fn a_run_counts_what_is_due_and_makes_it_final_three_days_after_the_day() {
    let world = with_event().await;
    world.upkeep.run().await.unwrap();
    assert_eq!(counted(&world).await, None, "the hour is not over");
    world.clock.pass(minutes(31));
    world.upkeep.run().await.unwrap();
    assert_eq!(counted(&world).await, Some((1, false)));
    assert_eq!(progress(&world, Kind::Provisional).await, "2024-01-15T11:00:00Z".parse().unwrap());
    world.upkeep.run().await.unwrap();
    assert_eq!(counted(&world).await, Some((1, false)), "once");
    world.clock.pass(SignedDuration::from_hours(24 * 4));
    world.upkeep.run().await.unwrap();
    assert_eq!(counted(&world).await, Some((1, true)));
    assert_eq!(progress(&world, Kind::Final).await, "2024-01-16T00:00:00Z".parse().unwrap());
}

#[tokio::test]
async fn no_run_fails_or_lasts_longer_because_of_usage() {
    let world = with_event().await;
    world.upkeep.run().await.unwrap();
    world.clock.pass(minutes(31));
    // Each reading of the clock takes 20 seconds: the count has no time.
    world.clock.tick(seconds(20));
    world.upkeep.run().await.unwrap();
    world.clock.tick(seconds(0));
    assert_eq!(counted(&world).await, None);
    // The ledger fails after some calls, wherever that is: the run fails for its own sake only.
    let mut counted_at = None;
    for steps in 0..60 {
        world.faults.die_after(steps);
        drop(world.upkeep.run().await);
        world.faults.revive();
        if counted_at.is_none() && counted(&world).await.is_some() {
            counted_at = Some(steps);
        }
    }
    assert!(counted_at.is_some());
    assert_eq!(counted(&world).await, Some((1, false)), "once, however often it was interrupted");
    // A progress that nobody else can have written is kept.
    let stored = world.ledger.counting(Kind::Provisional).await.unwrap().unwrap();
    assert!(!world.ledger.save_counting(&Counting { revision: 0, ..stored }).await.unwrap());
}
