#![expect(clippy::unwrap_used, reason = "a check that fails panics")]
//! Lists of deliveries and of attempts: what they hold, and in which order.

use hooklane_domain::Timestamp;
use hooklane_domain::delivery::attempt_log::{LogEntry, LogPosition};
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::delivery::retry::Next;
use hooklane_domain::delivery::{Delivery, ParkReason, Status};
use hooklane_domain::ids::{TenantId, WebhookId};

use super::samples::{answered, at, delivery, save, turn, unanswered, waiting};
use crate::ports::{AttemptLog, DeliveryFilter, DeliveryStore, LogFilter};

pub(super) async fn filters_match_status_and_event_type(
    store: &impl DeliveryStore,
    tenant: &TenantId,
    webhook: WebhookId,
) {
    for ms in 0..6 {
        let event_type = if ms % 2 == 0 { "order.created" } else { "order.shipped" };
        let new =
            Delivery { event_type: event_type.parse().unwrap(), ..delivery(tenant, webhook, ms) };
        let failed = waiting(new.clone(), &answered(1, ms, 500));
        let delivered = new.after(&answered(1, ms, 200), Next::Delivered, turn());
        save(store, if ms < 3 { &failed } else { &delivered }).await;
    }
    for (status, event_type, expected) in [
        (None, "order.created", vec![4, 2, 0]),
        (None, "order", vec![]),
        (Some(Status::Retrying), "order.created", vec![2, 0]),
        (Some(Status::Delivered), "order.shipped", vec![5, 3]),
        (Some(Status::Failed), "order.shipped", vec![]),
    ] {
        let filter = DeliveryFilter {
            status,
            event_type: Some(event_type.parse().unwrap()),
            limit: 10,
            ..DeliveryFilter::default()
        };
        let found = every(store, tenant, webhook, filter).await;
        assert_eq!(found, times(&expected), "{status:?} {event_type}");
    }
}

pub(super) async fn parked_deliveries_can_be_listed_apart(
    store: &impl DeliveryStore,
    tenant: &TenantId,
    webhook: WebhookId,
) {
    for ms in 0..6 {
        let new = delivery(tenant, webhook, ms);
        let failed = waiting(new.clone(), &answered(1, ms, 500));
        let parked = |delivery: Delivery| delivery.parked(at(9), ParkReason::Paused);
        let written = match ms {
            0 | 3 => failed,
            1 | 4 => parked(failed),
            2 => parked(new),
            _ => new.after(&answered(1, ms, 200), Next::Delivered, turn()),
        };
        save(store, &written).await;
    }
    for (parked, status, expected) in [
        (Some(true), None, vec![4, 2, 1]),
        (Some(false), None, vec![5, 3, 0]),
        (Some(true), Some(Status::Retrying), vec![4, 1]),
        (Some(true), Some(Status::Pending), vec![2]),
        (Some(false), Some(Status::Retrying), vec![3, 0]),
        (Some(true), Some(Status::Delivered), vec![]),
    ] {
        for limit in [1, 10] {
            let filter = DeliveryFilter { parked, status, limit, ..DeliveryFilter::default() };
            let found = every(store, tenant, webhook, filter).await;
            assert_eq!(found, times(&expected), "{parked:?} {status:?} {limit}");
        }
    }
}

pub(super) async fn a_range_includes_its_start_and_excludes_its_end(
    store: &impl DeliveryStore,
    tenant: &TenantId,
    webhook: WebhookId,
) {
    let mut written = Vec::new();
    for ms in 0..5 {
        let failed = answered(1, ms, 500);
        written.push(save(store, &waiting(delivery(tenant, webhook, ms), &failed)).await);
    }
    let range =
        |since: Option<i64>, until: Option<i64>| TimeRange::new(since.map(at), until.map(at));
    for (accepted, expected) in [
        (range(None, None), vec![4, 3, 2, 1, 0]),
        (range(Some(1), Some(4)), vec![3, 2, 1]),
        (range(Some(3), None), vec![4, 3]),
        (range(None, Some(1)), vec![0]),
        (range(Some(2), Some(2)), vec![]),
        (range(Some(4), Some(1)), vec![]),
        (range(Some(-9_999_999_999_999), Some(9_999_999_999_999)), vec![4, 3, 2, 1, 0]),
        (TimeRange::new(Some(Timestamp::MIN), Some(Timestamp::MAX)), vec![4, 3, 2, 1, 0]),
    ] {
        for status in [None, Some(Status::Retrying)] {
            for limit in [2, 10] {
                let filter =
                    DeliveryFilter { status, accepted, limit, ..DeliveryFilter::default() };
                let found = every(store, tenant, webhook, filter).await;
                assert_eq!(found, times(&expected), "{accepted:?} {status:?} {limit}");
            }
            // The page starts at a delivery outside the range.
            for (place, beyond) in [(4, range(None, Some(3))), (0, range(Some(2), None))] {
                let filter = DeliveryFilter {
                    status,
                    accepted: beyond,
                    after: Some(written[place].id.clone()),
                    limit: 10,
                    ..DeliveryFilter::default()
                };
                let expected = if place == 4 { vec![2, 1, 0] } else { vec![] };
                let found = every(store, tenant, webhook, filter).await;
                assert_eq!(found, times(&expected), "after {place}: {beyond:?} {status:?}");
            }
        }
    }
}

/// When the events of the matching deliveries were accepted, over all pages.
async fn every(
    store: &impl DeliveryStore,
    tenant: &TenantId,
    webhook: WebhookId,
    mut filter: DeliveryFilter,
) -> Vec<Timestamp> {
    let mut found = Vec::new();
    for _ in 0..20 {
        let page = store.list(tenant, webhook, &filter).await.unwrap();
        assert!(page.deliveries.len() <= filter.limit);
        found.extend(page.deliveries.iter().map(|d| d.id.accepted_at()));
        filter.after = page.next;
        if filter.after.is_none() {
            break;
        }
    }
    found
}

fn times(ms: &[i64]) -> Vec<Timestamp> {
    ms.iter().map(|ms| at(*ms)).collect()
}

pub(super) async fn kept_attempts_are_in_order(
    store: &(impl DeliveryStore + AttemptLog),
    tenant: &TenantId,
    webhook: WebhookId,
) {
    let (early, late) = (delivery(tenant, webhook, 0), delivery(tenant, webhook, 50));
    let mut written = Vec::new();
    for (of, attempt) in [
        (&early, unanswered(1, 10)),
        (&late, answered(1, 60, 503)),
        (&early, answered(2, 70, 500)),
        (&late, answered(2, 70, 500)),
        (&early, answered(3, 100_000, 200)),
    ] {
        store.keep_attempt(of, &attempt).await.unwrap();
        store.keep_attempt(of, &attempt).await.unwrap();
        written.push(LogEntry::of(of, attempt));
    }
    written.reverse();
    assert!(written.is_sorted_by_key(|entry| std::cmp::Reverse(entry.key())), "newest first");
    let all = TimeRange::default();
    for limit in [1, 2, 10] {
        assert_eq!(log(store, tenant, webhook, all, limit, None).await, written, "{limit}");
    }
    for (since, until, expected) in [
        (Some(60), Some(70), &written[3..4]),
        (Some(70), None, &written[..3]),
        (None, Some(60), &written[4..]),
        (Some(70), Some(60), &[]),
    ] {
        let range = TimeRange::new(since.map(at), until.map(at));
        let found = log(store, tenant, webhook, range, 10, None).await;
        assert_eq!(found, expected, "{since:?} {until:?}");
    }
    for (from, expected) in [
        (LogPosition::Before(at(70)), &written[3..]),
        (LogPosition::Before(at(71)), &written[1..]),
        (LogPosition::After(written[1].key()), &written[2..]),
        (LogPosition::After(written[4].key()), &[]),
    ] {
        let found = log(store, tenant, webhook, all, 10, Some(from.clone())).await;
        assert_eq!(found, expected, "{from}");
    }
    let beyond = TimeRange::new(Some(at(65)), None);
    let from = Some(LogPosition::After(written[4].key()));
    assert_eq!(log(store, tenant, webhook, beyond, 10, from).await, [], "before the range");
    let within = TimeRange::new(None, Some(at(65)));
    let from = Some(LogPosition::After(written[0].key()));
    assert_eq!(
        log(store, tenant, webhook, within, 10, from).await,
        written[3..],
        "after the range"
    );

    let strangers = super::samples::tenant("strangers", 0);
    assert_eq!(log(store, &strangers, webhook, all, 10, None).await, [], "another tenant's");
}

async fn log(
    store: &impl AttemptLog,
    tenant: &TenantId,
    webhook: WebhookId,
    began: TimeRange,
    limit: usize,
    mut from: Option<LogPosition>,
) -> Vec<LogEntry> {
    let mut found = Vec::new();
    for _ in 0..20 {
        let asked = LogFilter { began, from, limit };
        let page = store.kept(tenant, webhook, &asked).await.unwrap();
        assert!(page.entries.len() <= limit);
        found.extend(page.entries);
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    found
}
