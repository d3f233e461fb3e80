//! What `GET` shows can be sent back by `PUT`, and changes nothing.

use hooklane_app::ports::WebhookStore as _;
use hooklane_domain::webhook::DisableReason;
use lambda_http::http::StatusCode;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::fuzz::RUNTIME;
use super::service::Service;

const OPERATOR: [(&str, &str); 1] = [("authorization", "Bearer the-operator-key")];

/// A field that a body may leave out.
fn maybe(name: &'static str, values: Vec<Value>) -> impl Strategy<Value = Option<(String, Value)>> {
    proptest::option::of(select(values).prop_map(move |value| (name.to_owned(), value)))
}

fn policies() -> Vec<Value> {
    vec![
        json!("none"),
        json!("quick"),
        json!("patient"),
        json!({"schedule": [5, 300]}),
        json!({"schedule": [1], "jitter": 0.25}),
        json!({"maxRetries": 0}),
        json!({"maxRetries": 4, "initialDelay": 1500}),
        json!({"strategy": "linear", "initialDelay": 100, "multiplier": 1.5, "maxDelay": 60000, "maxRetries": 9, "jitter": 1}),
        json!({"strategy": "fixed", "maxAttempts": 3}),
    ]
}

/// The bodies of new webhooks, under every contract.
fn bodies() -> impl Strategy<Value = Value> {
    let contracts: Vec<_> =
        hooklane_bundled_contracts::load().names().map(|name| json!(name.as_str())).collect();
    let fields = (
        maybe("contract", contracts),
        maybe("retryPolicy", policies()),
        maybe("headers", vec![json!({"X-Token": "secret", "X-B": ""}), json!({})]),
        maybe("timeoutSeconds", vec![json!(1), json!(30)]),
        maybe("rateLimit", vec![json!({"requests": 5, "perSeconds": 60})]),
        maybe("filter", vec![json!("event.type.startsWith('order.')")]),
        maybe("transform", vec![json!("{'type': event.type}")]),
        maybe("targetCidrs", vec![json!(["203.0.113.0/24", "2001:db8::/32"])]),
        maybe("testMode", vec![json!(true), json!(false)]),
        maybe("active", vec![json!(true), json!(false)]),
        maybe("description", vec![json!(""), json!("Ä description")]),
        maybe("metadata", vec![json!({}), json!({"team": "a", "note": "ä\n"})]),
    );
    let rest = (
        maybe("externalId", vec![json!("only:one")]),
        maybe("name", vec![json!("N")]),
        select(vec![json!(["*"]), json!(["order.*", "user.created", "order.*"])]),
        select(vec!["https://example.com/hook?token=a%20b", "https://EXAMPLE.com:8443/ä/../b"]),
    );
    (fields, rest).prop_map(|(fields, (external, name, events, url))| {
        let (a, b, c, d, e, f, g, h, i, j, k, l) = fields;
        let all = [a, b, c, d, e, f, g, h, i, j, k, l, external, name];
        let mut body: Map<_, _> = all.into_iter().flatten().collect();
        body.insert("events".to_owned(), events);
        body.insert("url".to_owned(), json!(url));
        Value::Object(body)
    })
}

/// Brings a webhook into one of its states.
async fn bring(service: &Service, path: &str, state: usize) {
    match state {
        0 => {}
        1 => drop(service.ask("POST", &format!("{path}/pause"), "").await),
        2 => {
            service.ask("POST", &format!("{path}/rotate-secret"), "").await;
        }
        _ => {
            let id = path.rsplit('/').next().unwrap().parse().unwrap();
            let registry = &service.deps.registry;
            let webhook = registry.get(&"acme".parse().unwrap(), id).await.unwrap().unwrap();
            let at = "2024-01-15T10:31:00Z".parse().unwrap();
            registry.disable(&webhook, DisableReason::Failing, at).await.unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_webhook_that_is_sent_back_stays_as_it_is(body in bodies(), state in 0..4_usize) {
        let service = Service::new();
        RUNTIME.block_on(async {
            let made = service.ask("POST", "/webhooks", &body.to_string()).await;
            prop_assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
            let path = made.location.clone();
            let with_secret = service.ask("PUT", &path, &made.text).await;
            prop_assert_eq!(with_secret.status, StatusCode::OK, "{}", with_secret.body);
            prop_assert_eq!(&with_secret.etag, &made.etag);
            bring(&service, &path, state).await;
            let read = service.ask("GET", &path, "").await;
            for method in ["PUT", "PATCH"] {
                let sent = service.ask(method, &path, &read.text).await;
                prop_assert_eq!(sent.status, StatusCode::OK, "{} {}", sent.body, read.text);
                prop_assert_eq!(&sent.etag, &read.etag);
            }
            let after = service.ask("GET", &path, "").await;
            prop_assert_eq!(after.body, read.body);
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn what_cannot_be_changed_is_refused_if_it_is_changed() {
    let service = Service::new();
    let body = r#"{"url":"https://example.com/","events":["*"],"signing":"ed25519"}"#;
    let path = service.ask("POST", "/webhooks", body).await.location;
    let read = service.ask("GET", &path, "").await.body;
    for (field, value) in [
        ("id", json!("wh_01HM6AQH200000000000000009")),
        ("createdAt", json!("2024-01-15T10:30:00.001Z")),
        ("updatedAt", json!("2024-01-15T10:30:00.001Z")),
        ("publicKey", json!("whpk_other")),
        ("signing", json!("hmac")),
        ("secret", json!("another-secret")),
        ("status", json!("paused")),
        ("status", json!("disabled")),
    ] {
        let mut body = read.clone();
        body[field] = value;
        let refused = service.ask("PUT", &path, &body.to_string()).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert_eq!(refused.body["errors"][0]["path"], field, "{}", refused.body);
    }
    let mut older = read.clone();
    older["health"]["consecutiveFailures"] = json!(7);
    older["name"] = json!("New");
    let changed = service.ask("PUT", &path, &older.to_string()).await;
    assert_eq!((changed.status, &changed.body["name"]), (StatusCode::OK, &json!("New")));
    // What is no field of the webhook stays unknown.
    let refused = service.ask("PUT", &path, r#"{"lane":"slow"}"#).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
}

/// A client changes one of the two fields that say whether it is active, and sends back the other as it was.
#[tokio::test]
async fn active_and_status_follow_the_one_that_changed() {
    let service = Service::new();
    let path = format!("/webhooks/{}", service.webhook().await);
    for (field, value, expected) in [
        ("active", json!(false), "inactive"),
        ("active", json!(true), "active"),
        ("status", json!("inactive"), "inactive"),
        ("status", json!("active"), "active"),
    ] {
        let mut body = service.ask("GET", &path, "").await.body;
        body[field] = value;
        let changed = service.ask("PUT", &path, &body.to_string()).await;
        assert_eq!(changed.body["status"], expected, "{field}");
    }
    let both = service.ask("PUT", &path, r#"{"active":false,"status":"inactive"}"#).await;
    assert_eq!(both.body["status"], "inactive");
    let refused = service.ask("PUT", &path, r#"{"isActive":true,"status":"inactive"}"#).await;
    assert_eq!(refused.status, StatusCode::OK, "{}: what is so already says nothing", refused.body);
    let both = service.ask("POST", &format!("{path}/pause"), "").await;
    assert_eq!(both.body["status"], "paused");
    let refused = service.ask("PUT", &path, r#"{"active":true,"status":"inactive"}"#).await;
    assert_eq!(refused.body["errors"][0]["path"], "status", "they contradict each other");
}

#[tokio::test]
async fn a_tenant_that_is_sent_back_stays_as_it_is() {
    let service = Service::new();
    let ask = async |method: &str, body: &str| {
        service.ask_with(&OPERATOR, method, "/tenants/acme", body).await
    };
    for settings in [
        "{}",
        r#"{"contract":"prism","catalog":"default","strict":true,"rateLimit":5,"paused":true,
            "quotas":{"webhooks":2000,"eventTypes":7}}"#,
    ] {
        ask("PUT", settings).await;
        service.webhook().await;
        let read = ask("GET", "").await;
        let sent = ask("PUT", &read.text).await;
        assert_eq!((sent.status, &sent.etag), (StatusCode::OK, &read.etag), "{}", sent.body);
        assert_eq!(ask("GET", "").await.body, read.body);
    }
    for (body, path) in
        [(r#"{"id":"other"}"#, "id"), (r#"{"reusableAt":"2024-01-15T10:30:00Z"}"#, "reusableAt")]
    {
        let refused = ask("PUT", body).await;
        assert_eq!(refused.body["errors"][0]["path"], path, "{body}");
    }
}

#[tokio::test]
async fn an_event_type_that_is_sent_back_stays_as_it_is() {
    let service = Service::new();
    let path = "/event-types/shipment.sent";
    let body = r#"{"category":"c","description":"d","sample":{"n":5.0,"a":[null]},"schema":{"type":"object","required":["n"]}}"#;
    for headers in [&OPERATOR[..], &[OPERATOR[0], ("x-tenant-id", "acme")]] {
        let ask =
            async |method: &str, body: &str| service.ask_with(headers, method, path, body).await;
        assert_eq!(ask("PUT", body).await.status, StatusCode::CREATED);
        let read = ask("GET", "").await;
        let sent = ask("PUT", &read.text).await;
        assert_eq!((sent.status, &sent.etag), (StatusCode::OK, &read.etag), "{}", sent.body);
        assert_eq!(sent.text, read.text);
        for (field, value) in [("type", "shipment.lost"), ("source", "catalog")] {
            let mut other = read.body.clone();
            other[field] = json!(value);
            let refused = ask("PUT", &other.to_string()).await;
            assert_eq!(refused.body["errors"][0]["path"], field, "{}", refused.body);
        }
    }
}
