use hooklane_domain::delivery::attempt::Measure;
use hooklane_domain::delivery::{Delivery, State};
use hooklane_domain::event_index::{Chunk, Entry};
use hooklane_domain::ids::{DeliveryId, WebhookId};
use hooklane_domain::usage::calendar::Month;
use jiff::SignedDuration;

use super::*;
use crate::ports::{EventIndexWriter as _, WebhookStore as _};

mod world;

use world::{
    DAY_MS, DAYS, PACE, Random, World, at, attempt, count_through_faults, filled, tenants, webhook,
};

#[tokio::test]
async fn both_counts_equal_an_account_that_was_kept_on_its_own() {
    for seed in [1, 2, 3] {
        let world = filled(seed, 700).await;
        // All of it is written by then. The counts begin with the first day all the same.
        world.count(Kind::Provisional, 1).await.unwrap();
        world.count(Kind::Final, 1).await.unwrap();
        let days = i64::try_from(DAYS).unwrap();
        world.clock.pass(SignedDuration::from_hours(24 * days));
        world.clock.pass(SignedDuration::from_mins(1));
        let mut random = Random(seed + 100);
        count_through_faults(&world, Kind::Provisional, &mut random).await;
        world.agrees(false, "provisional").await;
        world.clock.pass(SignedDuration::from_hours(72));
        count_through_faults(&world, Kind::Final, &mut random).await;
        world.agrees(true, "final").await;
    }
}

#[tokio::test]
async fn the_final_count_mends_what_was_late_and_nothing_changes_it_again() {
    let world = filled(7, 60).await;
    world.count(Kind::Provisional, 1).await.unwrap();
    world.count(Kind::Final, 1).await.unwrap();
    let tenant = tenants().remove(0);
    world.clock.pass(SignedDuration::from_hours(26));
    world.count(Kind::Provisional, u64::MAX).await.unwrap();
    let before = world.stored(&tenant, 0).await.unwrap();
    // `stats` was stuck with an event of the first day.
    let late = Entry {
        accepted_at: at(50),
        id: "late".parse().unwrap(),
        event_type: "order.created".parse().unwrap(),
        test: false,
        bytes: Some(11),
        value: None,
    };
    for chunk in Chunk::of_events(vec![late]) {
        world.ledger.keep(&tenant, &chunk, at(0)).await.unwrap();
    }
    world.count(Kind::Provisional, u64::MAX).await.unwrap();
    assert_eq!(world.stored(&tenant, 0).await.unwrap(), before, "a span is counted once");
    world.clock.pass(SignedDuration::from_hours(24 * 3));
    world.count(Kind::Final, u64::MAX).await.unwrap();
    let after = world.stored(&tenant, 0).await.unwrap();
    assert_eq!(after.figures.events, before.figures.events + 1);
    assert_eq!(after.figures.event_bytes, before.figures.event_bytes + 11);
    assert!(after.is_final);
    world.count(Kind::Final, u64::MAX).await.unwrap();
    assert_eq!(world.stored(&tenant, 0).await.unwrap(), after);
}

#[tokio::test]
async fn what_cannot_be_read_is_counted_and_holds_nothing_up() {
    let world = filled(8, 60).await;
    let tenant = tenants().remove(0);
    world.count(Kind::Final, 1).await.unwrap();
    let all = world.ledger.all_deliveries();
    let ours = |d: &&Delivery| {
        d.tenant == tenant && d.id.accepted_at() < at(DAY_MS - 60_000) && d.success.is_some()
    };
    let corrupt = all.iter().filter(ours).count();
    assert!(corrupt > 5);
    for delivery in all.iter().filter(ours) {
        world.ledger.corrupt(delivery.id.clone());
    }
    world.clock.pass(SignedDuration::from_hours(24 * 4));
    world.count(Kind::Final, u64::MAX).await.unwrap();
    let found = world.stored(&tenant, 0).await.unwrap().figures;
    let expected = world.account[&(tenant.clone(), 0)];
    assert!(found.unreadable >= corrupt as u64, "{found:?}");
    assert_eq!(found.events, expected.events);
    assert!(found.deliveries < expected.deliveries);
    let other = tenants().remove(1);
    let others = world.stored(&other, 0).await.unwrap().figures;
    assert_eq!(others, world.account[&(other, 0)]);
    // And the index.
    world.ledger.corrupt_index();
    world.clock.pass(SignedDuration::from_hours(24));
    world.count(Kind::Final, u64::MAX).await.unwrap();
    let second = world.stored(&tenant, 1).await.unwrap().figures;
    assert!(second.events == 0 && second.unreadable > 0, "{second:?}");
}

/// Twins of a prompt success: one failed in the same millisecond, one succeeded late.
#[tokio::test]
async fn a_delivery_counts_once_whatever_its_twins_did() {
    let world = World::new();
    let (tenant, hook) = (tenants().remove(0), WebhookId::new(at(0), 1));
    assert!(world.registry.create(&webhook(&tenant, hook)).await.unwrap());
    world.count(Kind::Final, 1).await.unwrap();
    let id = DeliveryId::new(hook, at(1_000), "e1".parse().unwrap());
    let unwritten = Delivery::unwritten(id, tenant.clone(), "order.created".parse().unwrap());
    let made = |number, ms, succeeds| attempt(number, ms, succeeds, Measure::Body(10));
    for twin in [made(1, 2_000, false), made(2, 20_000, true)] {
        world.ledger.keep_attempt(&unwritten, &twin).await.unwrap();
    }
    let success = Some(made(1, 2_000, true));
    let delivery = Delivery { success, state: State::Delivered { at: at(2_005) }, ..unwritten };
    world.ledger.save(&delivery).await.unwrap();
    world.ledger.note_active(&tenant, at(0)).await.unwrap();
    world.clock.pass(SignedDuration::from_hours(24 * 4));
    world.count(Kind::Final, u64::MAX).await.unwrap();
    let found = world.stored(&tenant, 0).await.unwrap().figures;
    assert_eq!((found.deliveries, found.attempts, found.attempt_bytes), (1, 3, 30));
}

#[tokio::test]
async fn a_call_keeps_to_its_budget_and_the_next_one_goes_on() {
    let world = filled(9, 400).await;
    world.count(Kind::Final, 1).await.unwrap();
    world.clock.pass(SignedDuration::from_hours(24 * 4));
    let mut calls = 0;
    let whole = loop {
        let counted = world.count(Kind::Final, 50).await.unwrap();
        assert!(counted.reads < 50 + 500, "at most one page more: {counted:?}");
        calls += 1;
        if counted.until == Some(at(DAY_MS)) {
            break calls;
        }
        assert_eq!(counted.until, Some(at(0)));
    };
    assert!(whole > 5, "{whole} calls");
    let idle = world.count(Kind::Final, 50).await.unwrap();
    assert_eq!((idle.reads, idle.tenants), (0, 0), "nothing is due");
    // Without time nothing is done.
    let budget = Budget { reads: 50, until: at(0) };
    let stores = (&world.ledger, &world.registry);
    world.clock.pass(SignedDuration::from_hours(24));
    let late = count(stores, &world.clock, (Kind::Final, PACE), budget).await.unwrap();
    assert_eq!(late.reads, 0);
}

#[tokio::test]
async fn a_report_says_what_is_final_and_is_paged_by_month_and_tenant() {
    let world = filled(10, 60).await;
    let month = |text: &str| text.parse::<Month>().unwrap();
    let months = month("2026-09").through(month("2026-11"), 13);
    let tenant = tenants().remove(0);
    let before = one_tenant(&world.ledger, &tenant, &months).await.unwrap();
    assert_eq!((before.since, before.as_of, before.rows.len()), (None, None, 3));
    world.count(Kind::Provisional, 1).await.unwrap();
    world.count(Kind::Final, 1).await.unwrap();
    world.clock.pass(SignedDuration::from_hours(24 * 3 + 1));
    world.count(Kind::Provisional, u64::MAX).await.unwrap();
    world.clock.pass(SignedDuration::from_hours(24 * 2));
    world.count(Kind::Final, u64::MAX).await.unwrap();
    let found = one_tenant(&world.ledger, &tenant, &months).await.unwrap();
    assert_eq!((found.since, found.as_of), (Some(at(0)), Some(at(3 * DAY_MS))));
    // The two days of October are final; September was before the counting.
    assert_eq!(found.rows.iter().map(|row| row.is_final).collect::<Vec<_>>(), [false, true, false]);
    let of_day = |day| world.account[&(tenant.clone(), day)].events;
    let events: Vec<_> = found.rows.iter().map(|row| row.usage.total().events).collect();
    assert_eq!(events, [0, of_day(0) + of_day(1), of_day(2)]);
    for limit in [1, 2, 4, 100] {
        let (mut from, mut rows) = (None, Vec::new());
        loop {
            let page = all_tenants(&world.ledger, &months, from, limit).await.unwrap();
            assert!(page.rows.len() <= limit);
            rows.extend(page.rows);
            let Some(next) = page.next else { break };
            assert_eq!(next.to_string().parse(), Ok(next.clone()), "it reads back");
            from = Some(next);
        }
        let order: Vec<_> =
            rows.iter().map(|row| format!("{} {}", row.usage.month, row.usage.tenant)).collect();
        assert!(order.is_sorted() && order.len() == 6, "{order:?}");
        assert_eq!(rows.iter().find(|row| row.usage.tenant == tenant).unwrap(), &found.rows[1]);
    }
    for text in ["", "2026-10", "2026-13#", "2026-10#a b"] {
        assert!(text.parse::<RowPlace>().is_err(), "{text}");
    }
}
