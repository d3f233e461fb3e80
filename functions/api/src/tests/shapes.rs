//! The answers to clients of a tenant whose contract shapes answers.

use hooklane_app::ports::TenantStore as _;
use hooklane_domain::access::tenant::TenantSettings;
use lambda_http::http::StatusCode;
use serde_json::{Value, json};

use super::service::{Answer, Service};

mod documents;
mod printed;
mod samples;

mod vocabulary;

const OPERATOR: (&str, &str) = ("authorization", "Bearer the-operator-key");
const SCOPES: &str = r#"{"scopes":["webhooks:read","webhooks:write","events:publish"]}"#;
const TENANT: (&str, &str) = ("x-tenant-id", "acme");

/// A service where the tenant `acme` has this contract.
async fn service_of(contract: &str) -> Service {
    let service = Service::new();
    set(&service, Some(contract), None).await;
    service
}

async fn set(service: &Service, contract: Option<&str>, rate_limit: Option<u32>) {
    let contract = contract.map(|name| name.parse().unwrap());
    let settings = TenantSettings { contract, rate_limit, ..TenantSettings::default() };
    let tenant = "acme".parse().unwrap();
    service.deps.registry.set_settings(&tenant, &settings, None).await.unwrap();
}

/// What a snapshot shows of an answer.
fn shown(answer: &Answer) -> Value {
    json!({
        "status": answer.status.as_u16(),
        "contentType": answer.content_type,
        "body": answer.body,
    })
}

const NEW: &str = r#"{"url":"https://example.com/hook","events":["order.created"]}"#;

#[tokio::test]
async fn only_a_tenant_whose_contract_shapes_answers_gets_shaped_ones() {
    let service = service_of("prism").await;
    let shaped = service.ask("POST", "/webhooks", NEW).await;
    assert_eq!(shaped.body["status"], "active");
    assert!(shaped.body.get("createdAt").is_none() && shaped.body["created_at"].is_string());
    assert_eq!(shaped.etag, "\"1\"", "headers are not shaped");
    assert!(shaped.header("location").ends_with(shaped.body["id"].as_str().unwrap()));
    assert_eq!(shaped.header("x-ratelimit-limit"), "600");
    assert_eq!(shaped.header("vary"), "accept");

    let canonical = service.ask_as("other", "POST", "/webhooks", NEW).await;
    assert!(canonical.body["createdAt"].is_string());
    assert_eq!(canonical.header("vary"), "");
    // A contract that does not shape answers.
    set(&service, Some("github"), None).await;
    let canonical = service.ask("POST", "/webhooks", NEW).await;
    assert!(canonical.body["createdAt"].is_string());
}

#[tokio::test]
async fn tokens_and_all_prefixes_get_the_same_shape() {
    let service = service_of("aegisx").await;
    let minted = service.ask_with(&[OPERATOR], "POST", "/tenants/acme/tokens", SCOPES).await;
    let bearer = format!("Bearer {}", minted.body["token"].as_str().unwrap());
    for prefix in ["/api/v1", "/api", ""] {
        let path = format!("{prefix}/webhooks");
        let own = service.ask_with(&[("authorization", &bearer)], "GET", &path, "").await;
        assert_eq!(own.body, json!({ "webhooks": [] }), "{path}");
        assert_eq!(service.ask("GET", &path, "").await.body, own.body, "{path}");
    }
}

#[tokio::test]
async fn a_client_that_accepts_the_canonical_answer_gets_it() {
    let service = service_of("aegisx").await;
    for (accept, is_canonical) in [
        ("application/vnd.hooklane+json", true),
        ("text/html, Application/Vnd.Hooklane+Json;q=0.9", true),
        ("application/json", false),
        ("*/*", false),
        ("application/vnd.hooklane", false),
    ] {
        let headers = [OPERATOR, TENANT, ("accept", accept)];
        let list = service.ask_with(&headers, "GET", "/webhooks", "").await;
        assert_eq!(list.body.get("data").is_some(), is_canonical, "{accept}");
        assert_eq!(list.header("vary"), "accept", "{accept}");
        let none = service.ask_with(&headers, "GET", "/webhooks/nonsense", "").await;
        assert_eq!(none.content_type == "application/problem+json", is_canonical, "{accept}");
    }
}

/// A request with a wrong key must not reveal the tenant's contract. Operations that no platform guide has,
/// such as publishing, have canonical errors for every tenant.
#[tokio::test]
async fn answers_before_authentication_and_of_other_operations_stay_canonical() {
    let service = service_of("aegisx").await;
    let problem = "application/problem+json";
    let wrong_key = [("authorization", "Bearer wrong"), TENANT];
    let refused = service.ask_with(&wrong_key, "GET", "/webhooks", "").await;
    assert_eq!((refused.status, &*refused.content_type), (StatusCode::UNAUTHORIZED, problem));
    for (method, path) in [("GET", "/nothing"), ("DELETE", "/webhooks"), ("POST", "/events")] {
        let answer = service.ask(method, path, "{}").await;
        assert_eq!(answer.content_type, problem, "{method} {path}");
        assert_eq!(answer.header("vary"), "", "{method} {path}");
    }
    let published = service.ask("POST", "/events", r#"{"id":"e1","type":"a","data":1}"#).await;
    assert_eq!(published.body, json!({ "id": "e1", "duplicate": false }));
}

#[tokio::test]
async fn a_contract_sets_query_parameters_that_the_client_does_not_send() {
    let service = service_of("aegisx").await;
    let off = NEW.replace("}", r#","active":false}"#);
    let body = service.ask("POST", "/webhooks", NEW).await.body;
    service.ask("POST", "/webhooks", &off).await;
    for (query, expected) in
        [("", 1), ("?active=false", 1), ("?isActive=true", 1), ("?limit=1&page=2", 0)]
    {
        let list = service.ask("GET", &format!("/webhooks{query}"), "").await;
        assert_eq!(list.status, StatusCode::OK, "{query}: {}", list.body);
        assert_eq!(list.body["webhooks"].as_array().unwrap().len(), expected, "{query}");
    }
    let list = service.ask("GET", "/webhooks", "").await;
    assert_eq!(list.body["webhooks"][0]["id"], body["webhook"]["id"], "the active webhook");
    let off = service.ask("GET", "/webhooks?isActive=false", "").await;
    assert_eq!(off.body["webhooks"][0]["active"], false);
    let wrong = service.ask("GET", "/webhooks?colour=a%26b", "").await;
    assert_eq!(wrong.body, json!({ "error": "colour is not a known parameter" }));
}

#[tokio::test]
async fn a_tenant_over_its_limit_is_refused_in_its_contracts_words() {
    let service = service_of("aegisx").await;
    let minted = service.ask_with(&[OPERATOR], "POST", "/tenants/acme/tokens", SCOPES).await;
    let bearer = format!("Bearer {}", minted.body["token"].as_str().unwrap());
    set(&service, Some("aegisx"), Some(1)).await;
    let own = [("authorization", bearer.as_str())];
    assert_eq!(service.ask_with(&own, "GET", "/webhooks", "").await.status, StatusCode::OK);
    let refused = service.ask_with(&own, "GET", "/webhooks", "").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.body["error"].is_string(), "{}", refused.body);
    assert_eq!(refused.body.as_object().unwrap().len(), 1);
    assert_eq!(refused.header("retry-after"), "60");
    assert_eq!(refused.header("x-ratelimit-remaining"), "0");
}

#[tokio::test]
async fn a_webhook_without_a_contract_gets_its_tenants() {
    let service = service_of("task-hub").await;
    let created = service.ask("POST", "/webhooks", NEW).await;
    assert_eq!(created.body["contract"], "task-hub");
    let named = NEW.replace("}", r#","contract":"standard"}"#);
    assert_eq!(service.ask("POST", "/webhooks", &named).await.body["contract"], "standard");
    // An existing webhook keeps its contract.
    set(&service, Some("github"), None).await;
    let path = format!("/webhooks/{}", created.body["id"].as_str().unwrap());
    assert_eq!(service.ask("PUT", &path, r#"{"name":"N"}"#).await.body["contract"], "task-hub");
}
