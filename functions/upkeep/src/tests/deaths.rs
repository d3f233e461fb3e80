//! Looks that end the function.

use std::future::poll_fn;
use std::sync::atomic::Ordering;
use std::task::Poll;

use hooklane_app::ports::{Strikes as _, WebhookStore as _};
use hooklane_domain::ids::WebhookId;
use hooklane_domain::isolation::deaths::{MAX_STRIKES, Suspect};
use hooklane_domain::isolation::recovery::WantedStatus;
use hooklane_domain::webhook::Webhook;

use super::recover::{is_done, missed, start_recovery};
use super::world::{World, minutes};
use crate::Summary;
use crate::guarded::PUT_OFF;
use crate::tuning::LOOKS_AT_ONCE;

/// A run, or `None` if the function died in it.
async fn run_or_die(world: &World) -> Option<Summary> {
    world.registry.hooks.died.store(false, Ordering::SeqCst);
    let mut run = Box::pin(world.upkeep.run());
    loop {
        let polled = poll_fn(|context| Poll::Ready(run.as_mut().poll(context))).await;
        if let Poll::Ready(summary) = polled {
            return Some(summary.unwrap());
        }
        if world.registry.hooks.died.load(Ordering::SeqCst) {
            return None;
        }
    }
}

fn looks_at(world: &World, webhook: WebhookId) -> usize {
    world.registry.hooks.looks.lock().unwrap().iter().filter(|id| **id == webhook).count()
}

/// A webhook with a running recovery, whose look ends the function, and one after it in the list.
async fn deadly() -> (World, Webhook, Webhook) {
    let world = World::new();
    let deadly = missed(&world).await;
    start_recovery(&world, &deadly, WantedStatus::Any).await;
    let neighbour = world.watched_webhook(2).await;
    *world.registry.hooks.deadly.lock().unwrap() = Some(deadly.id);
    (world, deadly, neighbour)
}

#[tokio::test]
async fn finding_02_a_webhook_whose_look_ends_the_function_is_put_off_and_its_recovery_ends() {
    let (world, deadly, neighbour) = deadly().await;
    // One death in a usual run, then the strikes of runs that look at one webhook at a time.
    for _ in 0..=MAX_STRIKES {
        assert_eq!(run_or_die(&world).await, None);
        world.pass(minutes(1));
    }
    let before = looks_at(&world, deadly.id);
    let summary = run_or_die(&world).await.expect("it lives");
    assert_eq!((summary.put_off, summary.looked), (1, 1));
    // The neighbour was looked at in the first run, beside the deadly one.
    assert_eq!((looks_at(&world, deadly.id), looks_at(&world, neighbour.id)), (before, 2));
    assert!(is_done(&world, &deadly).await, "its recovery has ended");
    let due_at = world.watch(&deadly).await.unwrap().look.due_at;
    assert_eq!(due_at.duration_since(world.now()).unsigned_abs(), PUT_OFF);
    // Also later it costs no further death while its strikes are kept.
    world.mark(&neighbour).await;
    world.pass(minutes(61));
    let summary = run_or_die(&world).await.expect("it lives");
    assert_eq!((summary.put_off, looks_at(&world, deadly.id)), (1, before));
}

/// As [`deadly`], after the first webhook was put off.
async fn put_off() -> (World, Webhook, Webhook) {
    let (world, deadly, neighbour) = deadly().await;
    for _ in 0..=MAX_STRIKES {
        assert_eq!(run_or_die(&world).await, None);
        world.pass(minutes(1));
    }
    assert_eq!(run_or_die(&world).await.unwrap().put_off, 1);
    (world, deadly, neighbour)
}

#[tokio::test]
async fn finding_02_a_webhook_that_was_put_off_ends_none_of_the_runs_of_each_minute() {
    let (world, deadly, neighbour) = put_off().await;
    let (looks, written) = (looks_at(&world, deadly.id), world.ledger.strikes_written());
    let mut put_off = Vec::new();
    for minute in 1..=180 {
        world.pass(minutes(1));
        world.mark(&neighbour).await;
        let summary = run_or_die(&world).await.unwrap_or_else(|| panic!("it died at {minute}"));
        assert_eq!(summary.looked, 1, "the neighbour at {minute}");
        put_off.extend((summary.put_off > 0).then_some(minute));
    }
    assert_eq!(put_off, [60, 120, 180]);
    assert_eq!(world.ledger.strikes_written(), written + 180, "each run writes its mark only");
    // Not even if an instance of `delivery` makes it due.
    world.mark(&deadly).await;
    assert_eq!(run_or_die(&world).await.unwrap().put_off, 1);
    assert_eq!(looks_at(&world, deadly.id), looks);
}

#[tokio::test]
async fn what_was_put_off_is_looked_at_last_and_counted_until_a_look_ends_well() {
    let (world, deadly, neighbour) = put_off().await;
    let look = Suspect::look(deadly.id);
    // As after a day.
    world.ledger.forgive(&look).await.unwrap();
    world.pass(minutes(61));
    world.mark(&neighbour).await;
    world.registry.hooks.looks.lock().unwrap().clear();
    assert_eq!(run_or_die(&world).await, None);
    assert_eq!(*world.registry.hooks.looks.lock().unwrap(), [neighbour.id, deadly.id]);
    assert_eq!(world.ledger.strikes(&look).await.unwrap(), 1, "in a usual run, too");
    assert!(world.watch(&deadly).await.unwrap().look.apart);

    *world.registry.hooks.deadly.lock().unwrap() = None;
    world.pass(minutes(1));
    world.mark(&deadly).await;
    let summary = run_or_die(&world).await.unwrap();
    assert_eq!((summary.looked, summary.put_off), (2, 0));
    assert!(!world.watch(&deadly).await.unwrap().look.apart);
    assert!(world.ledger.all_strikes().is_empty());
    let written = world.ledger.strikes_written();
    world.pass(minutes(1));
    assert_eq!(run_or_die(&world).await.unwrap().looked, 2);
    assert_eq!(world.ledger.strikes_written(), written + 1, "it is a webhook as any other");
}

#[tokio::test]
async fn a_run_that_was_killed_for_another_reason_costs_careful_looks_and_nothing_else() {
    let (world, deadly, _) = deadly().await;
    assert_eq!(run_or_die(&world).await, None);
    *world.registry.hooks.deadly.lock().unwrap() = None;
    world.pass(minutes(1));
    let summary = run_or_die(&world).await.unwrap();
    assert_eq!((summary.looked, summary.put_off), (2, 0));
    assert!(is_done(&world, &deadly).await);
    assert!(world.ledger.all_strikes().is_empty(), "all are forgiven");
    let written = world.ledger.strikes_written();
    world.pass(minutes(1));
    run_or_die(&world).await.unwrap();
    assert_eq!(world.ledger.strikes_written(), written + 1, "a usual run writes its mark only");
}

#[tokio::test]
async fn a_run_that_fails_has_ended_and_the_next_one_is_a_usual_one() {
    let world = World::new();
    world.watched_webhook(1).await;
    for steps in 1..8 {
        world.faults.die_after(steps);
        let _ = world.upkeep.run().await;
        world.faults.revive();
        // A function that is alive can say so, unless the ledger is out of its reach.
        let _ = run_or_die(&world).await.unwrap();
        assert!(world.ledger.all_strikes().is_empty());
    }
    const { assert!(LOOKS_AT_ONCE > 1) };
}

#[tokio::test]
async fn a_deleted_webhook_that_is_put_off_takes_nobody_along() {
    let (world, deadly, neighbour) = deadly().await;
    for _ in 0..=MAX_STRIKES {
        assert_eq!(run_or_die(&world).await, None);
    }
    let stored = &world.registry.stored;
    assert!(stored.delete(&deadly.tenant, deadly.id, None).await.unwrap());
    assert_eq!(run_or_die(&world).await.unwrap().put_off, 1);
    assert_eq!(looks_at(&world, neighbour.id), 2, "in the first run and in this one");
}
