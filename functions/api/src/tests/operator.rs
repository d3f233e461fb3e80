//! What the operator finds across all tenants, and its link to the portal.

use lambda_http::http::StatusCode;
use serde_json::json;

use super::service::{Answer, Service};

const KEY: (&str, &str) = ("authorization", "Bearer the-operator-key");

async fn find(service: &Service, query: &str) -> Answer {
    service.ask_with(&[KEY], "GET", &format!("/find?{query}"), "").await
}

#[tokio::test]
async fn what_an_id_names_is_found_with_its_tenant_and_path() {
    let service = Service::new();
    let webhook = service.webhook_of("globex").await;
    for tenant in ["globex", "acme"] {
        service.webhook_of(tenant).await;
        let event = r#"{"id":"e1","type":"order.created","data":1}"#;
        let published = service.ask_as(tenant, "POST", "/events", event).await;
        assert_eq!(published.status, StatusCode::ACCEPTED, "{}", published.text);
    }
    let hit = |kind: &str, tenant: &str, id: &str, path: &str| json!({"kind": kind, "tenant": tenant, "id": id, "path": path});
    for (id, wanted) in [
        (
            "e1",
            json!([
                hit("event", "acme", "e1", "/events/e1"),
                hit("event", "globex", "e1", "/events/e1")
            ]),
        ),
        (
            webhook.as_str(),
            json!([hit("webhook", "globex", &webhook, &format!("/webhooks/{webhook}"))]),
        ),
        ("acme", json!([hit("tenant", "acme", "acme", "/tenants/acme")])),
        ("nothing", json!([])),
    ] {
        let answer = find(&service, &format!("id={id}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert_eq!(answer.body, json!({"data": wanted}), "{id}");
        for found in answer.body["data"].as_array().unwrap() {
            let path = found["path"].as_str().unwrap();
            let shown = service.ask_as(found["tenant"].as_str().unwrap(), "GET", path, "").await;
            assert_eq!(shown.status, StatusCode::OK, "{path}: {}", shown.text);
        }
    }
}

#[tokio::test]
async fn a_search_says_what_is_wrong_with_it() {
    let service = Service::new();
    for (query, status) in [
        ("", StatusCode::UNPROCESSABLE_ENTITY),
        ("id=no%20id", StatusCode::BAD_REQUEST),
        ("id=", StatusCode::BAD_REQUEST),
        ("id=e1&cursor=nonsense", StatusCode::UNPROCESSABLE_ENTITY),
        ("id=e1&tenant=acme", StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let answer = find(&service, query).await;
        assert_eq!(answer.status, status, "{query}: {}", answer.text);
    }
}

#[tokio::test]
async fn only_the_operator_finds_and_gets_a_link() {
    let service = Service::new();
    let answer = service.ask_with(&[KEY], "POST", "/operator-links", "").await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    assert_eq!(answer.cache_control, "no-store");
    let url = answer.body["url"].as_str().unwrap();
    assert!(url.contains("/operator/enter?link=ey"), "{url}");
    let made = service
        .ask_with(&[KEY], "POST", "/tenants/acme/tokens", r#"{"scopes":["webhooks:write"]}"#)
        .await;
    let token = format!("Bearer {}", made.body["token"].as_str().unwrap());
    for (method, path) in [("GET", "/find?id=e1"), ("POST", "/operator-links")] {
        let own = service.ask_with(&[("authorization", &token)], method, path, "").await;
        assert_eq!(own.status, StatusCode::FORBIDDEN, "{path}: {}", own.text);
        let nobody = service.ask_with(&[], method, path, "").await;
        assert_eq!(nobody.status, StatusCode::UNAUTHORIZED, "{path}");
    }
}
