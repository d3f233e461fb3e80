use hooklane_domain::Timestamp;
use hooklane_domain::event_index::Chunk;

use super::*;
use crate::fakes::{MemoryLedger, MemoryRegistry};
use crate::ports::EventIndexWriter as _;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_705_314_600_000 + ms).unwrap()
}

fn entry(ms: i64) -> Entry {
    Entry {
        accepted_at: at(ms),
        id: format!("e{ms}").parse().unwrap(),
        event_type: if ms % 1_000 == 0 { "a.rare" } else { "a.usual" }.parse().unwrap(),
        test: false,
        bytes: None,
        value: None,
    }
}

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

/// A ledger whose index has one event in each second, or millisecond, in chunks of this size.
async fn ledger(events: i64, gap: i64, size: usize) -> MemoryLedger {
    let ledger = MemoryLedger::default();
    let entries: Vec<_> = (0..events).map(|n| entry(n * gap)).collect();
    for some in entries.chunks(size) {
        for chunk in Chunk::of_events(some.to_vec()) {
            ledger.keep(&tenant(), &chunk, Timestamp::UNIX_EPOCH).await.unwrap();
        }
    }
    ledger
}

/// Every event over all pages, the most calls of a page, and the number of pages.
async fn every(ledger: &MemoryLedger, filter: EventsFilter) -> (Vec<Entry>, usize, usize) {
    let registry = MemoryRegistry::default();
    let (mut found, mut most, mut pages, mut after) = (Vec::new(), 0, 0, None);
    loop {
        let before = ledger.index_calls().1;
        let asked = EventsFilter { after, ..filter.clone() };
        let page = events(&registry, ledger, &tenant(), asked).await.unwrap();
        found.extend(page.events.into_iter().map(|event| event.entry));
        most = most.max(ledger.index_calls().1 - before);
        pages += 1;
        after = page.next;
        if after.is_none() {
            return (found, most, pages);
        }
    }
}

#[tokio::test]
async fn a_page_takes_few_calls() {
    // Of a busy tenant, a quiet one, and one in between.
    for (count, gap, size, calls) in [(4_000, 1, 400, 1), (300, 60_000, 1, 2), (2_000, 10, 20, 1)] {
        let ledger = ledger(count, gap, size).await;
        let filter = EventsFilter { limit: 20, ..EventsFilter::default() };
        let page = events(&MemoryRegistry::default(), &ledger, &tenant(), filter).await.unwrap();
        let listed: Vec<_> = page.events.iter().map(|e| e.entry.clone()).collect();
        let expected: Vec<_> = (0..count).rev().take(20).map(|n| entry(n * gap)).collect();
        assert_eq!(listed, expected);
        assert_eq!(ledger.index_calls().1, calls, "{count} events, {size} in a chunk");
    }
}

#[tokio::test]
async fn a_request_for_something_rare_reads_a_bounded_amount() {
    let ledger = ledger(3_000, 20_000, 1).await;
    let wanted = Wanted { event_type: Some("b.*".parse().unwrap()), ..Wanted::default() };
    let filter = EventsFilter { wanted, limit: 20, ..EventsFilter::default() };
    let (found, most, pages) = every(&ledger, filter).await;
    assert_eq!((found.len(), pages), (0, 6));
    assert!(most <= 8, "{most} calls");
}

#[tokio::test]
async fn what_a_full_zone_of_look_back_holds_is_passed() {
    // All within a second, one event in a chunk: a page that starts there reads more chunks than a request
    // usually does, and still gets further.
    let ledger = ledger(1_500, 1, 1).await;
    let filter = EventsFilter { limit: 100, ..EventsFilter::default() };
    let (found, _, pages) = every(&ledger, filter).await;
    assert_eq!(found, (0..1_500).rev().map(entry).collect::<Vec<_>>());
    assert!(pages <= 17, "{pages}");
}

#[tokio::test]
async fn chunks_that_cannot_be_read_are_counted_and_hide_nothing_else() {
    let ledger = ledger(30, 20_000, 1).await;
    ledger.corrupt_index();
    ledger
        .keep(&tenant(), &Chunk::of_events(vec![entry(5)])[0], Timestamp::UNIX_EPOCH)
        .await
        .unwrap();
    let filter = EventsFilter { limit: 20, ..EventsFilter::default() };
    let page = events(&MemoryRegistry::default(), &ledger, &tenant(), filter).await.unwrap();
    assert_eq!((page.events.len(), page.unreadable, page.next), (1, 30, None));
}
