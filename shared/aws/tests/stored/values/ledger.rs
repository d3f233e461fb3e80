//! The values in the ledger and in the queues.

use hooklane_app::payload::pack;
use hooklane_domain::access::idempotency::{IdempotencyKey, IdempotencyRecord};
use hooklane_domain::delivery::attempt::{Attempt, TestAttempt};
use hooklane_domain::delivery::message::{Deliver, Message};
use hooklane_domain::delivery::outcome::{AttemptError, ErrorKind, Outcome, Response};
use hooklane_domain::delivery::{
    CancelReason, Delivery, FailReason, FailedAt, MessageId, ParkReason, State,
};
use hooklane_domain::event::{Content, Event, Fingerprint};
use hooklane_domain::ids::DeliveryId;

use super::{at, json, tenant, webhook_id};

/// A small event, a large one, and one with only the required fields.
pub(crate) fn events() -> Vec<Event> {
    let content = Content {
        event_type: "user.created".parse().unwrap(),
        data: json(r#"{"n":1.10,"name":"Jörg"}"#),
        metadata: Some(json(r#"{"source":"api"}"#)),
        timestamp: Some(at(-1)),
        version: Some("1.0".to_owned()),
        test: true,
    };
    let event = |id: &str, content| Event {
        id: id.parse().unwrap(),
        tenant: tenant(),
        content,
        accepted_at: at(0),
        value: None,
    };
    let large = json(&format!(r#"{{"text":"{}"}}"#, "abc".repeat(2_000)));
    let minimal =
        Content { metadata: None, timestamp: None, version: None, test: false, ..content.clone() };
    vec![
        event("event-plain", content.clone()),
        event("event-compressed", Content { data: large, ..content }),
        event("event-least", minimal),
    ]
}

pub(crate) fn delivery_id(n: u32, event: &str) -> DeliveryId {
    DeliveryId::new(webhook_id(n), at(0), event.parse().unwrap())
}

fn unwritten(event: &str) -> Delivery {
    Delivery::unwritten(delivery_id(1, event), tenant(), "user.created".parse().unwrap())
}

pub(crate) fn answered(number: u32, ms: i64, status: u16) -> Attempt {
    Attempt {
        number,
        at: at(ms),
        duration_ms: 1_234,
        request_headers: vec![("webhook-id".to_owned(), "e1".to_owned())],
        outcome: Outcome::Answered(Response {
            status,
            status_text: "Text".to_owned(),
            headers: vec![("content-type".to_owned(), "text/plain".to_owned())],
            body: "thänks".to_owned(),
        }),
        remarks: Vec::new(),
        measure: hooklane_domain::delivery::attempt::Measure::Unknown,
    }
}

fn unanswered(number: u32, ms: i64, kind: ErrorKind) -> Attempt {
    let outcome = Outcome::Error(AttemptError { kind, detail: "no answer in 20s".to_owned() });
    Attempt { outcome, ..answered(number, ms, 0) }
}

const KINDS: [ErrorKind; 8] = [
    ErrorKind::Dns,
    ErrorKind::Blocked,
    ErrorKind::Connect,
    ErrorKind::Tls,
    ErrorKind::Timeout,
    ErrorKind::Response,
    ErrorKind::Body,
    ErrorKind::Transform,
];

/// Attempts that have items of their own: failures of every kind and with an answer, and a late success.
pub(crate) fn attempts() -> Vec<Attempt> {
    let mut attempts: Vec<_> = (1..)
        .zip(KINDS)
        .map(|(number, kind)| unanswered(number, i64::from(number) * 1_000, kind))
        .collect();
    attempts.push(answered(9, 9_000, 500));
    attempts.push(answered(10, 3_600_000, 200));
    attempts
}

/// The delivery that the attempts belong to.
pub(crate) fn attempted() -> Delivery {
    unwritten("event-attempted")
}

/// Every state with every reason, before they are written.
pub(crate) fn deliveries() -> Vec<Delivery> {
    let failed_at = |number: u32, ms| FailedAt { number, at: at(ms) };
    let tried = |event: &str, state| Delivery {
        state,
        generation: 4,
        attempts: 2,
        retries: 1,
        failed_at: vec![failed_at(1, 1_000), failed_at(2, 2_000)],
        last: Some(unanswered(2, 2_000, ErrorKind::Timeout).summary()),
        ..unwritten(event)
    };
    let next_attempt_at = at(30_000);
    let owner = Some(MessageId("a5f4b2cc-4c19-4d4c-8f2f-0b2d4c0a7a11".to_owned()));
    let waiting = Delivery {
        last: Some(answered(2, 2_000, 503).summary()),
        slot: Some(at(29_000)),
        ..tried("event-waiting", State::Waiting { next_attempt_at, owner })
    };
    let delivered = Delivery {
        success: Some(answered(3, 31_000, 200)),
        last: Some(answered(3, 31_000, 200).summary()),
        attempts: 3,
        ..tried("event-delivered", State::Delivered { at: at(31_001) })
    };
    let mut all = vec![unwritten("event-unowned"), waiting, delivered];
    let parked = [
        ParkReason::Inactive,
        ParkReason::Paused,
        ParkReason::TenantPaused,
        ParkReason::Circuit,
        ParkReason::RateLimit,
        ParkReason::Backlog,
    ];
    all.extend((0..).zip(parked).map(|(n, reason)| {
        let state = State::Parked { since: at(40_000), due: at(50_000 + n), reason };
        tried(&format!("event-parked-{n}"), state)
    }));
    let failed =
        [FailReason::Exhausted, FailReason::Gone, FailReason::EventMissing, FailReason::Transform];
    all.extend((0..).zip(failed).map(|(n, reason): (u32, _)| {
        tried(&format!("event-failed-{n}"), State::Failed { at: at(60_000), reason })
    }));
    let cancelled =
        [CancelReason::WebhookDeleted, CancelReason::Requested, CancelReason::Discarded];
    all.extend((0..).zip(cancelled).map(|(n, reason): (u32, _)| {
        tried(&format!("event-cancelled-{n}"), State::Cancelled { at: at(70_000), reason })
    }));
    all
}

pub(crate) fn test_attempt() -> TestAttempt {
    TestAttempt {
        id: delivery_id(9, "event-test"),
        tenant: tenant(),
        event_type: "order.created".parse().unwrap(),
        attempt: Attempt { at: at(0), ..answered(1, 0, 200) },
    }
}

/// Two idempotency records: one in progress and one fulfilled.
pub(crate) fn idempotency_records() -> [(IdempotencyKey, IdempotencyRecord); 2] {
    let record = |n, fulfilled| IdempotencyRecord {
        webhook: webhook_id(n),
        fingerprint: Fingerprint::of("{}"),
        at: at(0),
        fulfilled,
    };
    [("key 1".parse().unwrap(), record(1, false)), ("key-2".parse().unwrap(), record(2, true))]
}

pub(crate) const LIMIT: (u64, u64) = (2, 60);

/// A message of every payload form, by name.
pub(crate) fn messages() -> Vec<(&'static str, Message)> {
    let [plain, large, minimal] = events().try_into().unwrap();
    let deliver = |event: &Event, generation, payload| {
        Message::Deliver(Deliver {
            tenant: tenant(),
            delivery: DeliveryId::new(webhook_id(1), event.accepted_at, event.id.clone()),
            event_type: event.content.event_type.clone(),
            generation,
            payload,
        })
    };
    let packed = |event: &Event| pack(&event.content);
    vec![
        ("plain", deliver(&plain, 0, packed(&plain))),
        ("plain-least", deliver(&minimal, 1, packed(&minimal))),
        ("zlib", deliver(&large, 7, packed(&large))),
        ("none", deliver(&plain, u32::MAX, None)),
    ]
}
