//! Test inboxes, as their tenants and as strangers see them.

use jiff::SignedDuration;
use lambda_http::http::StatusCode;
use serde_json::{Value, json};

use super::service::{Answer, Service};

/// Turns the inbox of `acme` on, and returns the path of its URL.
async fn turn_on(service: &Service, body: &str) -> String {
    let set = service.ask("PATCH", "/inbox", body).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text);
    path_of(&set.body)
}

fn path_of(inbox: &Value) -> String {
    inbox["url"].as_str().unwrap().strip_prefix("https://api.example.com").unwrap().to_owned()
}

async fn send(service: &Service, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    service.ask_bytes(headers, "POST", path, body).await
}

async fn kept(service: &Service) -> Vec<Value> {
    let listed = service.ask("GET", "/inbox/requests?limit=100", "").await;
    assert_eq!(listed.status, StatusCode::OK, "{}", listed.text);
    listed.body["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_tenant_turns_its_inbox_on_and_sees_what_arrives() {
    let service = Service::new();
    let before = service.ask("GET", "/inbox", "").await;
    insta::assert_json_snapshot!("no_inbox_yet", before.body);
    let path = turn_on(&service, r#"{"enabled":true}"#).await;
    insta::assert_json_snapshot!("inbox", service.ask("GET", "/inbox", "").await.body);

    let headers = [("content-type", "application/json"), ("x-forwarded-for", "203.0.113.9")];
    let answer = send(&service, &path, &headers, b"{\"a\": 1}").await;
    assert_eq!((answer.status, &*answer.text), (StatusCode::OK, ""), "it echoes nothing");
    assert_eq!(answer.content_type, "");
    send(&service, &path, &[], &[0xff, 0]).await;
    let listed = service.ask("GET", "/inbox/requests", "").await;
    insta::assert_json_snapshot!("inbox_requests", listed.body);
    let one = service.ask("GET", "/inbox/requests/req_1", "").await;
    assert_eq!(one.body, listed.body["data"][1]);
    for missing in ["req_3", "req_0", "x"] {
        let answer = service.ask("GET", &format!("/inbox/requests/{missing}"), "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{missing}");
    }
    let of_other = service.ask_as("other", "GET", "/inbox/requests/req_1", "").await;
    assert_eq!(of_other.status, StatusCode::NOT_FOUND);
    let page = service.ask("GET", "/inbox/requests?limit=1", "").await;
    let next = page.body["nextCursor"].as_str().unwrap();
    let rest = service.ask("GET", &format!("/inbox/requests?limit=1&cursor={next}"), "").await;
    assert_eq!(rest.body, json!({"data": [listed.body["data"][1]]}));

    let cleared = service.ask("DELETE", "/inbox/requests", "").await;
    assert_eq!(cleared.status, StatusCode::NO_CONTENT);
    assert!(kept(&service).await.is_empty());
}

/// A webhook's own test is a real request of the sender; the fake receiver hands over what it got.
#[tokio::test]
async fn what_a_webhook_sends_is_verified_and_what_others_send_is_not() {
    let service = Service::new();
    let path = turn_on(&service, r#"{"enabled":true}"#).await;
    let url = format!("https://api.example.com{path}");
    let body = format!(r#"{{"url":"{url}","events":["*"]}}"#);
    let webhook = service.ask("POST", "/webhooks", &body).await;
    assert_eq!(webhook.status, StatusCode::CREATED, "{}", webhook.text);
    let id = webhook.body["id"].as_str().unwrap();
    let tested = service.ask("POST", &format!("/webhooks/{id}/test"), "").await;
    assert_eq!(tested.status, StatusCode::OK, "{}", tested.text);
    let (request, _) = service.deps.sender.seen.lock().unwrap().pop().unwrap();
    let headers: Vec<(&str, &str)> =
        request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let body = request.body.as_bytes();

    send(&service, &path, &headers, body).await;
    send(&service, &path, &headers, &[body, b" "].concat()).await;
    send(&service, &path, &[], body).await;
    service.deps.system.pass(SignedDuration::from_secs(301));
    send(&service, &path, &headers, body).await;
    let said: Vec<_> = kept(&service)
        .await
        .into_iter()
        .rev()
        .map(|one| json!([one["verdict"], one["webhookId"], one["secret"], one["staleBySeconds"]]))
        .collect();
    assert_eq!(
        said,
        [
            json!(["verified", id, "current", null]),
            json!(["wrong_signature", null, null, null]),
            json!(["not_signed", null, null, null]),
            json!(["stale", id, null, 301]),
        ]
    );
    let rotated = service.ask("POST", &format!("/webhooks/{id}/rotate-secret"), "").await;
    assert_eq!(rotated.status, StatusCode::OK);
    service.deps.system.pass(SignedDuration::from_secs(-301));
    send(&service, &path, &headers, body).await;
    assert_eq!(kept(&service).await[0]["secret"], "previous");
}

#[tokio::test]
async fn the_answer_is_what_the_tenant_chose_and_never_a_redirect() {
    let service = Service::new();
    let path = turn_on(&service, r#"{"enabled":true,"answer":{"status":410}}"#).await;
    let gone = send(&service, &path, &[], b"{}").await;
    assert_eq!((gone.status, &*gone.text), (StatusCode::GONE, ""));
    let slow = turn_on(&service, r#"{"answer":{"status":204,"delaySeconds":2}}"#).await;
    assert_eq!(slow, path);
    assert_eq!(send(&service, &path, &[], b"{}").await.status, StatusCode::NO_CONTENT);
    let received = |one: &Value| one["receivedAt"].as_str().unwrap().to_owned();
    send(&service, &path, &[], b"{}").await;
    let kept = kept(&service).await;
    assert_eq!(received(&kept[0]), "2024-01-15T10:30:02.000Z", "it waited before the answer");
    for body in [
        r#"{"answer":{"status":302}}"#,
        r#"{"answer":{"status":500,"delaySeconds":30},"colour":1}"#,
        r#"{"enabled":"yes"}"#,
    ] {
        let refused = service.ask("PATCH", "/inbox", body).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
}

#[tokio::test]
async fn a_wrong_url_says_nothing_and_only_post_is_kept() {
    let service = Service::new();
    let wrong = "/inbox/acme.AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
    let unknown = send(&service, wrong, &[], b"{}").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert_eq!(unknown.body["detail"], "There is no such inbox, or it is off.");
    let path = turn_on(&service, r#"{"enabled":true}"#).await;
    for path in
        [wrong, "/inbox/acme", "/inbox/acme.x", "/inbox/other.AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"]
    {
        let answer = send(&service, path, &[], b"{}").await;
        assert_eq!((answer.status, &answer.text), (unknown.status, &unknown.text), "{path}");
    }
    for method in ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
        let answer = service.ask_with(&[], method, &path, "").await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
    assert!(kept(&service).await.is_empty());
    service.ask("PATCH", "/inbox", r#"{"enabled":false}"#).await;
    assert_eq!(send(&service, &path, &[], b"{}").await.text, unknown.text, "off");

    let rotated = service.ask("POST", "/inbox/rotate", "").await;
    assert_ne!(path_of(&rotated.body), path);
    let of_other = service.ask_as("other", "POST", "/inbox/rotate", "").await;
    assert_eq!(of_other.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn too_many_requests_are_refused_until_the_next_minute() {
    let service = Service::new();
    let path = turn_on(&service, r#"{"enabled":true}"#).await;
    for _ in 0..60 {
        assert_eq!(send(&service, &path, &[], b"{}").await.status, StatusCode::OK);
    }
    let refused = send(&service, &path, &[], b"{}").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.header("retry-after"), "60");
    service.deps.system.pass(SignedDuration::from_secs(60));
    for _ in 0..41 {
        assert_eq!(send(&service, &path, &[], b"{}").await.status, StatusCode::OK);
    }
    let kept = kept(&service).await;
    assert_eq!((kept.len(), &kept[0]["id"]), (100, &json!("req_101")));
    assert_eq!(kept[99]["id"], "req_2", "the first one was pushed out");
}

/// A key in a header of a request to an inbox gives it no right: nothing is published, whatever arrives.
#[tokio::test]
async fn what_arrives_is_never_an_event_whoever_sends_it() {
    let service = Service::new();
    let path = turn_on(&service, r#"{"enabled":true}"#).await;
    let headers = [("authorization", "Bearer the-operator-key"), ("x-tenant-id", "acme")];
    let event = br#"{"id":"e1","type":"user.created","data":{}}"#;
    let answer = send(&service, &path, &headers, event).await;
    assert_eq!((answer.status, &*answer.text), (StatusCode::OK, ""));
    assert!(service.deps.ledger.all_events().is_empty());
    assert_eq!(answer.header("x-ratelimit-remaining"), "");
}

#[tokio::test]
async fn who_may_only_read_sees_neither_the_url_nor_what_is_secret_in_headers() {
    let service = Service::new();
    let path = turn_on(&service, r#"{"enabled":true}"#).await;
    let headers = [
        ("content-type", "application/json"),
        ("webhook-id", "evt_1"),
        ("webhook-signature", "v1,abc"),
        ("authorization", "Bearer of-the-receiver"),
    ];
    send(&service, &path, &headers, b"{}").await;
    let made = service.ask("POST", "/keys", r#"{"name":"r","scopes":["webhooks:read"]}"#).await;
    let bearer = format!("Bearer {}", made.body["secret"].as_str().unwrap());
    let reader = [("authorization", &*bearer)];
    let inbox = service.ask_with(&reader, "GET", "/inbox", "").await;
    assert_eq!(inbox.body["url"], "https://api.example.com/inbox/***");
    let listed = service.ask_with(&reader, "GET", "/inbox/requests", "").await;
    let header = |name: &str| {
        let all = listed.body["data"][0]["headers"].as_array().unwrap();
        all.iter().find(|one| one["name"] == name).unwrap()["value"].as_str().unwrap().to_owned()
    };
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("webhook-id"), "evt_1");
    assert_eq!(
        (header("webhook-signature"), header("authorization")),
        ("***".into(), "***".into())
    );
    let whole = service.ask("GET", "/inbox/requests", "").await;
    assert!(whole.text.contains("Bearer of-the-receiver") && whole.text.contains("v1,abc"));
    for (method, path) in [("PATCH", "/inbox"), ("DELETE", "/inbox/requests")] {
        let answer = service.ask_with(&reader, method, path, "{}").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method}");
    }
}

#[tokio::test]
async fn the_operator_may_turn_all_inboxes_off() {
    let service = Service::without_inboxes();
    let seen = service.ask("GET", "/inbox", "").await;
    assert_eq!(seen.body["available"], false);
    for (method, path) in [("PATCH", "/inbox"), ("POST", "/inbox/rotate")] {
        let refused = service.ask(method, path, r#"{"enabled":true}"#).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(refused.body["detail"], "The operator has turned test inboxes off.");
    }
    let url = "https://api.example.com/inbox/acme.AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
    let path = url.strip_prefix("https://api.example.com").unwrap();
    let answer = send(&service, path, &[], b"{}").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let refused =
        service.ask("POST", "/webhooks", &format!(r#"{{"url":"{url}","events":["*"]}}"#)).await;
    assert_eq!(
        refused.body["errors"][0]["message"],
        "must not point to a test inbox: the operator has turned them off"
    );
}

/// One tenant's inbox is closed as all are by the parameter, and another tenant's is not.
#[tokio::test]
async fn the_operator_may_turn_one_tenants_inbox_off() {
    let service = Service::new();
    let path = turn_on(&service, r#"{"enabled":true}"#).await;
    assert_eq!(send(&service, &path, &[], b"{}").await.status, StatusCode::OK);
    let set = async |body: &str| {
        let set = service.ask("PUT", "/tenants/acme", body).await;
        assert_eq!(set.status, StatusCode::OK, "{}", set.text);
        set.body["testInbox"].as_bool()
    };
    assert_eq!(set(r#"{"testInbox":false}"#).await, Some(false));
    let seen = service.ask("GET", "/inbox", "").await.body;
    assert_eq!((&seen["available"], &seen["enabled"]), (&Value::from(false), &Value::from(false)));
    assert!(seen.get("url").is_none(), "{seen}");
    for (method, path) in [("PATCH", "/inbox"), ("POST", "/inbox/rotate")] {
        let refused = service.ask(method, path, r#"{"enabled":true}"#).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(refused.body["detail"], "The operator has turned test inboxes off.");
    }
    assert_eq!(send(&service, &path, &[], b"{}").await.status, StatusCode::NOT_FOUND);
    assert_eq!(set("{}").await, Some(true), "what is left out is the default");
    assert_eq!(send(&service, &path, &[], b"{}").await.status, StatusCode::OK);
}
