//! Lists of deliveries and attempts.

use hooklane_app::ports::{DeliveryStore as _, Saved};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::attempt::Attempt;
use hooklane_domain::delivery::attempt_log::is_prompt;
use hooklane_domain::delivery::outcome::{AttemptError, ErrorKind, Outcome, Response};
use hooklane_domain::delivery::retry::Next;
use hooklane_domain::delivery::{Delivery, MessageId, Turn};
use hooklane_domain::ids::DeliveryId;
use lambda_http::http::StatusCode;
use serde_json::Value;

use super::service::{Answer, Service};

/// The time this many seconds before now on the test clock.
pub(super) fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_705_314_600 - seconds).unwrap()
}

pub(super) fn answered(status: u16) -> Outcome {
    Outcome::Answered(Response {
        status,
        status_text: "Text".to_owned(),
        headers: vec![("content-type".to_owned(), "text/plain".to_owned())],
        body: "thanks".to_owned(),
    })
}

fn timeout() -> Outcome {
    let detail = "no complete answer in 20s".to_owned();
    Outcome::Error(AttemptError { kind: ErrorKind::Timeout, detail })
}

/// Saves a delivery after these attempts, one minute apart.
pub(super) async fn deliver(
    service: &Service,
    webhook: &str,
    (event, event_type, accepted): (&str, &str, Timestamp),
    outcomes: &[Outcome],
    end: Next,
) -> DeliveryId {
    let id = DeliveryId::new(webhook.parse().unwrap(), accepted, event.parse().unwrap());
    let new = Delivery::unwritten(id, "acme".parse().unwrap(), event_type.parse().unwrap());
    let mut delivery = new;
    for (n, outcome) in outcomes.iter().enumerate() {
        let late = jiff::SignedDuration::from_secs(60 * i64::try_from(n).unwrap() + 1);
        let made = Attempt {
            number: delivery.next_number(),
            at: accepted + late,
            duration_ms: 150,
            request_headers: vec![("webhook-id".to_owned(), event.to_owned())],
            outcome: outcome.clone(),
            remarks: Vec::new(),
            measure: hooklane_domain::delivery::attempt::Measure::Unknown,
        };
        let last = n + 1 == outcomes.len();
        let next = if last { end } else { Next::RetryAt(made.at) };
        let is_success = last && end == Next::Delivered;
        if !is_success || !is_prompt(accepted, made.at) {
            service.deps.ledger.keep_attempt(&delivery, &made).await.unwrap();
        }
        let turn = Turn { generation: 0, owner: MessageId("m1".to_owned()) };
        let saved = service.deps.ledger.save(&delivery.after(&made, next, turn)).await.unwrap();
        let Saved::Yes(written) = saved else { panic!("nobody else writes") };
        delivery = *written;
    }
    if outcomes.is_empty() {
        service.deps.ledger.save(&delivery).await.unwrap();
    }
    delivery.id
}

/// Five deliveries: delivered at once, delivered on the second attempt, waiting, failed, not attempted.
pub(super) async fn some(service: &Service, webhook: &str) {
    let created = "order.created";
    let all = [
        ("at-once", created, ago(7_500), vec![answered(200)], Next::Delivered),
        ("second", created, ago(400), vec![timeout(), answered(204)], Next::Delivered),
        ("waits", "order.shipped", ago(300), vec![answered(503)], Next::RetryAt(ago(-60))),
        ("failed", "order.shipped", ago(200), vec![timeout(), timeout()], Next::Exhausted),
        ("new", created, ago(100), vec![], Next::Exhausted),
    ];
    for (event, kind, accepted, outcomes, end) in all {
        deliver(service, webhook, (event, kind, accepted), &outcomes, end).await;
    }
}

pub(super) fn events(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let rows = answer.body["data"].as_array().unwrap();
    rows.iter().map(|row| row["eventId"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn deliveries_are_filtered_by_type_and_time() {
    let service = Service::new();
    let webhook = service.webhook().await;
    some(&service, &webhook).await;
    let path = format!("/webhooks/{webhook}/deliveries");
    for (query, expected) in [
        ("", vec!["new", "failed", "waits", "second", "at-once"]),
        ("event=order.created", vec!["new", "second", "at-once"]),
        ("event=order.created&status=delivered", vec!["second", "at-once"]),
        ("event=order", vec![]),
        ("since=2024-01-15T10:25:00Z", vec!["new", "failed", "waits"]),
        ("since=2024-01-15T11:25:00%2B01:00", vec!["new", "failed", "waits"]),
        ("since=2024-01-15T11:25:00+01:00", vec!["new", "failed", "waits"]),
        ("since=1705314300&until=1705314400", vec!["waits"]),
        ("until=2024-01-15T10:25:00.001Z", vec!["waits", "second", "at-once"]),
        ("since=1705314400&until=1705314300", vec![]),
        ("since=0&until=253402207200", vec!["new", "failed", "waits", "second", "at-once"]),
        ("status=failed&since=1705314300", vec!["failed"]),
    ] {
        let answer = service.ask("GET", &format!("{path}?{query}"), "").await;
        assert_eq!(events(&answer), expected, "{query}");
    }
}

#[tokio::test]
async fn pages_can_be_requested_by_number() {
    let service = Service::new();
    let webhook = service.webhook().await;
    some(&service, &webhook).await;
    let path = format!("/webhooks/{webhook}/deliveries");
    for (query, expected, more) in [
        ("page=1&limit=2", vec!["new", "failed"], true),
        ("page=2&limit=2", vec!["waits", "second"], true),
        ("page=3&limit=2", vec!["at-once"], false),
        ("page=4&limit=2", vec![], false),
        ("page=100&limit=100", vec![], false),
        ("page=2&limit=1&event=order.created", vec!["second"], true),
    ] {
        let answer = service.ask("GET", &format!("{path}?{query}"), "").await;
        assert_eq!(events(&answer), expected, "{query}");
        assert_eq!(answer.body.get("nextCursor").is_some(), more, "{query}");
    }
    let answer = service.ask("GET", &format!("{path}?page=2&limit=1"), "").await;
    let cursor = answer.body["nextCursor"].as_str().unwrap();
    let on = service.ask("GET", &format!("{path}?limit=2&cursor={cursor}"), "").await;
    assert_eq!(events(&on), ["waits", "second"], "the cursor continues after the page");
    insta::assert_json_snapshot!("page_of_deliveries", answer.body, {".nextCursor" => "[cursor]",
        ".data[].id" => "[id]", ".data[].webhookId" => "[webhook]"});
}

#[tokio::test]
async fn a_cursor_works_only_with_the_list_it_came_from() {
    let service = Service::new();
    let (webhook, other) = (service.webhook().await, service.webhook().await);
    some(&service, &webhook).await;
    let path = format!("/webhooks/{webhook}/deliveries");
    let first = service.ask("GET", &format!("{path}?limit=2"), "").await;
    let cursor = first.body["nextCursor"].as_str().unwrap();
    let on = service.ask("GET", &format!("{path}?limit=3&cursor={cursor}"), "").await;
    assert_eq!(events(&on), ["waits", "second", "at-once"]);
    for elsewhere in [
        format!("/webhooks/{other}/deliveries?cursor={cursor}"),
        format!("{path}?status=failed&cursor={cursor}"),
        format!("{path}?event=order.created&cursor={cursor}"),
        format!("{path}?since=1705314300&cursor={cursor}"),
        format!("/webhooks/{webhook}/logs?cursor={cursor}"),
        format!("/deliveries?cursor={cursor}"),
    ] {
        let answer = service.ask("GET", &elsewhere, "").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{elsewhere}");
        assert_eq!(answer.body["errors"][0]["path"], "cursor", "{elsewhere}");
    }
    let elsewhere = format!("{path}?status=failed&cursor={cursor}");
    insta::assert_json_snapshot!("foreign_cursor", service.ask("GET", &elsewhere, "").await.body);
}

#[tokio::test]
async fn invalid_parameters_are_named_with_what_is_expected() {
    let service = Service::new();
    let webhook = service.webhook().await;
    some(&service, &webhook).await;
    let list = format!("/webhooks/{webhook}/deliveries");
    let cursor = service.ask("GET", &format!("{list}?limit=1"), "").await;
    let cursor = cursor.body["nextCursor"].as_str().unwrap();
    let all = format!(
        "{list}?status=lost&event=a..b&since=yesterday&until=-1&page=101&limit=101&cursor=x&colour=red"
    );
    let answer = service.ask("GET", &all, "").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    insta::assert_json_snapshot!("wrong_parameters_of_deliveries", answer.body);
    for (path, wrong) in [
        (format!("{list}?page=0"), "page"),
        (format!("{list}?page=1&cursor={cursor}"), "page"),
        (format!("{list}?since=253402207201"), "since"),
        (format!("/webhooks/{webhook}/logs?since=x"), "since"),
        (format!("/webhooks/{webhook}/logs?page=1"), "page"),
        (format!("/webhooks/{webhook}/logs?download=yes"), "download"),
        (format!("/webhooks/{webhook}/stats?period=1d"), "period"),
        ("/stats?period=".to_owned(), "period"),
        ("/deliveries?status=lost".to_owned(), "status"),
        ("/deliveries?page=1".to_owned(), "page"),
    ] {
        let answer = service.ask("GET", &path, "").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert_eq!(answer.content_type, "application/problem+json", "{path}");
        assert_eq!(answer.body["errors"][0]["path"], wrong, "{path}");
    }
}

#[tokio::test]
async fn the_log_has_every_attempt_newest_first() {
    let service = Service::new();
    let webhook = service.webhook().await;
    some(&service, &webhook).await;
    let path = format!("/api/v1/webhooks/{webhook}/logs");
    let all = service.ask("GET", &path, "").await;
    assert_eq!(
        events(&all),
        ["failed", "failed", "waits", "second", "second", "at-once"].map(|event| event)
    );
    insta::assert_json_snapshot!("log_of_attempts", all.body, {".data[].deliveryId" => "[id]"});
    let numbers = |answer: &Answer| -> Vec<Value> {
        answer.body["data"].as_array().unwrap().iter().map(|row| row["number"].clone()).collect()
    };
    assert_eq!(numbers(&all), [2, 1, 1, 2, 1, 1].map(Value::from));
    let span = service.ask("GET", &format!("{path}?since=1705314261&until=1705314301"), "").await;
    assert_eq!(events(&span), ["second"]);

    let (mut seen, mut next) = (Vec::new(), format!("{path}?limit=1"));
    loop {
        let page = service.ask("GET", &next, "").await;
        seen.extend(events(&page).into_iter().map(str::to_owned));
        let Some(cursor) = page.body["nextCursor"].as_str() else { break };
        next = format!("{path}?limit=1&cursor={cursor}");
    }
    assert_eq!(seen, events(&all));

    let file = service.ask("GET", &format!("{path}?download=true"), "").await;
    assert_eq!(file.body, all.body);
    assert_eq!(file.disposition, format!("attachment; filename=\"{webhook}-attempts.json\""));
    assert_eq!((all.disposition.as_str(), all.content_type.as_str()), ("", "application/json"));
}

#[tokio::test]
async fn undelivered_deliveries_of_all_webhooks_are_listed() {
    let service = Service::new();
    let (one, two) = (service.webhook().await, service.webhook().await);
    some(&service, &one).await;
    some(&service, &two).await;
    let all = service.ask("GET", "/deliveries", "").await;
    assert_eq!(events(&all), ["new", "new", "failed", "failed", "waits", "waits"]);
    assert!(all.body.get("nextCursor").is_none());
    for (status, expected) in [("pending", "new"), ("failed", "failed"), ("retrying", "waits")] {
        let answer = service.ask("GET", &format!("/deliveries?status={status}"), "").await;
        assert_eq!(events(&answer), [expected, expected]);
    }
    let (mut seen, mut next) = (Vec::new(), "/deliveries?limit=1".to_owned());
    loop {
        let page = service.ask("GET", &next, "").await;
        seen.extend(page.body["data"].as_array().unwrap().clone());
        let Some(cursor) = page.body["nextCursor"].as_str() else { break };
        next = format!("/deliveries?limit=1&cursor={cursor}");
    }
    assert_eq!(Value::from(seen), all.body["data"]);
    let cursor = service.ask("GET", "/deliveries?limit=1", "").await;
    let cursor = cursor.body["nextCursor"].as_str().unwrap().to_owned();
    let stranger =
        service.ask_as("other", "GET", &format!("/deliveries?cursor={cursor}"), "").await;
    assert_eq!(stranger.status, StatusCode::UNPROCESSABLE_ENTITY);
    let nothing = service.ask_as("other", "GET", "/deliveries", "").await;
    assert_eq!(events(&nothing), Vec::<&str>::new());
    let page = service.ask("GET", "/deliveries?status=failed&limit=1", "").await;
    insta::assert_json_snapshot!("page_of_undelivered", page.body, {".nextCursor" => "[cursor]",
        ".data[].id" => "[id]", ".data[].webhookId" => "[webhook]"});
}

#[tokio::test]
async fn lists_of_another_tenant_are_not_found() {
    let service = Service::new();
    let webhook = service.webhook().await;
    some(&service, &webhook).await;
    for list in ["deliveries", "deliveries?page=1", "logs", "stats", "health"] {
        let path = format!("/webhooks/{webhook}/{list}");
        assert_eq!(service.ask("GET", &path, "").await.status, StatusCode::OK, "{path}");
        let other = service.ask_as("other", "GET", &path, "").await;
        assert_eq!(other.status, StatusCode::NOT_FOUND, "{path}");
        let nonsense = service.ask("GET", &format!("/webhooks/nonsense/{list}"), "").await;
        assert_eq!(nonsense.status, StatusCode::NOT_FOUND, "{list}");
    }
}

#[tokio::test]
async fn a_delivery_includes_its_event_while_the_event_is_kept() {
    let service = Service::new();
    let webhook = service.webhook().await;
    let event = r#"{"id":"e1","type":"a.b","data":{"n":1.0},"metadata":{"source":"api"}}"#;
    service.ask("POST", "/events", event).await;
    for (event, has_payload) in [("e1", true), ("gone", false)] {
        let of = (event, "a.b", ago(5));
        let id = deliver(&service, &webhook, of, &[answered(200)], Next::Delivered).await;
        let path = format!("/webhooks/{webhook}/deliveries/{id}");
        let answer = service.ask("GET", &path, "").await;
        assert_eq!(answer.body.get("payload").is_some(), has_payload, "{event}");
        if has_payload {
            insta::assert_json_snapshot!("payload_of_a_delivery", answer.body["payload"]);
        }
    }
}
