use hooklane_app::ports::{DeliveryStore as _, Saved};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::attempt::Attempt;
use hooklane_domain::delivery::message::Message;
use hooklane_domain::delivery::outcome::{AttemptError, ErrorKind, Outcome, Response};
use hooklane_domain::delivery::retry::Next;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::delivery::{Delivery, MessageId, State, Turn};
use hooklane_domain::ids::DeliveryId;
use lambda_http::http::StatusCode;

use super::service::Service;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_705_314_600 + seconds).unwrap()
}

fn attempt(number: u32, seconds: i64, outcome: Outcome) -> Attempt {
    let request_headers = vec![
        ("webhook-id".to_owned(), "e1".to_owned()),
        ("webhook-signature".to_owned(), "v1,K5oZfzN95…".to_owned()),
        ("Authorization".to_owned(), "***".to_owned()),
    ];
    Attempt {
        number,
        at: at(seconds),
        duration_ms: 150,
        request_headers,
        outcome,
        remarks: Vec::new(),
        measure: hooklane_domain::delivery::attempt::Measure::Unknown,
    }
}

fn answered(status: u16) -> Outcome {
    Outcome::Answered(Response {
        status,
        status_text: "Text".to_owned(),
        headers: vec![("content-type".to_owned(), "text/plain".to_owned())],
        body: "thanks".to_owned(),
    })
}

/// A delivery whose attempts timed out and were answered with an error, and which waits for the next.
pub(super) async fn retrying(service: &Service, webhook: &str, event: &str) -> Delivery {
    let id = DeliveryId::new(webhook.parse().unwrap(), at(0), event.parse().unwrap());
    let kind = "user.created".parse().unwrap();
    let mut delivery = Delivery::unwritten(id, "acme".parse().unwrap(), kind);
    let detail = "no complete answer in 20s".to_owned();
    let timeout = Outcome::Error(AttemptError { kind: ErrorKind::Timeout, detail });
    for made in [attempt(1, 1, timeout), attempt(2, 6, answered(503))] {
        service.deps.ledger.keep_attempt(&delivery, &made).await.unwrap();
        let turn = Turn { generation: 0, owner: MessageId("m1".to_owned()) };
        delivery = save(service, delivery.after(&made, Next::RetryAt(at(306)), turn)).await;
    }
    delivery
}

async fn save(service: &Service, delivery: Delivery) -> Delivery {
    match service.deps.ledger.save(&delivery).await.unwrap() {
        Saved::Yes(written) => *written,
        Saved::Conflict => panic!("nobody else writes"),
    }
}

pub(super) async fn delivered(service: &Service, delivery: Delivery) -> Delivery {
    let turn = Turn { generation: 0, owner: MessageId("m1".to_owned()) };
    let done = delivery.after(&attempt(3, 306, answered(200)), Next::Delivered, turn);
    save(service, done).await
}

#[tokio::test]
async fn a_delivery_is_shown_with_all_its_attempts() {
    let service = Service::new();
    let webhook = service.webhook().await;
    let waiting = retrying(&service, &webhook, "e1").await;
    let path = format!("/api/v1/webhooks/{webhook}/deliveries/{}", waiting.id);
    let answer = service.ask("GET", &path, "").await;
    assert_eq!(answer.status, StatusCode::OK);
    insta::assert_json_snapshot!("retrying_delivery", answer.body);
    delivered(&service, waiting).await;
    let answer = service.ask("GET", &path, "").await;
    insta::assert_json_snapshot!("delivered_delivery", answer.body);
}

#[tokio::test]
async fn deliveries_are_filtered_by_status_and_paged() {
    let service = Service::new();
    let webhook = service.webhook().await;
    for n in 0..3 {
        retrying(&service, &webhook, &format!("waits-{n}")).await;
    }
    let done = retrying(&service, &webhook, "done").await;
    delivered(&service, done).await;
    let path = format!("/webhooks/{webhook}/deliveries");
    let all = service.ask("GET", &path, "").await;
    assert_eq!(all.body["data"].as_array().unwrap().len(), 4);
    assert!(all.body.get("nextCursor").is_none());
    let done = service.ask("GET", &format!("{path}?status=delivered"), "").await;
    insta::assert_json_snapshot!("list_of_deliveries", done.body);
    let first = service.ask("GET", &format!("{path}?status=retrying&limit=2"), "").await;
    assert_eq!(first.body["data"].as_array().unwrap().len(), 2);
    let cursor = first.body["nextCursor"].as_str().unwrap();
    let next = format!("{path}?status=retrying&limit=2&cursor={cursor}");
    let second = service.ask("GET", &next, "").await;
    assert_eq!(second.body["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn invalid_parameters_are_named() {
    let service = Service::new();
    let webhook = service.webhook().await;
    let path = format!("/webhooks/{webhook}/deliveries");
    for (query, wrong) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("limit=1&limit=2", "limit"),
        ("status=lost", "status"),
        ("cursor=nonsense", "cursor"),
        ("colour=red", "colour"),
    ] {
        let answer = service.ask("GET", &format!("{path}?{query}"), "").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert_eq!(answer.body["errors"][0]["path"], wrong, "{query}");
    }
}

#[tokio::test]
async fn deliveries_of_another_tenant_are_not_found() {
    let service = Service::new();
    let webhook = service.webhook().await;
    let delivery = retrying(&service, &webhook, "e1").await;
    for path in [
        format!("/webhooks/{webhook}"),
        format!("/webhooks/{webhook}/deliveries"),
        format!("/webhooks/{webhook}/deliveries/{}", delivery.id),
    ] {
        assert_eq!(service.ask("GET", &path, "").await.status, StatusCode::OK);
        let other = service.ask_as("other", "GET", &path, "").await;
        assert_eq!(other.status, StatusCode::NOT_FOUND, "{path}");
    }
    let other = service.ask_as("other", "DELETE", &format!("/webhooks/{webhook}"), "").await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
    assert_eq!(service.ask_as("other", "GET", "/webhooks", "").await.body["total"], 0);
}

#[tokio::test]
async fn a_manual_retry_sends_a_new_message_at_once() {
    let service = Service::new();
    let webhook = service.webhook().await;
    let delivery = retrying(&service, &webhook, "e1").await;
    let path = format!("/api/v1/webhooks/deliveries/{}/retry", delivery.id);
    let answer = service.ask("POST", &path, "").await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert_eq!(answer.body["nextAttemptAt"], "2024-01-15T10:30:00.000Z");
    let sent = service.deps.queues.receive(Lane::Slow);
    let Message::Deliver(deliver) = Message::decode(&sent[0].body).unwrap();
    assert_eq!((&deliver.delivery, deliver.generation), (&delivery.id, 1));
    let read = service.deps.ledger.read(std::slice::from_ref(&delivery.id)).await.unwrap();
    let read = read[0].clone().unwrap();
    assert_eq!((read.generation, read.retries, read.attempts), (1, 0, 2));
    assert!(
        matches!(read.state, State::Waiting { owner: Some(ref owner), .. } if *owner == sent[0].id)
    );

    assert_eq!(service.ask_as("other", "POST", &path, "").await.status, StatusCode::NOT_FOUND);
    delivered(&service, read).await;
    let answer = service.ask("POST", &path, "").await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    insta::assert_json_snapshot!("retry_of_a_delivered_one", answer.body);
}

#[tokio::test]
async fn a_cancelled_delivery_can_be_retried_but_an_ended_one_not_cancelled() {
    let service = Service::new();
    let webhook = service.webhook().await;
    let delivery = retrying(&service, &webhook, "e1").await;
    let path = |verb: &str| format!("/webhooks/deliveries/{}/{verb}", delivery.id);
    let other = service.ask_as("other", "POST", &path("cancel"), "").await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
    let answer = service.ask("POST", &path("cancel"), "").await;
    assert_eq!(
        (answer.status, answer.body["status"].clone()),
        (StatusCode::OK, "cancelled".into())
    );
    assert_eq!(answer.body["reason"], "requested");
    assert_eq!(service.ask("POST", &path("cancel"), "").await.status, StatusCode::CONFLICT);
    assert_eq!(service.ask("POST", &path("retry"), "").await.status, StatusCode::ACCEPTED);
    for path in ["/webhooks/deliveries/nonsense/retry", "/webhooks/deliveries/nonsense/cancel"] {
        assert_eq!(service.ask("POST", path, "").await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn an_event_is_shown_with_its_deliveries() {
    let service = Service::new();
    let webhook = service.webhook().await;
    let event = r#"{"id":"e1","type":"user.created","data":{"n":1.0},"metadata":{"source":"api"}}"#;
    service.ask("POST", "/events", event).await;
    retrying(&service, &webhook, "e1").await;
    let answer = service.ask("GET", "/api/v1/events/e1", "").await;
    assert_eq!(answer.status, StatusCode::OK);
    insta::assert_json_snapshot!("event_with_deliveries", answer.body);
    for (tenant, path) in
        [("acme", "/events/e2"), ("other", "/events/e1"), ("acme", "/events/a%20b")]
    {
        let answer = service.ask_as(tenant, "GET", path, "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{tenant} {path}");
    }
}
