//! The merged log compared with a simple one: every attempt, sorted.

use hooklane_domain::delivery::attempt::Attempt;
use hooklane_domain::delivery::outcome::{Outcome, Response};
use hooklane_domain::delivery::retry::Next;
use hooklane_domain::delivery::{MessageId, Turn};
use hooklane_domain::ids::DeliveryId;
use proptest::prelude::*;

use super::*;
use crate::fakes::MemoryLedger;

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_705_314_600_000 + ms).unwrap()
}

fn webhook() -> WebhookId {
    WebhookId::new(at(0), 1)
}

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

/// A delivery to write: when its event is accepted, how long after that each attempt begins, and whether
/// the last attempt succeeds.
#[derive(Debug, Clone)]
struct Plan {
    accepted: i64,
    attempts: Vec<i64>,
    succeeds: bool,
}

/// Acceptances close together, with attempts around the limit of a prompt success and far beyond it.
fn plans() -> impl Strategy<Value = Vec<Plan>> {
    let after = prop_oneof![-1_002..=-998i64, 0..5i64, 9_998..=10_002i64, 0..40_000i64];
    let attempts = prop::collection::vec(after, 1..4);
    let plan = (0..30_000i64, attempts, any::<bool>())
        .prop_map(|(accepted, attempts, succeeds)| Plan { accepted, attempts, succeeds });
    prop::collection::vec(plan, 0..40)
}

fn attempt(number: u32, ms: i64, status: u16) -> Attempt {
    let outcome = Outcome::Answered(Response {
        status,
        status_text: String::new(),
        headers: Vec::new(),
        body: String::new(),
    });
    Attempt {
        number,
        at: at(ms),
        duration_ms: 1,
        request_headers: Vec::new(),
        outcome,
        remarks: Vec::new(),
        measure: hooklane_domain::delivery::attempt::Measure::Unknown,
    }
}

/// Writes as the delivery function does; returns every attempt, sorted.
async fn write(ledger: &MemoryLedger, plans: &[Plan]) -> Vec<LogEntry> {
    let mut all = Vec::new();
    for (n, plan) in plans.iter().enumerate() {
        let id = DeliveryId::new(webhook(), at(plan.accepted), format!("e{n}").parse().unwrap());
        let mut delivery = Delivery::unwritten(id, tenant(), "user.created".parse().unwrap());
        for (i, after) in plan.attempts.iter().enumerate() {
            let succeeds = plan.succeeds && i + 1 == plan.attempts.len();
            let status = if succeeds { 200 } else { 500 };
            let made = attempt(delivery.next_number(), plan.accepted + after, status);
            if !succeeds || !is_prompt(delivery.id.accepted_at(), made.at) {
                ledger.keep_attempt(&delivery, &made).await.unwrap();
            }
            let next = if succeeds { Next::Delivered } else { Next::RetryAt(at(90_000)) };
            let turn = Turn { generation: 0, owner: MessageId("m".to_owned()) };
            delivery = delivery.after(&made, next, turn);
            all.push(LogEntry::of(&delivery, made));
        }
        ledger.save(&delivery).await.unwrap();
    }
    all.sort_by_key(|entry| std::cmp::Reverse(entry.key()));
    all
}

/// The entries of all pages, and the number of pages.
async fn pages(
    ledger: &MemoryLedger,
    began: TimeRange,
    limit: usize,
    budget: ReadBudget,
) -> (Vec<LogEntry>, usize) {
    let (mut entries, mut from, mut count) = (Vec::new(), None, 0);
    loop {
        let asked = LogFilter { began, from, limit };
        let page = read(ledger, (&tenant(), webhook()), &asked, budget).await.unwrap();
        assert!(page.entries.len() <= limit);
        count += 1;
        entries.extend(page.entries);
        assert!(count <= 1_000, "the pages come to an end");
        match page.next {
            Some(next) => from = Some(next),
            None => return (entries, count),
        }
    }
}

proptest! {
    #[test]
    fn the_log_is_every_attempt_once_in_order_of_time(
        plans in plans(),
        limit in 1..7usize,
        chunk in 1..9usize,
        queries in 1..4usize,
        span in prop_oneof![Just(None), (0..40_000i64, 0..40_000i64).prop_map(Some)],
    ) {
        let ledger = MemoryLedger::default();
        let all = block_on(write(&ledger, &plans));
        let began = span.map_or_else(TimeRange::default, |(since, until)| {
            TimeRange::new(Some(at(since)), Some(at(until)))
        });
        let expected: Vec<_> =
            all.into_iter().filter(|entry| began.contains(entry.attempt.at)).collect();
        let (entries, _) = block_on(pages(&ledger, began, limit, ReadBudget { chunk, queries }));
        prop_assert_eq!(entries, expected);
    }

    /// Further pages hold each earlier attempt once, whatever begins meanwhile.
    #[test]
    fn attempts_that_begin_later_do_not_disturb_further_pages(
        before in plans(), after in plans(), limit in 1..5usize
    ) {
        let ledger = MemoryLedger::default();
        let budget = ReadBudget { chunk: 3, queries: 2 };
        let all = block_on(write(&ledger, &before));
        let asked = LogFilter { began: TimeRange::default(), from: None, limit };
        let first = block_on(read(&ledger, (&tenant(), webhook()), &asked, budget)).unwrap();
        block_on(async {
            for (n, plan) in after.iter().enumerate() {
                let accepted = at(200_000 + plan.accepted);
                let id = DeliveryId::new(webhook(), accepted, format!("later{n}").parse().unwrap());
                let delivery = Delivery::unwritten(id, tenant(), "a".parse().unwrap());
                let made = attempt(1, 200_001 + plan.accepted, 200);
                let turn = Turn { generation: 0, owner: MessageId("m".to_owned()) };
                ledger.save(&delivery.after(&made, Next::Delivered, turn)).await.unwrap();
            }
        });
        let (mut entries, mut from) = (first.entries, first.next);
        while let Some(position) = from {
            let asked = LogFilter { began: TimeRange::default(), from: Some(position), limit };
            let page = block_on(read(&ledger, (&tenant(), webhook()), &asked, budget)).unwrap();
            entries.extend(page.entries);
            from = page.next;
        }
        prop_assert_eq!(entries, all);
    }
}

#[test]
fn a_page_is_returned_when_the_read_budget_is_used_up() {
    let ledger = MemoryLedger::default();
    // Only waiting deliveries: none of them has a success for the log.
    let waiting = Plan { accepted: 0, attempts: vec![60_000], succeeds: false };
    let plans: Vec<_> =
        (0..100).map(|n| Plan { accepted: n * 60_000, ..waiting.clone() }).collect();
    let all = block_on(write(&ledger, &plans));
    let (entries, count) =
        block_on(pages(&ledger, TimeRange::default(), 100, ReadBudget { chunk: 10, queries: 2 }));
    assert_eq!(entries, all);
    assert!(count > 1, "it took several pages");
}
