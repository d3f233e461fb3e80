use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;

use super::report::{Report, Step, Window};
use super::series::{By, Metric, lines};
use super::settled::{self, Minute, Parts, is_late};
use super::*;
use crate::delivery::attempt::Attempt;
use crate::delivery::failures::Failure;
use crate::delivery::outcome::{AttemptError, ErrorKind, Outcome, Response};
use crate::delivery::retry::Next;
use crate::delivery::statistics::{Condition, Figures};
use crate::delivery::{CancelReason, Delivery, MessageId, Status, Turn};
use crate::ids::{DeliveryId, WebhookId};

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_705_314_600_000 + ms).unwrap()
}

fn fresh(event_type: &str) -> Delivery {
    let id = DeliveryId::new(WebhookId::new(at(0), 1), at(0), "e1".parse().unwrap());
    Delivery::unwritten(id, "acme".parse().unwrap(), event_type.parse().unwrap())
}

fn answered(status: u16) -> Outcome {
    Outcome::Answered(Response {
        status,
        status_text: String::new(),
        headers: Vec::new(),
        body: String::new(),
    })
}

fn timeout() -> Outcome {
    Outcome::Error(AttemptError { kind: ErrorKind::Timeout, detail: String::new() })
}

/// A delivery after these attempts, each with its duration in milliseconds; `next` follows the last.
fn made(event_type: &str, attempts: &[(u32, Outcome)], next: Next) -> Delivery {
    let mut delivery = fresh(event_type);
    for (n, (duration_ms, outcome)) in attempts.iter().enumerate() {
        let attempt = Attempt {
            number: delivery.next_number(),
            at: at(i64::try_from(n).unwrap() * 1000),
            duration_ms: *duration_ms,
            request_headers: Vec::new(),
            outcome: outcome.clone(),
            remarks: Vec::new(),
            measure: crate::delivery::attempt::Measure::Unknown,
        };
        let last = n + 1 == attempts.len();
        let next = if last { next } else { Next::RetryAt(at(9_000)) };
        let turn = Turn { generation: 0, owner: MessageId("m".to_owned()) };
        delivery = delivery.after(&attempt, next, turn);
    }
    delivery
}

fn figures(deliveries: &[Delivery]) -> Figures {
    bucket(deliveries).figures()
}

fn bucket(deliveries: &[Delivery]) -> Bucket {
    let mut bucket = Bucket::default();
    deliveries.iter().for_each(|delivery| bucket.count(delivery));
    bucket
}

#[test]
fn no_deliveries_have_no_rates() {
    let none = figures(&[]);
    assert_eq!((none.total, none.delivery_rate, none.response), (0, None, None));
    assert_eq!(none.by_status.len(), Status::ALL.len());
}

#[test]
fn deliveries_are_counted_by_how_they_ended() {
    let all = figures(&[
        made("a", &[(100, answered(200))], Next::Delivered),
        made("a", &[(9, timeout()), (300, answered(200))], Next::Delivered),
        made("b", &[(20_000, timeout())], Next::RetryAt(at(9_000))),
        made("b", &[(50, answered(500)), (70, answered(503))], Next::Exhausted),
        fresh("b"),
        made("b", &[(1, answered(503))], Next::RetryAt(at(9_000)))
            .cancelled(at(1), CancelReason::Requested),
    ]);
    let count = |status| all.by_status.iter().find(|(s, _)| *s == status).unwrap().1;
    assert_eq!(all.total, 6);
    assert_eq!(Status::ALL.map(count), [1, 1, 2, 1, 1]);
    assert_eq!((all.delivery_rate, all.error_rate), (Some(0.4), Some(0.2)), "of five");
    assert_eq!((all.retries, all.retry_rate), (2, Some(0.4)));
    assert_eq!(all.average_attempts, Some(1.4));
    assert_eq!(
        all.by_failure,
        [
            (Failure::Answer(503), 2),
            (Failure::Error(ErrorKind::Timeout), 2),
            (Failure::Answer(500), 1)
        ],
        "every failed attempt counts, also of what was delivered"
    );
    let [a, b] = all.by_type.as_slice() else { panic!("two types") };
    assert_eq!((a.total, a.successful, a.average_attempts), (2, 2, Some(1.5)));
    assert_eq!((b.total, b.successful), (4, 0));
    let response = all.response.unwrap();
    // The middle of the class of 20,000.
    assert_eq!((response.p50, response.p95, response.p99), (100, 20_095, 20_095));
    assert_eq!(all.last_attempt_at, Some(at(1_000)));
}

#[test]
fn a_receiver_has_a_condition() {
    for (rate, attempted, expected) in [
        (None, 1, "unknown"),
        (Some(0.0), 0, "unknown"),
        (Some(0.0), 1, "unhealthy"),
        (Some(0.949_9), 1, "unhealthy"),
        (Some(0.95), 1, "degraded"),
        (Some(0.979_9), 1, "degraded"),
        (Some(0.98), 1, "healthy"),
        (Some(1.0), 1, "healthy"),
    ] {
        let figures = Figures { delivery_rate: rate, attempted, ..Figures::default() };
        assert_eq!(Condition::of(&figures).as_str(), expected, "{rate:?}");
    }
}

#[test]
fn what_an_older_version_did_not_count_is_its_last_failure_and_others() {
    let outcomes = [(1, answered(500)), (1, timeout()), (1, answered(503))];
    let counted = made("a", &outcomes, Next::Exhausted);
    let uncounted = Delivery { failures: Default::default(), ..counted };
    let failures =
        |delivery: &Delivery| bucket(std::slice::from_ref(delivery)).figures().by_failure;
    assert_eq!(failures(&uncounted), [(Failure::Other, 2), (Failure::Answer(503), 1)]);
    let delivered = made("a", &[(1, timeout()), (1, answered(200))], Next::Delivered);
    let delivered = Delivery { failures: Default::default(), ..delivered };
    assert_eq!(failures(&delivered), [(Failure::Other, 1)]);
}

#[test]
fn what_is_saved_after_half_a_minute_is_late() {
    for (after_ms, late) in [(-5_000, false), (30_000, false), (30_001, true)] {
        assert_eq!(is_late(at(0), at(after_ms)), late, "{after_ms}");
    }
    assert_eq!(settled::SETTLING.as_secs(), 120);
    let minute = settled::frontier(at(120_000));
    assert_eq!(minute.start(), at(0), "two minutes after its end a minute is settled");
}

#[test]
fn one_in_five_thousand_saves_marks_its_webhook() {
    let marked = (0..100_000).filter(|ms| {
        let id = DeliveryId::new(WebhookId::new(at(0), 1), at(*ms), "e1".parse().unwrap());
        settled::is_marked(&Delivery { id, ..fresh("a") })
    });
    let marked = marked.count();
    assert!((5..=45).contains(&marked), "{marked} of 100,000, where 20 are expected");
}

#[test]
fn a_report_has_steps_from_its_beginning_to_its_end() {
    let window = Window::span(at(0), at(3 * 3_600_000), Step::Hour).unwrap();
    let mut report = Report::none(window, at(2 * 3_600_000 + 1));
    assert_eq!((report.since, report.until), (at(0), at(2 * 3_600_000 + 1)));
    report.add(
        Minute::of(at(61 * 60_000)),
        &bucket(&[made("a", &[(5, answered(200))], Next::Delivered)]),
    );
    let steps = report.steps();
    // 10:30 to 12:30 touches the hours of 10, 11 and 12.
    assert_eq!(steps.iter().map(|(_, b)| b.accepted()).collect::<Vec<_>>(), [0, 1, 0]);
    assert_eq!(report.total().accepted(), 1);
    assert!(Window::span(at(5), at(5), Step::Day).is_none());
    assert!(Window::span(at(0), at(1_502 * 60_000), Step::Minute).is_none());
    for (age_ms, fresh) in [(0, true), (60_000, true), (60_001, false), (-1, false)] {
        let now = at(2 * 3_600_000 + 1 + age_ms);
        assert_eq!(report.is_fresh(now), fresh, "{age_ms}");
    }
}

#[test]
fn a_series_is_told_apart_by_what_is_counted() {
    let window = Window::span(at(0), at(60_000), Step::Minute).unwrap();
    let mut report = Report::none(window, at(60_000));
    let deliveries = [
        made("a", &[(9, timeout()), (300, answered(200))], Next::Delivered),
        made("b", &[(9, answered(503))], Next::Exhausted),
    ];
    report.add(Minute::of(at(0)), &bucket(&deliveries));
    let named = |metric, by| {
        let (steps, lines) = lines(&report, metric, by);
        assert_eq!(steps, [Minute::of(at(0))]);
        lines
            .into_iter()
            .map(|line| (line.name.unwrap_or_default(), line.values[0]))
            .collect::<Vec<_>>()
    };
    assert_eq!(named(Metric::SuccessRate, None), [(String::new(), Some(0.5))]);
    assert_eq!(
        named(Metric::FailedAttempts, Some(By::Error)),
        [("503".to_owned(), Some(1.0)), ("timeout".to_owned(), Some(1.0))]
    );
    assert_eq!(
        named(Metric::Attempts, Some(By::EventType)),
        [("a".to_owned(), Some(2.0)), ("b".to_owned(), Some(1.0))]
    );
    let fitting = |by: By| Metric::ALL.into_iter().filter(|metric| by.fits(*metric)).count();
    assert_eq!(By::ALL.map(fitting), [1, 4, 1]);
}

fn deliveries() -> impl Strategy<Value = Vec<Delivery>> {
    let outcome = prop_oneof![
        Just(timeout()),
        (400..600u16).prop_map(answered),
        (200..300u16).prop_map(answered)
    ];
    let attempts = prop::collection::vec((0..70_000u32, outcome), 0..4);
    let one = (0..80u8, attempts, 0..3u8).prop_map(|(kind, attempts, end)| {
        let succeeds = attempts.last().is_some_and(|(_, outcome)| outcome.is_success());
        let next = match end {
            _ if succeeds => Next::Delivered,
            0 => Next::Exhausted,
            _ => Next::RetryAt(at(9_000)),
        };
        let delivery = made(&format!("type.t{kind}"), &attempts, next);
        if end == 2 && !succeeds {
            delivery.cancelled(at(5), CancelReason::Requested)
        } else {
            delivery
        }
    });
    prop::collection::vec(one, 0..90)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn merging_is_counting_and_its_order_does_not_matter(
        a in deliveries(), b in deliveries(), c in deliveries(),
    ) {
        let sum = |x: &Bucket, y: &Bucket| { let mut sum = x.clone(); sum.merge(y); sum };
        let (x, y, z) = (bucket(&a), bucket(&b), bucket(&c));
        prop_assert_eq!(sum(&x, &y), sum(&y, &x));
        prop_assert_eq!(sum(&sum(&x, &y), &z), sum(&x, &sum(&y, &z)));
        prop_assert_eq!(sum(&x, &y), bucket(&[a, b].concat()));
    }

    #[test]
    fn kept_minutes_read_back(a in deliveries(), b in deliveries()) {
        let minutes: BTreeMap<_, _> =
            [(Minute(7), Parts { base: bucket(&a), rest: bucket(&b), unreadable: 0 })].into();
        prop_assert_eq!(settled::unpack(&settled::pack(&minutes)), Some(minutes));
    }
}

#[test]
fn minutes_of_another_version_are_not_read() {
    assert_eq!(settled::unpack(r#"{"v":2,"m":[]}"#), None);
    assert_eq!(settled::unpack(r#"{"v":1,"m":[]}"#), Some(BTreeMap::new()));
}
