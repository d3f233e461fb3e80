//! The addresses that deliveries come from, for receivers that allow-list them.

use hooklane_app::ports::TenantStore as _;
use hooklane_domain::access::tenant::TenantSettings;
use lambda_http::http::StatusCode;
use serde_json::json;

use super::service::Service;

#[tokio::test]
async fn anybody_may_read_the_addresses_under_every_prefix_and_cache_them() {
    let service = Service::with_sources("203.0.113.7, 198.51.100.0/24,2001:db8::/64");
    let addresses = ["198.51.100.0/24", "203.0.113.7/32", "2001:db8::/64"];
    for path in ["/source-ips", "/api/source-ips", "/api/v1/source-ips"] {
        let answer = service.ask_with(&[], "GET", path, "").await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.body, json!({ "fixed": true, "addresses": addresses }), "{path}");
        assert_eq!(answer.content_type, "application/json");
        assert_eq!(answer.cache_control, "public, max-age=300");
    }
    let posted = service.ask_with(&[], "POST", "/source-ips", "{}").await;
    assert_eq!(posted.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn without_fixed_addresses_the_answer_says_so() {
    let answer = Service::new().ask_with(&[], "GET", "/source-ips", "").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.body, json!({ "fixed": false, "addresses": [] }));
}

/// It is about no tenant: no limit counts it, and no contract changes it.
#[tokio::test]
async fn a_tenant_gets_the_same_answer_and_it_counts_for_no_limit() {
    let service = Service::with_sources("203.0.113.7/32");
    let contract = Some("aegisx".parse().unwrap());
    let settings = TenantSettings { contract, rate_limit: Some(1), ..TenantSettings::default() };
    let tenant = "acme".parse().unwrap();
    service.deps.registry.set_settings(&tenant, &settings, None).await.unwrap();
    let operator = [("authorization", "Bearer the-operator-key")];
    let scopes = r#"{"scopes":["webhooks:read"]}"#;
    let token = service.ask_with(&operator, "POST", "/tenants/acme/tokens", scopes).await;
    let bearer = format!("Bearer {}", token.body["token"].as_str().unwrap());
    let own = [("authorization", bearer.as_str())];
    for _ in 0..3 {
        let answer = service.ask_with(&own, "GET", "/source-ips", "").await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.body, json!({ "fixed": true, "addresses": ["203.0.113.7/32"] }));
        assert_eq!(answer.header("x-ratelimit-limit"), "");
        assert_eq!(answer.header("vary"), "");
    }
    let first = service.ask_with(&own, "GET", "/webhooks", "").await;
    assert_eq!(first.status, StatusCode::OK, "the limit of one is not used up");
}
