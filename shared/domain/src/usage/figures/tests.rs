use super::*;
use crate::delivery::outcome::{Outcome, Response};
use crate::ids::{DeliveryId, WebhookId};

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_705_314_600_000 + ms).unwrap()
}

const HOUR: i64 = 3_600_000;

fn span() -> Span {
    Span { from: at(0), to: at(HOUR) }
}

fn entry(ms: i64, event_type: &str, test: bool, bytes: Option<u32>) -> Entry {
    let (id, event_type) = ("e1".parse().unwrap(), event_type.parse().unwrap());
    Entry { accepted_at: at(ms), id, event_type, test, bytes, value: None }
}

fn attempt(ms: i64, measure: Measure) -> Attempt {
    let response = Response {
        status: 200,
        status_text: "OK".to_owned(),
        headers: Vec::new(),
        body: String::new(),
    };
    Attempt {
        number: 1,
        at: at(ms),
        duration_ms: 5,
        request_headers: Vec::new(),
        outcome: Outcome::Answered(response),
        remarks: Vec::new(),
        measure,
    }
}

/// A delivery whose event was accepted and whose attempt succeeded at these times.
fn delivered(accepted: i64, ms: i64, event_type: &str, measure: Measure) -> Delivery {
    let id = DeliveryId::new(WebhookId::new(at(0), 1), at(accepted), "e1".parse().unwrap());
    let mut delivery =
        Delivery::unwritten(id, "acme".parse().unwrap(), event_type.parse().unwrap());
    delivery.success = Some(attempt(ms, measure));
    delivery
}

#[test]
fn an_event_counts_where_it_was_accepted() {
    for (name, entry, expected) in [
        ("the first moment", entry(0, "a.b", false, Some(7)), (1, 7, 0)),
        ("the last one", entry(HOUR - 1, "a.b", false, Some(0)), (1, 0, 0)),
        ("the next span's", entry(HOUR, "a.b", false, Some(7)), (0, 0, 0)),
        ("the span's before", entry(-1, "a.b", false, Some(7)), (0, 0, 0)),
        ("a test event", entry(5, "a.b", true, Some(7)), (0, 0, 0)),
        ("an operational event", entry(5, "webhook.failing", false, Some(7)), (0, 0, 0)),
        ("an older version's chunk", entry(5, "a.b", false, None), (1, 0, 1)),
    ] {
        let Figures { events, event_bytes, unmeasured, .. } = Figures::of_event(&entry, span());
        assert_eq!((events, event_bytes, unmeasured), expected, "{name}");
    }
}

#[test]
fn a_prompt_success_counts_where_its_attempt_began() {
    let body = Measure::Body(9);
    for (name, delivery, expected) in [
        ("usual", delivered(5, 50, "a.b", body), (1, 1, 9)),
        ("accepted before the span", delivered(-9_000, 10, "a.b", body), (1, 1, 9)),
        ("attempted after it", delivered(HOUR - 1, HOUR, "a.b", body), (0, 0, 0)),
        ("attempted before it", delivered(0, -1, "a.b", body), (0, 0, 0)),
        ("late: an attempt of its own", delivered(5, 10_006, "a.b", body), (0, 0, 0)),
        ("operational", delivered(5, 50, "webhook.failing", body), (0, 0, 0)),
        ("a test event", delivered(5, 50, "a.b", Measure::Test), (0, 0, 0)),
        ("of an older version", delivered(5, 50, "a.b", Measure::Unknown), (1, 1, 0)),
    ] {
        let found = Figures::of_delivery(&delivery, span());
        assert_eq!((found.deliveries, found.attempts, found.attempt_bytes), expected, "{name}");
        if found.attempts > 0 {
            assert!(accepted_around(span()).contains(delivery.id.accepted_at()), "{name}");
        }
    }
    let failed = Delivery { success: None, ..delivered(5, 50, "a.b", body) };
    assert!(Figures::of_delivery(&failed, span()).is_zero());
}

#[test]
fn a_kept_attempt_counts_and_its_delivery_if_it_ended_it() {
    let of = |event_type, measure| {
        LogEntry::of(&delivered(5, 50, event_type, measure), attempt(50, measure))
    };
    let body = Measure::Body(9);
    let test_of_a_webhook = LogEntry { delivery: None, ..of("a.b", body) };
    let untyped = LogEntry { event_type: None, ..of("a.b", body) };
    for (name, entry, delivered, expected) in [
        ("failed", of("a.b", body), false, (0, 1, 9, 0)),
        ("it delivered", of("a.b", body), true, (1, 1, 9, 0)),
        ("of an older version", of("a.b", Measure::Unknown), true, (1, 1, 0, 1)),
        ("a test event", of("a.b", Measure::Test), true, (0, 0, 0, 0)),
        ("operational", of("delivery.exhausted", body), true, (0, 0, 0, 0)),
        ("a test of a webhook", test_of_a_webhook, true, (0, 0, 0, 0)),
        ("no type was noted", untyped, false, (0, 1, 9, 0)),
    ] {
        let Figures { deliveries, attempts, attempt_bytes, unmeasured, .. } =
            Figures::of_attempt(&entry, delivered);
        let found = (deliveries, attempts, attempt_bytes, unmeasured);
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn sums_do_not_overflow() {
    let mut sum = Figures { event_bytes: u64::MAX - 1, ..Figures::default() };
    sum += Figures { event_bytes: 5, unreadable: 2, ..Figures::default() };
    sum += Figures::of_unreadable(3);
    assert_eq!((sum.event_bytes, sum.unreadable), (u64::MAX, 5));
}
