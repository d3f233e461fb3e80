use proptest::prelude::*;

use super::*;
use crate::delivery::attempt::Attempt;
use crate::delivery::outcome::{AttemptError, Outcome, Response};
use crate::delivery::retry::Next;
use crate::delivery::{CancelReason, MessageId, Turn};
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
    let mut counts = Counts::default();
    deliveries.iter().for_each(|delivery| counts.add(delivery));
    counts.figures()
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
    assert_eq!((all.delivery_rate, all.error_rate), (Some(0.5), Some(0.25)), "of four");
    assert_eq!((all.retries, all.retry_rate), (2, Some(0.5)));
    assert_eq!(all.average_attempts, Some(1.4));
    assert_eq!(
        all.by_failure,
        [(Failure::Answer(503), 2), (Failure::Error(ErrorKind::Timeout), 1)]
    );
    let [a, b] = all.by_type.as_slice() else { panic!("two types") };
    assert_eq!((a.total, a.successful, a.average_attempts), (2, 2, Some(1.5)));
    assert_eq!((b.total, b.successful), (4, 0));
    let response = all.response.unwrap();
    assert_eq!((response.p50, response.p95, response.p99), (100, 20_000, 20_000));
    assert_eq!(all.last_attempt_at, Some(at(1_000)));
}

#[test]
fn a_delivery_rate_has_a_condition() {
    for (rate, expected) in [
        (None, "unknown"),
        (Some(0.0), "unhealthy"),
        (Some(0.949_9), "unhealthy"),
        (Some(0.95), "degraded"),
        (Some(0.979_9), "degraded"),
        (Some(0.98), "healthy"),
        (Some(1.0), "healthy"),
    ] {
        assert_eq!(Condition::of(rate).as_str(), expected, "{rate:?}");
    }
}

proptest! {
    #[test]
    fn a_percentile_is_the_smallest_value_that_its_share_does_not_exceed(
        mut ms in prop::collection::vec(0..1000u32, 1..200)
    ) {
        let response = ResponseTime::of(&mut ms).unwrap();
        for (p, value) in [(50, response.p50), (95, response.p95), (99, response.p99)] {
            let within = ms.iter().filter(|m| **m <= value).count();
            let below = ms.iter().filter(|m| **m < value).count();
            prop_assert!(within * 100 >= ms.len() * p, "{p}");
            prop_assert!(below * 100 < ms.len() * p, "{p}");
        }
    }
}
