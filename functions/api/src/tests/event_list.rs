//! The list of a tenant's events.

use hooklane_app::ports::{Clock as _, EventIndexWriter as _};
use hooklane_domain::delivery::retry::Next;
use hooklane_domain::event_index::{Chunk, Entry};
use lambda_http::http::StatusCode;
use serde_json::json;

use super::lists::{ago, answered, deliver};
use super::service::{Answer, Service};

/// Indexes events of this tenant: id, type and seconds since their acceptance.
pub(super) async fn index(service: &Service, tenant: &str, events: &[(&str, &str, i64)]) {
    let entry = |(id, event_type, seconds): &(&str, &str, i64)| Entry {
        accepted_at: ago(*seconds),
        id: id.parse().unwrap(),
        event_type: event_type.parse().unwrap(),
        test: id.starts_with("test"),
        bytes: Some(2),
        value: None,
    };
    for chunk in Chunk::of_events(events.iter().map(entry).collect()) {
        service
            .deps
            .ledger
            .keep(&tenant.parse().unwrap(), &chunk, service.deps.system.now())
            .await
            .unwrap();
    }
}

const EVENTS: [(&str, &str, i64); 6] = [
    ("e1", "order.created", 400),
    ("e2", "order.paid", 300),
    ("e3", "user.created", 299),
    ("e4", "webhook.failing", 298),
    ("test-1", "order.created", 200),
    ("e5", "order.created", 1),
];

async fn some() -> Service {
    let service = Service::new();
    index(&service, "acme", &EVENTS).await;
    // As after a replay in other batches.
    index(&service, "acme", &EVENTS[1..3]).await;
    index(&service, "globex", &[("g1", "order.created", 250)]).await;
    service
}

fn ids(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let rows = answer.body["data"].as_array().unwrap();
    rows.iter().map(|row| row["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn events_are_listed_once_newest_first_and_filtered() {
    let service = some().await;
    for (query, expected) in [
        ("", vec!["e5", "test-1", "e4", "e3", "e2", "e1"]),
        ("type=order.created", vec!["e5", "test-1", "e1"]),
        ("type=order.*", vec!["e5", "test-1", "e2", "e1"]),
        ("type=*", vec!["e5", "test-1", "e3", "e2", "e1"]),
        ("type=webhook.failing", vec!["e4"]),
        ("type=order", vec![]),
        ("test=true", vec!["test-1"]),
        ("test=false&type=order.*", vec!["e5", "e2", "e1"]),
        ("since=2024-01-15T10:25:00Z", vec!["e5", "test-1", "e4", "e3", "e2"]),
        ("until=2024-01-15T10:25:00Z", vec!["e1"]),
        ("since=2024-01-15T10:25:00Z&until=2024-01-15T10:25:02Z", vec!["e3", "e2"]),
        ("deliveries=false", vec!["e5", "test-1", "e4", "e3", "e2", "e1"]),
    ] {
        let answer = service.ask("GET", &format!("/events?{query}"), "").await;
        assert_eq!(ids(&answer), expected, "{query}");
        assert!(answer.body.get("nextCursor").is_none(), "{query}");
    }
    let theirs = service.ask_as("globex", "GET", "/events", "").await;
    assert_eq!(ids(&theirs), ["g1"]);
}

#[tokio::test]
async fn pages_go_on_by_cursor_within_their_list() {
    let service = some().await;
    for limit in 1..=6 {
        let (mut found, mut query) = (Vec::new(), format!("limit={limit}&type=*"));
        for _ in 0..10 {
            let answer = service.ask("GET", &format!("/events?{query}"), "").await;
            found.extend(ids(&answer).into_iter().map(str::to_owned));
            // One that arrives meanwhile is not in the way.
            index(&service, "acme", &[(&format!("new-{limit}"), "order.created", 0)]).await;
            let Some(next) = answer.body["nextCursor"].as_str() else { break };
            query = format!("limit={limit}&type=*&cursor={next}");
        }
        let old: Vec<_> = found.iter().filter(|id| !id.starts_with("new")).collect();
        assert_eq!(old, ["e5", "test-1", "e3", "e2", "e1"], "{limit}");
    }
    let page = service.ask("GET", "/events?limit=1", "").await;
    let next = page.body["nextCursor"].as_str().unwrap().to_owned();
    for query in ["type=order.paid", "test=false", "since=5", "limit=1&until=1705314600"] {
        let answer = service.ask("GET", &format!("/events?{query}&cursor={next}"), "").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
    }
    let theirs = service.ask_as("globex", "GET", &format!("/events?cursor={next}"), "").await;
    assert_eq!(theirs.status, StatusCode::UNPROCESSABLE_ENTITY, "another tenant's cursor");
}

#[tokio::test]
async fn an_event_is_listed_with_the_webhooks_that_took_it() {
    let service = some().await;
    let (first, second) = (service.webhook().await, service.webhook().await);
    let (kind, at) = ("order.paid", ago(300));
    let done = [answered(503), answered(200)];
    let delivered = deliver(&service, &first, ("e2", kind, at), &done, Next::Delivered).await;
    let failed = [answered(500)];
    let failed = deliver(&service, &second, ("e2", kind, at), &failed, Next::Exhausted).await;
    // Of an event that was published again long after the first one expired: another delivery.
    deliver(&service, &second, ("e3", kind, ago(9_000)), &[answered(200)], Next::Delivered).await;
    let answer = service.ask("GET", "/events?type=order.paid", "").await;
    let mut row = answer.body["data"][0].clone();
    let mut deliveries = row["deliveries"].as_array().unwrap().clone();
    deliveries.sort_by_key(|delivery| delivery["attemptCount"].as_u64());
    row["deliveries"] = deliveries.into();
    assert_eq!(
        row,
        json!({
            "id": "e2",
            "type": "order.paid",
            "acceptedAt": "2024-01-15T10:25:00.000Z",
            "deliveries": [
                { "webhookId": second, "deliveryId": failed.to_string(), "status": "failed", "attemptCount": 1 },
                { "webhookId": first, "deliveryId": delivered.to_string(), "status": "delivered", "attemptCount": 2 },
            ],
        })
    );
    let others = service.ask("GET", "/events?type=user.created", "").await;
    assert_eq!(others.body["data"][0]["deliveries"], json!([]));
    let alone = service.ask("GET", "/events?type=order.paid&deliveries=false", "").await;
    assert!(alone.body["data"][0].get("deliveries").is_none());
    let test = service.ask("GET", "/events?test=true", "").await;
    assert_eq!(test.body["data"][0]["test"], true);

    service.deps.ledger.corrupt(failed.clone());
    let answer = service.ask("GET", "/events?type=order.paid", "").await;
    let row = &answer.body["data"][0];
    assert_eq!((&row["unreadable"], row["deliveries"].as_array().unwrap().len()), (&json!(1), 1));
}

#[tokio::test]
async fn a_page_of_a_tenant_with_many_webhooks_is_short() {
    let service = some().await;
    for _ in 0..700 {
        service.webhook().await;
    }
    let page = service.ask("GET", "/events", "").await;
    assert_eq!(ids(&page), ["e5", "test-1"], "1,400 deliveries");
    assert!(page.body["nextCursor"].is_string() && page.body.get("truncated").is_none());
    let all = service.ask("GET", "/events?deliveries=false", "").await;
    assert_eq!(ids(&all).len(), 6);
}

#[tokio::test]
async fn parts_of_the_index_that_cannot_be_read_are_counted() {
    let service = some().await;
    service.deps.ledger.corrupt_index();
    index(&service, "acme", &[("new", "order.created", 0)]).await;
    let answer = service.ask("GET", "/events", "").await;
    assert_eq!(ids(&answer), ["new"]);
    assert_eq!(answer.body["unreadable"], 5);
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let service = Service::new();
    for (query, field) in [
        ("type=a%20b", "type"),
        ("type=*.created", "type"),
        ("test=yes", "test"),
        ("deliveries=1", "deliveries"),
        ("since=soon", "since"),
        ("limit=101", "limit"),
        ("cursor=x", "cursor"),
        ("page=1", "page"),
    ] {
        let answer = service.ask("GET", &format!("/events?{query}"), "").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert_eq!(answer.body["errors"][0]["path"], field, "{query}: {}", answer.body);
    }
}
