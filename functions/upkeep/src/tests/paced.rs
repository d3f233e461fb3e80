//! Recoveries and releases at the rate that their tenant asked for.

use hooklane_domain::delivery::{Delivery, FailReason, Status};
use hooklane_domain::isolation::health::Health;
use hooklane_domain::isolation::recovery::{Order, Search, WantedStatus};
use hooklane_domain::isolation::slots::Paced;
use hooklane_domain::webhook::limits::RateLimit;

use super::recover::{is_done, order, wanted};
use super::world::{World, minutes, seconds};

fn rate(requests: u64) -> RateLimit {
    RateLimit::new(requests, 60).unwrap()
}

/// The messages that become visible in the next minute, by the second.
fn seconds_of_messages(world: &World, mut before: usize) -> Vec<i64> {
    let mut found = Vec::new();
    for second in 0..60 {
        let now = world.queues.count_visible();
        found.extend(vec![second; now - before]);
        before = now;
        world.pass(seconds(1));
    }
    found
}

#[tokio::test]
async fn paced_recovery_sends_at_its_rate_over_several_minutes() {
    for (search, status, count) in [
        (Search::Index, WantedStatus::Skipped, 25),
        (Search::Thorough, WantedStatus::Skipped, 25),
        (Search::Index, WantedStatus::Failed, 25),
    ] {
        let world = World::new();
        let webhook = world.watched_webhook(1).await;
        for n in 0..count {
            let (at, event) = (world.now(), format!("e{n:02}"));
            match status {
                WantedStatus::Failed => {
                    world.write(&webhook, &event, |d| d.failed(at, FailReason::Exhausted)).await;
                }
                _ => world.store_event(&event).await,
            }
        }
        world.pass(minutes(1));
        let wanted = wanted(&world, status);
        order(&world, &webhook, Order { wanted, search, rate: Some(rate(12)), dry_run: false })
            .await;
        for (minute, share) in (0..).zip([12, 12, 1]) {
            let before = world.queues.count_visible();
            let summary = world.run().await;
            assert_eq!(summary.recovered, share, "{search:?} {status:?} minute {minute}");
            assert_eq!(summary.unfinished, 0, "another look of the run finds no more");
            assert_eq!(world.run().await.recovered, 0, "a second run at the same time");
            let spread = seconds_of_messages(&world, before);
            assert!(spread.windows(5).all(|five| five[4] > five[0]), "{spread:?}");
            assert_eq!(is_done(&world, &webhook).await, minute == 2);
        }
        let mut events: Vec<_> = world.sent().into_iter().map(|(event, _)| event).collect();
        events.dedup();
        assert_eq!(events.len(), count, "{search:?} {status:?}: each once");
    }
}

#[tokio::test]
async fn paced_recovery_that_is_interrupted_anywhere_never_sends_faster() {
    let mut interrupted = 0;
    for steps in 0..60 {
        let world = World::new();
        let webhook = world.watched_webhook(1).await;
        for n in 0..15 {
            world.store_event(&format!("e{n:02}")).await;
        }
        world.pass(minutes(1));
        let wanted = wanted(&world, WantedStatus::Skipped);
        let search = Search::Index;
        order(&world, &webhook, Order { wanted, search, rate: Some(rate(6)), dry_run: false })
            .await;
        world.faults.die_after(steps);
        let _ = world.upkeep.run().await;
        interrupted += u32::from(world.faults.died());
        world.faults.revive();
        world.run().await;
        assert!(world.messages().len() <= 6, "after {steps}");
        for _ in 0..4 {
            world.pass(minutes(1));
            world.run().await;
        }
        assert!(is_done(&world, &webhook).await, "after {steps}");
        let mut events: Vec<_> = world.sent().into_iter().map(|(event, _)| event).collect();
        events.dedup();
        assert_eq!(events.len(), 15, "after {steps}");
    }
    assert!((10..60).contains(&interrupted), "{interrupted} runs of 60 were interrupted");
}

#[tokio::test]
async fn paced_resumption_releases_at_its_rate_until_nothing_is_parked() {
    let world = World::new();
    let webhook = world.webhook(1, |webhook| webhook).await;
    for n in 0..15 {
        world.park(&webhook, &format!("e{n:02}")).await;
    }
    let release = Some(Paced::new(rate(6)));
    world.set_health(&webhook, Health { release, ..Health::default() }).await;
    for (minute, share) in (0..).zip([6, 6, 3]) {
        let begun = world.now();
        let summary = world.run().await;
        assert_eq!((summary.released, summary.unfinished), (share, 0), "minute {minute}");
        assert_eq!(world.run().await.released, 0, "a second run at the same time");
        let is_paced = world.health(&webhook).await.release.is_some();
        assert_eq!(is_paced, minute < 2, "minute {minute}");
        // What was released says when its attempt is.
        let deliveries = world.ledger.all_deliveries();
        let waiting = deliveries.iter().filter(|d| d.status() == Status::Pending && !d.is_parked());
        let mut due: Vec<_> = waiting.filter_map(Delivery::next_attempt_at).collect();
        due.retain(|due| *due >= begun);
        due.sort();
        let expected: Vec<_> =
            (0..).take(share as usize).map(|n| begun + seconds(10 * n)).collect();
        assert_eq!(due, expected, "minute {minute}");
        world.pass(minutes(1));
    }
    assert!(world.pointers(&webhook).await.is_empty());
    // From now on nothing is held back any more.
    for n in 0..15 {
        world.park(&webhook, &format!("f{n:02}")).await;
    }
    assert_eq!(world.run().await.released, 15);
}
