use hooklane_domain::delivery::{CancelReason, FailReason};
use proptest::prelude::*;

use super::*;
use crate::fakes::MemoryLedger;

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_705_314_600_000 + ms).unwrap()
}

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

fn webhook(n: u128) -> WebhookId {
    WebhookId::new(at(0), n)
}

/// Deliveries of five webhooks within a few milliseconds, in several states.
async fn write(ledger: &MemoryLedger, plan: &[(u128, i64, u8)]) -> Vec<Delivery> {
    let mut written = Vec::new();
    for (n, (of, ms, state)) in plan.iter().enumerate() {
        let id = DeliveryId::new(webhook(*of), at(*ms), format!("e{n}").parse().unwrap());
        let fresh = Delivery::unwritten(id, tenant(), "a".parse().unwrap());
        let delivery = match state {
            0 => fresh,
            1 => fresh.failed(at(*ms), FailReason::EventMissing),
            _ => fresh.cancelled(at(*ms), CancelReason::Requested),
        };
        ledger.save(&delivery).await.unwrap();
        written.push(delivery);
    }
    written
}

async fn pages(
    ledger: &MemoryLedger,
    parts: &[Part],
    range: TimeRange,
    limit: usize,
) -> Vec<DeliveryId> {
    let (mut found, mut after): (Vec<DeliveryId>, Option<DeliveryId>) = (Vec::new(), None);
    loop {
        let asked = (after.as_ref(), limit);
        let page = newest(ledger, &tenant(), parts, range, asked).await.unwrap();
        assert!(page.deliveries.len() <= limit);
        found.extend(page.deliveries.into_iter().map(|delivery| delivery.id));
        match page.next {
            Some(next) => after = Some(next),
            None => return found,
        }
    }
}

proptest! {
    #[test]
    fn the_lists_of_many_webhooks_are_merged_newest_first(
        plan in prop::collection::vec((0..5u128, 0..20i64, 0..3u8), 0..80),
        limit in 1..9usize,
        span in prop_oneof![Just(None), (0..20i64, 0..20i64).prop_map(Some)],
    ) {
        let ledger = MemoryLedger::default();
        let written = block_on(write(&ledger, &plan));
        let range = span.map_or_else(TimeRange::default, |(since, until)| {
            TimeRange::new(Some(at(since)), Some(at(until)))
        });
        let statuses = [Status::Pending, Status::Failed];
        let parts: Vec<_> = (0..4)
            .flat_map(|n| statuses.map(|status| (webhook(n), Some(status))))
            .collect();
        let mut expected: Vec<_> = written
            .into_iter()
            .filter(|delivery| delivery.id.webhook() != webhook(4))
            .filter(|delivery| statuses.contains(&delivery.status()))
            .map(|delivery| delivery.id)
            .filter(|id| range.contains(id.accepted_at()))
            .collect();
        expected.sort_by_key(|id| std::cmp::Reverse((id.accepted_ms(), id.clone())));
        prop_assert_eq!(block_on(pages(&ledger, &parts, range, limit)), expected);
    }
}

#[test]
fn a_delivery_found_twice_is_listed_once() {
    let ledger = MemoryLedger::default();
    let written = block_on(write(&ledger, &[(0, 1, 0), (0, 2, 0)]));
    let twice = [(webhook(0), None), (webhook(0), None)];
    for limit in [1, 5] {
        let found = block_on(pages(&ledger, &twice, TimeRange::default(), limit));
        assert_eq!(found, [written[1].id.clone(), written[0].id.clone()]);
    }
}

#[test]
fn finding_04_only_the_newest_deliveries_are_held_however_many_are_read() {
    let found = Found::new(10);
    let ledger = MemoryLedger::default();
    for of in 0..50 {
        let plan: Vec<_> = (0..20).map(|ms| (of, ms + of as i64, 0)).collect();
        let mut written = block_on(write(&ledger, &plan));
        written.sort_by_key(|delivery| std::cmp::Reverse(delivery.id.accepted_ms()));
        found.add(written);
        assert!(found.lock().len() <= 11);
        // What is older than all of them is not read.
        let oldest = found.lock().first_key_value().map(|((_, id), _)| id.accepted_at());
        assert_eq!(found.not_older(TimeRange::default()).since(), oldest);
    }
    let page = found.into_page(0);
    assert_eq!(page.deliveries.len(), 10);
    assert_eq!(page.deliveries[0].id.accepted_at(), at(19 + 49));
}
