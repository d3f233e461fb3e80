use hooklane_domain::delivery::{CancelReason, ParkReason, State};

use super::world::{World, minutes, seconds};
use crate::tuning::{SWEEP_PAGE, SWEEP_PAGES};

#[tokio::test]
async fn a_delivery_that_is_overdue_by_more_than_an_hour_gets_a_new_message() {
    for (name, attempts, overdue, swept) in [
        ("a retry", 1, 3_601, 1),
        ("a first attempt", 0, 3_601, 1),
        ("a retry whose message may only be late", 1, 3_600, 0),
        ("a retry that is not due", 1, -60, 0),
    ] {
        let world = World::new();
        let webhook = world.watched_webhook(1).await;
        world.pass(minutes(120));
        let before = world.wait(&webhook, "e1", world.now() - seconds(overdue), attempts).await;
        let summary = world.run().await;
        assert_eq!((summary.looked, summary.swept, summary.failed), (1, swept, 0), "{name}");
        let after = world.delivery(&webhook, "e1").await;
        if swept == 0 {
            assert_eq!(after, before, "{name}");
            assert!(world.sent().is_empty(), "{name}");
            continue;
        }
        assert_eq!(world.sent(), [("e1".to_owned(), 1)], "{name}");
        assert_eq!((after.generation, after.next_attempt_at()), (1, Some(world.now())), "{name}");
        assert_eq!(after.attempts, attempts, "{name}: no attempt is counted");
        world.mark(&webhook).await;
        assert_eq!(world.run().await.swept, 0, "{name}: once");
    }
}

#[tokio::test]
async fn what_waits_for_no_message_is_not_swept() {
    let world = World::new();
    let webhook = world.watched_webhook(1).await;
    let at = world.start;
    world
        .write(&webhook, "parked", |d| d.parked_until(at, at + minutes(600), ParkReason::Backlog))
        .await;
    world.write(&webhook, "cancelled", |d| d.cancelled(at, CancelReason::Requested)).await;
    world.pass(minutes(120));
    let summary = world.run().await;
    assert_eq!((summary.looked, summary.swept), (1, 0));
    assert!(world.sent().is_empty());
}

#[tokio::test]
async fn a_webhook_is_swept_again_after_a_quarter_of_an_hour() {
    let world = World::new();
    let webhook = world.watched_webhook(1).await;
    world.pass(minutes(120));
    world.mark(&webhook).await;
    world.run().await;
    world.wait(&webhook, "e1", world.start, 1).await;
    for (passed, swept) in [(1, 0), (13, 0), (1, 1)] {
        world.pass(minutes(passed));
        world.mark(&webhook).await;
        let summary = world.run().await;
        assert_eq!((summary.looked, summary.swept), (1, swept), "{passed} minutes later");
    }
}

#[tokio::test]
async fn a_look_sweeps_a_thousand_deliveries_and_the_next_one_goes_on() {
    let world = World::new();
    let webhook = world.watched_webhook(1).await;
    let a_look = SWEEP_PAGES * SWEEP_PAGE;
    for n in 0..a_look + 200 {
        world.wait(&webhook, &format!("e{n}"), world.start, 1).await;
    }
    world.pass(minutes(120));
    world.mark(&webhook).await;
    assert_eq!(world.run().await.swept, a_look as u64);
    let sweep = world.watch(&webhook).await.unwrap().look.sweep;
    assert!(sweep.after.is_some() && !sweep.pending, "in the middle of the retries");
    assert_eq!(world.run().await.swept, 200);
    let sweep = world.watch(&webhook).await.unwrap().look.sweep;
    assert_eq!((sweep.due_at, sweep.after), (world.now() + minutes(15), None), "and rests");
    let overdue = |state: &State| matches!(state, State::Waiting { next_attempt_at, .. } if *next_attempt_at == world.start);
    let left = world.ledger.all_deliveries().iter().filter(|d| overdue(&d.state)).count();
    assert_eq!(left, 0);
}
