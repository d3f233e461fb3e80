//! `/dead-letters`, over queues in memory.

use hooklane_domain::dead_letter::{Errand, Source};
use hooklane_domain::delivery::message::{Deliver, Message};
use hooklane_domain::ids::{DeliveryId, WebhookId};
use jiff::SignedDuration;
use lambda_http::http::StatusCode;
use serde_json::{Value, json};

use super::service::{Answer, Service};

const KEY: (&str, &str) = ("authorization", "Bearer the-operator-key");

async fn get(service: &Service, query: &str) -> Answer {
    service.ask_with(&[KEY], "GET", &format!("/dead-letters?{query}"), "").await
}

async fn post(service: &Service, what: &str, body: Value) -> Answer {
    let path = format!("/dead-letters/{what}");
    service.ask_with(&[KEY], "POST", &path, &body.to_string()).await
}

#[tokio::test]
async fn a_letter_says_what_it_is_about_and_why_it_is_here() {
    let service = Service::new();
    let webhook = WebhookId::new("2024-01-15T10:00:00Z".parse().unwrap(), 7);
    let accepted_at = "2024-01-15T10:00:00Z".parse().unwrap();
    let delivery = DeliveryId::new(webhook, accepted_at, "e1".parse().unwrap());
    let body = Message::Deliver(Deliver {
        tenant: "acme".parse().unwrap(),
        delivery: delivery.clone(),
        event_type: "order.created".parse().unwrap(),
        generation: 2,
        payload: None,
    });
    let body = body.encode();
    service.deps.letters.add(Source::Deliveries, &body, "its webhook is corrupt");
    service.deps.letters.add_letter(Source::Deliveries, &"x".repeat(3_000), None, None);
    let answer = get(&service, "source=deliveries&reason=corrupt").await;
    assert_eq!(answer.status, StatusCode::OK);
    let expected = json!({
        "data": [{
            "id": "letter-0001",
            "reason": "its webhook is corrupt",
            "movedByAws": false,
            "sentAt": "2024-01-15T10:30:00.000Z",
            "expiresAt": "2024-01-29T10:30:00.000Z",
            "receives": 1,
            "tenant": "acme",
            "eventId": "e1",
            "eventType": "order.created",
            "webhookId": webhook.to_string(),
            "deliveryId": delivery.to_string(),
            "body": body,
            "bodyCut": false,
            "size": body.len(),
        }],
        "held": 2,
        "complete": true,
    });
    assert_eq!(answer.body, expected);
    let moved = get(&service, "source=deliveries&reason=moved+by+AWS").await.body;
    let moved = &moved["data"][0];
    assert_eq!((&moved["movedByAws"], &moved["bodyCut"]), (&json!(true), &json!(true)));
    assert_eq!((moved["body"].as_str().unwrap().len(), &moved["size"]), (2_000, &json!(3_000)));
    let none = get(&service, "source=upkeep").await.body;
    assert_eq!(none, json!({ "data": [], "held": 0, "complete": true }));
}

#[tokio::test]
async fn letters_come_page_by_page_newest_first() {
    let service = Service::new();
    let letters = &service.deps.letters;
    for n in 0..5 {
        let second = SignedDuration::from_secs(n);
        letters.set_time("2024-01-15T10:30:00Z".parse::<jiff::Timestamp>().unwrap() + second);
        letters.add(Source::Events, "{}", "type: is required");
    }
    let first = get(&service, "source=events&limit=3").await.body;
    let ids = |page: &Value| {
        let rows = page["data"].as_array().unwrap().iter();
        rows.map(|row| row["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&first), ["letter-0005", "letter-0004", "letter-0003"]);
    let cursor = first["nextCursor"].as_str().unwrap();
    let next = get(&service, &format!("source=events&limit=3&cursor={cursor}")).await.body;
    assert_eq!((ids(&next).len(), next.get("nextCursor")), (2, None));
    let other = get(&service, &format!("source=stats&cursor={cursor}")).await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY, "a cursor is one list's");
}

#[tokio::test]
async fn letters_are_sent_again_one_by_one_or_by_reason() {
    let service = Service::new();
    let letters = &service.deps.letters;
    let one = letters.add(Source::Events, "one", "type: is required");
    for _ in 0..3 {
        letters.add(Source::Events, "many", "data: is required");
    }
    letters.add(Source::Events, "left", "not JSON");
    let all = json!({ "source": "events", "reason": "data: is" });
    let mut dry = all.clone();
    dry["dryRun"] = json!(true);
    let counted = post(&service, "redrive", dry).await;
    assert_eq!(counted.body, json!({ "count": 3, "kept": [], "more": false }));
    assert!(letters.errands().is_empty(), "a dry run sends nothing");
    let sent = post(&service, "redrive", json!({ "source": "events", "id": one })).await;
    assert_eq!(sent.body, json!({ "count": 1, "kept": [], "more": false }));
    assert_eq!(letters.errands(), [Errand::Publish("one".to_owned())]);
    let sent = post(&service, "redrive", all).await;
    assert_eq!(sent.body["count"], 3);
    assert_eq!((letters.errands().len(), letters.held(Source::Events).len()), (4, 1));
    let again = post(&service, "redrive", json!({ "source": "events", "id": one })).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_letter_of_a_reader_of_the_stream_stays_and_says_who_sends_it() {
    let service = Service::new();
    let id = service.deps.letters.add(Source::Fanout, "{}", "is corrupt");
    let answer = post(&service, "redrive", json!({ "source": "fanout", "id": id })).await;
    assert_eq!((&answer.body["count"], &answer.body["kept"][0]["id"]), (&json!(0), &json!(id)));
    let why = answer.body["kept"][0]["why"].as_str().unwrap();
    assert!(why.contains("`make redrive`"), "{why}");
    assert_eq!(service.deps.letters.held(Source::Fanout), [(id, true)]);
}

#[tokio::test]
async fn letters_are_deleted_and_not_sent() {
    let service = Service::new();
    let letters = &service.deps.letters;
    let id = letters.add(Source::Stats, "{}", "has no new image");
    letters.add(Source::Stats, "{}", "has no new image");
    let deleted = post(&service, "delete", json!({ "source": "stats", "id": id })).await;
    assert_eq!(deleted.body, json!({ "count": 1, "kept": [], "more": false }));
    let deleted = post(&service, "delete", json!({ "source": "stats", "reason": "image" })).await;
    assert_eq!(deleted.body["count"], 1);
    assert!(letters.held(Source::Stats).is_empty() && letters.errands().is_empty());
}

#[tokio::test]
async fn wrong_requests_are_named() {
    let service = Service::new();
    for (query, path, message) in [
        ("", "source", "is required"),
        ("source=queue", "source", "must be one of events, fanout, stats, deliveries, upkeep"),
        ("source=events&limit=101", "limit", "must be a whole number from 1 to 100"),
        ("source=events&x=1", "x", "is not a known parameter"),
    ] {
        let answer = get(&service, query).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        let error = &answer.body["errors"][0];
        let named = (error["path"].as_str(), error["message"].as_str());
        assert_eq!(named, (Some(path), Some(message)));
        assert_eq!(answer.body["errors"].as_array().unwrap().len(), 1, "{query}");
    }
    let answer = post(&service, "delete", json!({ "source": "events" })).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn only_the_operator_sees_or_touches_dead_letters() {
    let service = Service::new();
    let id = service.deps.letters.add(Source::Events, "{}", "not JSON");
    let scopes = r#"{"scopes":["webhooks:read","webhooks:write"]}"#;
    let made = service.ask_with(&[KEY], "POST", "/tenants/acme/tokens", scopes).await;
    let token = format!("Bearer {}", made.body["token"].as_str().unwrap());
    let order = json!({ "source": "events", "id": id }).to_string();
    for (method, path, body) in [
        ("GET", "/dead-letters?source=events", ""),
        ("POST", "/dead-letters/redrive", order.as_str()),
        ("POST", "/dead-letters/delete", order.as_str()),
    ] {
        let headers = [("authorization", token.as_str())];
        let answer = service.ask_with(&headers, method, path, body).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(service.deps.letters.held(Source::Events).len(), 1);
}
