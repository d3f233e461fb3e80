//! How many requests figures take of the table, with a thousand webhooks and a hundred thousand deliveries.

use hooklane_domain::delivery::period::Period;
use hooklane_domain::figures::report::{Step, Window};
use jiff::SignedDuration;

use super::DAY;
use super::world::{World, minutes};
use crate::fakes::MemoryRegistry;
use crate::figures::{SeriesOf, of_list, of_tenant, of_webhook, series};

const WEBHOOKS: u128 = 1_000;
const DELIVERIES: u32 = 100;

#[tokio::test]
async fn figures_take_few_requests_whatever_is_in_the_tables() {
    let (world, registry) = (World::new(), MemoryRegistry::default());
    for n in 0..WEBHOOKS {
        world.register(&registry, n).await;
    }
    for n in 0..DELIVERIES {
        for webhook in 0..WEBHOOKS {
            let (webhook, event) = (world.webhook(webhook), format!("e{n}"));
            if n == 7 {
                world.fail(webhook, &event).await;
            } else {
                world.deliver(webhook, &event).await;
            }
        }
        world.pass(minutes(5));
    }
    let ledger = &*world.ledger;
    let mut calls = ledger.figure_calls();
    let mut took = || {
        let now = ledger.figure_calls();
        let took = (now.0 - calls.0, now.1 - calls.1);
        calls = now;
        took
    };
    let one = (&world.tenant, world.webhook(3));
    let total = |reports: &[hooklane_domain::figures::report::Report]| {
        reports.iter().map(|report| report.total().accepted()).sum::<u64>()
    };

    // Kept answer, progress, hours, two pages of deliveries; hours, progress and answer are written.
    let report = of_webhook(&registry, ledger, one, DAY, world.asking()).await.unwrap().unwrap();
    assert_eq!(report.total().accepted(), u64::from(DELIVERIES));
    let first = took();
    assert!(first.0 <= 6 && first.1 <= 2 + 9, "the first look: {first:?}");
    of_webhook(&registry, ledger, one, DAY, world.asking()).await.unwrap().unwrap();
    assert_eq!(took(), (1, 0), "within a minute: the answer");
    world.pass(SignedDuration::from_secs(61));
    of_webhook(&registry, ledger, one, DAY, world.asking()).await.unwrap().unwrap();
    let again = took();
    assert!(again.0 <= 6 && again.1 <= 1, "a minute later: {again:?}");

    let page: Vec<_> = (0..20).map(|n| world.webhook(n)).collect();
    let reports = of_list(ledger, &world.tenant, &page, DAY, world.asking()).await.unwrap();
    assert_eq!(total(&reports), 2_000);
    let list = took();
    assert!(list.0 <= 1 + 20 * 5, "a list of twenty: {list:?}");
    of_list(ledger, &world.tenant, &page, DAY, world.asking()).await.unwrap();
    assert_eq!(took(), (1, 0), "a list of twenty within a minute");

    let all = of_tenant(&registry, ledger, &world.tenant, DAY, world.asking()).await.unwrap();
    assert_eq!(all.total().accepted(), 100_000);
    let tenant = took();
    assert!(tenant.0 <= 11 + 1_000 * 5, "a tenant's thousand: {tenant:?}");
    of_tenant(&registry, ledger, &world.tenant, DAY, world.asking()).await.unwrap();
    assert_eq!(took(), (1, 0), "a tenant's thousand within a minute");

    let window = Window::span(world.began, world.began + minutes(120), Step::Hour).unwrap();
    let of = (&world.tenant, SeriesOf::Webhook(world.webhook(3)));
    let hours = series(&registry, ledger, of, window, world.asking()).await.unwrap().unwrap();
    assert_eq!(hours.total().accepted(), 24, "one each five minutes");
    let chart = took();
    assert!(chart.0 <= 6 && chart.1 <= 1, "a series of settled hours: {chart:?}");
    let of_events = (&world.tenant, SeriesOf::Events);
    series(&registry, ledger, of_events, window, world.asking()).await.unwrap().unwrap();
    let events = took();
    assert!(events.0 <= 4 && events.1 <= 3, "a series of events reads no webhook: {events:?}");
    let month = Window::Period(Period::Month);
    let of_month =
        of_webhook(&registry, ledger, one, month, world.asking()).await.unwrap().unwrap();
    assert_eq!(of_month.total().accepted(), 100);
    let month = took();
    assert!(month.0 <= 6 && month.1 <= 12, "thirty days: {month:?}");
}
