mod calls;
mod events;
mod model;
mod overtaken;
mod world;

use hooklane_domain::delivery::Status;
use hooklane_domain::delivery::period::Period;
use hooklane_domain::figures::report::{Report, Step, Window};
use hooklane_domain::figures::settled::Minute;
use jiff::SignedDuration;

use super::*;
use crate::fakes::MemoryRegistry;
use world::{World, minutes};

const DAY: Window = Window::Period(Period::Day);

fn counts(report: &Report) -> [u64; 5] {
    let total = report.total();
    Status::ALL.map(|status| total.with(status))
}

#[tokio::test]
async fn what_is_not_settled_is_read_and_a_fresh_answer_is_used_for_a_minute() {
    let world = World::new();
    let webhook = world.webhook(1);
    world.deliver(webhook, "a").await;
    let asked = || {
        of_list(&*world.ledger, &world.tenant, std::slice::from_ref(&webhook), DAY, world.asking())
    };
    assert_eq!(counts(&asked().await.unwrap()[0]), [0, 0, 1, 0, 0]);
    world.deliver(webhook, "b").await;
    world.pass(SignedDuration::from_secs(50));
    assert_eq!(asked().await.unwrap()[0].total().accepted(), 1, "it was answered a moment ago");
    world.pass(SignedDuration::from_secs(11));
    let report = asked().await.unwrap().remove(0);
    assert_eq!(report.total().accepted(), 2);
    assert_eq!(report.as_of, world.now());
}

#[tokio::test]
async fn what_changes_after_it_was_settled_is_counted_again() {
    let world = World::new();
    let webhook = world.webhook(1);
    let failing = world.fail(webhook, "failing").await;
    for n in 0..150 {
        world.deliver(webhook, &format!("e{n}")).await;
    }
    world.pass(minutes(200));
    assert_eq!(counts(&world.look(webhook, DAY).await), [0, 1, 150, 0, 0]);
    assert!(
        world.ledger.progress(&FiguresOf::Webhook(webhook)).await.unwrap().is_some(),
        "it was kept"
    );
    let base =
        world.ledger.all_deliveries().into_iter().find(|d| d.id.event().as_str() == "e7").unwrap();
    // What was settled is not read again: its disappearance changes nothing.
    world.ledger.corrupt(base.id);
    world.succeed(failing).await;
    let report = world.look(webhook, DAY).await;
    assert_eq!(counts(&report), [0, 0, 151, 0, 0]);
    assert_eq!(report.total().failed_attempts(), 1);
}

#[tokio::test]
async fn a_look_whose_pages_do_not_suffice_says_so_and_the_next_goes_on() {
    let world = World::new();
    let webhook = world.webhook(1);
    for n in 0..3_000 {
        world.deliver(webhook, &format!("e{n}")).await;
        world.pass(SignedDuration::from_millis(200));
    }
    world.pass(minutes(10));
    let few = Asking { pages: 2, ..world.asking() };
    let mut before = 0;
    for turn in 0.. {
        let report = look(&*world.ledger, (&world.tenant, webhook), DAY, few).await.unwrap();
        let found = report.total().accepted();
        if !report.is_cut {
            assert_eq!(found, 3_000);
            assert!(turn > 1, "two pages were not enough");
            break;
        }
        assert!(found <= 3_000 && found >= before, "{found} after {before}");
        before = found;
        assert!(turn < 10, "it goes on");
    }
}

#[tokio::test]
async fn busy_webhooks_are_settled_without_being_looked_at() {
    let world = World::new();
    let webhook = world.webhook(1);
    for n in 0..500 {
        world.deliver(webhook, &format!("e{n}")).await;
    }
    world.pass(minutes(3));
    settle(&*world.ledger, (&world.tenant, webhook), world.asking()).await.unwrap();
    let progress = world.ledger.progress(&FiguresOf::Webhook(webhook)).await.unwrap().unwrap();
    assert!(progress.until > Minute::of(world.began));
    let (reads, writes) = world.ledger.figure_calls();
    settle(&*world.ledger, (&world.tenant, webhook), world.asking()).await.unwrap();
    let after = world.ledger.figure_calls();
    assert_eq!((after.0 - reads, after.1 - writes), (1, 0), "nothing is new: one read");
    assert_eq!(counts(&world.look(webhook, DAY).await), [0, 0, 500, 0, 0]);
}

#[tokio::test]
async fn an_hour_that_cannot_be_read_is_counted_again() {
    let world = World::new();
    let webhook = world.webhook(1);
    for n in 0..200 {
        world.deliver(webhook, &format!("e{n}")).await;
    }
    world.pass(minutes(120));
    world.look(webhook, DAY).await;
    world.ledger.garble_hours();
    let report = world.look(webhook, DAY).await;
    assert_eq!((counts(&report), report.is_cut), ([0, 0, 200, 0, 0], false));
}

/// While two versions run, the older one settles a minute with a delivery whose state only the newer one knows.
#[tokio::test]
async fn what_could_not_be_read_when_its_minute_settled_is_counted_once_it_can_be_read() {
    let world = World::new();
    let webhook = world.webhook(1);
    let mut newer = Vec::new();
    for n in 0..150 {
        newer.push(world.deliver(webhook, &format!("e{n}")).await.id);
    }
    newer.truncate(3);
    newer.push(world.fail(webhook, "waiting").await.id);
    newer.iter().for_each(|id| world.ledger.write_by_newer(id.clone()));
    world.pass(minutes(120));
    for _ in 0..2 {
        let report = world.look(webhook, DAY).await;
        assert_eq!((counts(&report), report.is_cut), ([0, 0, 147, 0, 0], true), "it says so");
    }
    newer.iter().for_each(|id| world.ledger.repair(id));
    let report = world.look(webhook, DAY).await;
    assert_eq!((counts(&report), report.is_cut), ([0, 1, 150, 0, 0], false));
    // That was kept, so no minute is counted a second time.
    let before = world.ledger.figure_calls().0;
    assert_eq!(counts(&world.look(webhook, DAY).await), [0, 1, 150, 0, 0]);
    assert_eq!(world.ledger.figure_calls().0 - before, 4, "progress, notes, hours, the rest");
}

#[tokio::test]
async fn a_span_ends_where_it_is_asked_to() {
    let world = World::new();
    let webhook = world.webhook(1);
    for n in 0..10 {
        world.deliver(webhook, &format!("e{n}")).await;
        world.pass(minutes(1));
    }
    let from = world.began + minutes(2);
    let window = Window::span(from, from + minutes(3), Step::Minute).unwrap();
    let report = world.look(webhook, window).await;
    assert_eq!((report.total().accepted(), report.steps().len()), (3, 3));
    assert_eq!((report.since, report.until), (from, from + minutes(3)));
}

#[tokio::test]
async fn finding_04_statistics_say_that_they_leave_webhooks_out() {
    for (webhooks, is_cut) in [(3_000, false), (3_001, true)] {
        let world = World::new();
        let registry = MemoryRegistry::default();
        for n in 0..webhooks {
            world.register(&registry, n).await;
        }
        world.deliver(world.webhook(5), "e").await;
        let report =
            of_tenant(&registry, &*world.ledger, &world.tenant, DAY, world.asking()).await.unwrap();
        assert_eq!((report.total().accepted(), report.is_cut), (1, is_cut), "{webhooks}");
    }
}
