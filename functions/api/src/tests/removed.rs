//! A removed tenant, and its id.

use hooklane_app::ports::WebhookStore as _;
use jiff::SignedDuration;
use lambda_http::http::StatusCode;

use super::service::{Answer, Service};

const OPERATOR: (&str, &str) = ("authorization", "Bearer the-operator-key");
const HOOK: &str = r#"{"url":"https://example.com/hook","events":["*"]}"#;
const EVENT: &str = r#"{"id":"order-1","type":"order.created","data":{"total":1}}"#;
const TYPE: &str = r#"{"category":"c","description":"d","sample":{"id":"1"}}"#;
const READ: &str = r#"{"scopes":["webhooks:read"]}"#;
const KEY: &str = r#"{"name":"CI","scopes":["webhooks:read"]}"#;

async fn as_operator(service: &Service, method: &str, path: &str, body: &str) -> Answer {
    service.ask_with(&[OPERATOR], method, path, body).await
}

fn is_gone(answer: &Answer, what: &str) {
    assert_eq!(answer.status, StatusCode::GONE, "{what}: {}", answer.text);
    assert_eq!(answer.body["type"], "urn:hooklane:problem:tenant-removed", "{what}");
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(detail.contains("can be used again from 2024-02-21T10:30:00Z"), "{what}: {detail}");
}

/// A new tenant under a former one's id reads nothing of the former one, because there is none until
/// everything has expired.
#[tokio::test]
async fn finding_10_the_id_of_a_removed_tenant_cannot_be_used_until_everything_has_expired() {
    let service = Service::new();
    let keyed = [OPERATOR, ("x-tenant-id", "acme"), ("idempotency-key", "k")];
    let token = as_operator(&service, "POST", "/tenants/acme/tokens", READ).await;
    let token = token.body["token"].as_str().unwrap().to_owned();
    assert_eq!(
        service.ask_with(&keyed, "POST", "/webhooks", HOOK).await.status,
        StatusCode::CREATED
    );
    assert!(service.ask("POST", "/events", EVENT).await.status.is_success());
    let removed = as_operator(&service, "DELETE", "/tenants/acme", "").await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    assert!(service.deps.registry.list(&"acme".parse().unwrap()).await.unwrap().is_empty());

    let refused = async || {
        for (method, path, body) in [
            ("GET", "/events/order-1", ""),
            ("GET", "/webhooks", ""),
            ("GET", "/deliveries", ""),
            ("GET", "/quotas", ""),
            ("POST", "/events", EVENT),
            ("POST", "/events/batch", &*format!("[{EVENT}]")),
            ("POST", "/webhooks", HOOK),
            ("PUT", "/event-types/a", TYPE),
            ("POST", "/keys", KEY),
            ("GET", "/keys", ""),
        ] {
            is_gone(&service.ask(method, path, body).await, path);
        }
        is_gone(&service.ask_with(&keyed, "POST", "/webhooks", HOOK).await, "its key");
        for (method, path, body) in [
            ("POST", "/tenants/acme/tokens", READ),
            ("PUT", "/tenants/acme", "{}"),
            ("GET", "/tenants/acme", ""),
        ] {
            is_gone(&as_operator(&service, method, path, body).await, path);
        }
    };
    refused().await;
    let list = as_operator(&service, "GET", "/tenants", "").await;
    assert_eq!(list.body["data"], serde_json::json!([]));
    let bearer = [("authorization", &*format!("Bearer {token}"))];
    let old = service.ask_with(&bearer, "GET", "/webhooks", "").await;
    assert_eq!(old.status, StatusCode::UNAUTHORIZED);
    let again = as_operator(&service, "DELETE", "/tenants/acme", "").await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);

    let retention = SignedDuration::from_hours(37 * 24);
    service.deps.system.pass(retention - SignedDuration::from_secs(1));
    refused().await;
    service.deps.system.pass(SignedDuration::from_secs(1));
    assert_eq!(service.ask("POST", "/webhooks", HOOK).await.status, StatusCode::CREATED);
    let set = as_operator(&service, "PUT", "/tenants/acme", r#"{"strict":true}"#).await;
    assert_eq!((set.status, set.etag.as_str()), (StatusCode::OK, "\"1\""));
    let old = service.ask_with(&bearer, "GET", "/webhooks", "").await;
    assert_eq!(old.status, StatusCode::UNAUTHORIZED, "its old tokens stay revoked");
}

/// A removal that does not end in one request says so, keeps the tenant listed and goes on.
#[tokio::test]
async fn finding_04_the_removal_of_thousands_of_webhooks_takes_several_requests() {
    let service = Service::new();
    let first = service.webhook().await;
    let tenant = "acme".parse().unwrap();
    let stored = service.deps.registry.get(&tenant, first.parse().unwrap()).await.unwrap();
    let stored = stored.unwrap();
    for n in 0..4_500 {
        let id = hooklane_domain::ids::WebhookId::new(stored.created_at, n + (1 << 70));
        let another = hooklane_domain::webhook::Webhook { id, ..stored.clone() };
        assert!(service.deps.registry.create(&another).await.unwrap());
    }
    let begun = as_operator(&service, "DELETE", "/tenants/acme", "").await;
    assert_eq!(begun.status, StatusCode::ACCEPTED);
    let listed = as_operator(&service, "GET", "/tenants", "").await;
    assert_eq!(listed.body["data"][0]["id"], "acme");
    assert_eq!(listed.body["data"][0]["reusableAt"], "2024-02-21T10:30:00.000Z");
    let used = service.ask("POST", "/webhooks", HOOK).await;
    is_gone(&used, "a removal that goes on");
    assert!(used.body["detail"].as_str().unwrap().ends_with("delete it again."));
    let ended = as_operator(&service, "DELETE", "/tenants/acme", "").await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    assert!(service.deps.registry.list(&tenant).await.unwrap().is_empty());
    let listed = as_operator(&service, "GET", "/tenants", "").await;
    assert_eq!(listed.body["data"], serde_json::json!([]));
}
