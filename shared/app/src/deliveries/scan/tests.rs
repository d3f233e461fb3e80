use hooklane_domain::Timestamp;
use hooklane_domain::delivery::{CancelReason, FailReason, Status};
use proptest::prelude::*;

use super::*;
use crate::fakes::MemoryLedger;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_705_314_600_000 + ms).unwrap()
}

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

fn webhook(n: u128) -> WebhookId {
    WebhookId::new(at(0), n)
}

/// What is scanned for: deliveries of events whose number is a multiple of four.
fn is_fourth(delivery: &Delivery) -> bool {
    let number: u64 = delivery.id.event().as_str()[1..].parse().unwrap();
    number.is_multiple_of(4)
}

async fn write(ledger: &MemoryLedger, plan: &[(u128, i64, u8)]) -> Vec<DeliveryId> {
    let mut written = Vec::new();
    for (n, (of, ms, state)) in plan.iter().enumerate() {
        let id = DeliveryId::new(webhook(*of), at(*ms), format!("e{n}").parse().unwrap());
        let fresh = Delivery::unwritten(id.clone(), tenant(), "a".parse().unwrap());
        let delivery = match state {
            0 => fresh,
            1 => fresh.failed(at(*ms), FailReason::EventMissing),
            _ => fresh.cancelled(at(*ms), CancelReason::Requested),
        };
        ledger.save(&delivery).await.unwrap();
        written.push(id);
    }
    written
}

async fn all(ledger: &MemoryLedger, parts: &[Part], limit: usize) -> (Vec<DeliveryId>, usize) {
    let (mut found, mut after, mut pages) = (Vec::new(), None::<DeliveryId>, 0);
    loop {
        let accepted = TimeRange::default();
        let asked = Scan { parts, accepted, after: after.as_ref(), limit };
        let page = scan(ledger, &tenant(), asked, &is_fourth).await.unwrap();
        assert!(page.deliveries.len() <= limit);
        assert_eq!(page.is_cut, page.next.is_some() && page.deliveries.len() < limit);
        pages += 1;
        found.extend(page.deliveries.into_iter().map(|delivery| delivery.id));
        match page.next {
            Some(next) => {
                assert!(after.as_ref().is_none_or(|after| position(&next) < position(after)));
                after = Some(next);
            }
            None => return (found, pages),
        }
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Page by page, a scan lists what fits, each delivery once, newest first.
    #[test]
    fn a_scan_lists_what_a_model_lists(
        plan in prop::collection::vec((0..5u128, 0..40i64, 0..3u8), 0..120),
        limit in 1..9usize,
        by_status: bool,
    ) {
        block_on(async {
            let ledger = MemoryLedger::default();
            let written = write(&ledger, &plan).await;
            let statuses = [Some(Status::Pending), Some(Status::Failed)];
            let parts: Vec<Part> = (0..5)
                .flat_map(|n| match by_status {
                    true => statuses.map(|status| (webhook(n), status)).to_vec(),
                    false => vec![(webhook(n), None)],
                })
                .collect();
            let mut expected: Vec<_> = written
                .into_iter()
                .enumerate()
                .filter(|(n, _)| n % 4 == 0 && (!by_status || plan[*n].2 < 2))
                .map(|(_, id)| id)
                .collect();
            expected.sort_by_key(|id| std::cmp::Reverse(position(id)));
            let (found, _) = all(&ledger, &parts, limit).await;
            assert_eq!(found, expected);
        });
    }
}

/// However few fit, one page makes a bounded number of queries, and the pages together find them.
#[tokio::test]
async fn a_page_ends_when_its_queries_are_used_up() {
    let ledger = MemoryLedger::default();
    // One old delivery fits; after it, 30,000 do not.
    let plan: Vec<_> = (0..30_000).map(|n| (0, n, 1)).collect();
    let mut written = write(&ledger, &plan[..1]).await;
    for n in 1..30_000i64 {
        let id = DeliveryId::new(webhook(0), at(n), format!("e{}", 4 * n + 1).parse().unwrap());
        let fresh = Delivery::unwritten(id.clone(), tenant(), "a".parse().unwrap());
        ledger.save(&fresh).await.unwrap();
        written.push(id);
    }
    let before = ledger.requests();
    let (found, pages) = all(&ledger, &[(webhook(0), None)], 20).await;
    assert_eq!(found, written[..1]);
    assert_eq!(pages, 3);
    let requests = ledger.requests() - before;
    assert!(requests <= 3 * (1 + MORE_QUERIES), "{requests}");
}
