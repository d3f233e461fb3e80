use hooklane_app::ports::{TenantStore as _, WebhookStore as _};
use jiff::SignedDuration;
use lambda_http::http::StatusCode;

use super::service::{Answer, Service};

const OPERATOR: (&str, &str) = ("authorization", "Bearer the-operator-key");
const READ: &str = r#"{"scopes":["webhooks:read"]}"#;

async fn as_operator(service: &Service, method: &str, path: &str, body: &str) -> Answer {
    service.ask_with(&[OPERATOR], method, path, body).await
}

async fn token(service: &Service, tenant: &str, wish: &str) -> String {
    let path = format!("/tenants/{tenant}/tokens");
    let answer = as_operator(service, "POST", &path, wish).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    answer.body["token"].as_str().unwrap().to_owned()
}

async fn with_token(service: &Service, token: &str, method: &str, path: &str) -> Answer {
    service.ask_with(&[("authorization", &format!("Bearer {token}"))], method, path, "").await
}

/// It is the tenant of canaries. Nobody can register it, see it or act for it.
#[tokio::test]
async fn hooklanes_own_tenant_is_refused_by_name() {
    let service = Service::new();
    const OWN: &str = "hooklane-canary";
    for (method, path, body) in [
        ("PUT", "/tenants/hooklane-canary", "{}"),
        ("GET", "/tenants/hooklane-canary", ""),
        ("DELETE", "/tenants/hooklane-canary", ""),
        ("POST", "/tenants/hooklane-canary/tokens", READ),
        ("POST", "/tenants/hooklane-canary/tokens/revoke", ""),
    ] {
        let refused = as_operator(&service, method, path, body).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{method} {path}");
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.contains("reserved for Hooklane itself"), "{detail}");
    }
    for (method, path, body) in [
        ("GET", "/webhooks", ""),
        ("GET", "/events", ""),
        ("GET", "/webhooks/wh_00000000000000000000000000/deliveries", ""),
        ("POST", "/webhooks", r#"{"url":"https://example.com/","events":["*"]}"#),
        ("POST", "/events", r#"{"type":"hooklane.canary","data":{}}"#),
        ("POST", "/keys", r#"{"name":"n","scopes":["webhooks:read"]}"#),
    ] {
        let headers = [OPERATOR, ("x-tenant-id", OWN)];
        let refused = service.ask_with(&headers, method, path, body).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{method} {path}");
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.contains("X-Tenant-Id is reserved for Hooklane itself"), "{detail}");
    }
    let event = r#"{"tenant":"hooklane-canary","type":"hooklane.canary","data":{}}"#;
    let refused = as_operator(&service, "POST", "/events", event).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.body["errors"][0]["path"], "tenant");
    assert!(service.deps.ledger.all_events().is_empty());
    let listed = as_operator(&service, "GET", "/tenants", "").await;
    assert_eq!(listed.body["data"], serde_json::json!([]));
}

#[tokio::test]
async fn tenant_settings_are_set_read_listed_and_removed() {
    let service = Service::new();
    let missing = as_operator(&service, "GET", "/tenants/acme", "").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);

    let body = r#"{"contract":"prism","strict":true,"requestsPerMinute":5,"paused":false}"#;
    let set = as_operator(&service, "PUT", "/api/v1/tenants/acme", body).await;
    assert_eq!((set.status, set.etag.as_str()), (StatusCode::OK, "\"1\""));
    insta::assert_json_snapshot!("tenant", set.body);
    let read = as_operator(&service, "GET", "/tenants/acme", "").await;
    let mut settings = read.body.clone();
    assert!(settings.as_object_mut().unwrap().remove("usage").is_some());
    assert_eq!(settings, set.body);

    let stale = [OPERATOR, ("if-match", "\"7\"")];
    let refused = service.ask_with(&stale, "PUT", "/tenants/acme", "{}").await;
    assert_eq!(refused.status, StatusCode::PRECONDITION_FAILED);
    let known = [OPERATOR, ("if-match", "\"1\"")];
    let reset = service.ask_with(&known, "PUT", "/tenants/acme", "{}").await;
    assert_eq!(
        reset.body,
        serde_json::json!({"id":"acme","strict":false,"paused":false,"testInbox":true})
    );

    for tenant in ["beta", "gamma"] {
        as_operator(&service, "PUT", &format!("/tenants/{tenant}"), "{}").await;
    }
    let page = as_operator(&service, "GET", "/tenants?limit=2", "").await;
    assert_eq!(page.body["data"][1]["id"], "beta");
    let cursor = page.body["nextCursor"].as_str().unwrap();
    let rest = as_operator(&service, "GET", &format!("/tenants?cursor={cursor}"), "").await;
    assert_eq!(rest.body["data"][0]["id"], "gamma");
    assert!(rest.body.get("nextCursor").is_none());

    service.webhook().await;
    let removed = as_operator(&service, "DELETE", "/tenants/acme", "").await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    let again = as_operator(&service, "DELETE", "/tenants/acme", "").await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    assert!(service.deps.registry.list(&"acme".parse().unwrap()).await.unwrap().is_empty());
}

#[tokio::test]
async fn invalid_settings_are_named() {
    let service = Service::new();
    let body =
        r#"{"contract":"none","catalog":"none","requestsPerMinute":-1,"strict":1,"colour":2}"#;
    let answer = as_operator(&service, "PUT", "/tenants/acme", body).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    insta::assert_json_snapshot!("invalid_tenant", answer.body);
}

#[tokio::test]
async fn a_token_allows_its_scopes_until_it_expires() {
    let service = Service::new();
    let all = r#"{"scopes":["webhooks:read","webhooks:write","events:publish"]}"#;
    let minted = as_operator(&service, "POST", "/tenants/acme/tokens", all).await;
    insta::assert_json_snapshot!("token", minted.body, { ".token" => "[token]" });
    for nothing in ["", "{}", r#"{"expiresIn":60}"#] {
        let refused = as_operator(&service, "POST", "/tenants/acme/tokens", nothing).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{nothing}");
        assert_eq!(refused.body["errors"][0]["path"], "scopes", "never all of them by omission");
    }

    let reader =
        token(&service, "acme", r#"{"scopes":["webhooks:read"],"expiresInSeconds":60}"#).await;
    let read = with_token(&service, &reader, "GET", "/webhooks").await;
    assert_eq!(read.status, StatusCode::OK);
    for (method, path, scope) in
        [("POST", "/webhooks", "webhooks:write"), ("POST", "/events", "events:publish")]
    {
        let refused = with_token(&service, &reader, method, path).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert_eq!(refused.body["detail"], format!("The token lacks the scope {scope}."));
    }
    let list = with_token(&service, &reader, "GET", "/tenants").await;
    assert_eq!(list.status, StatusCode::FORBIDDEN);
    for path in ["/tenants/acme", "/tenants/other"] {
        let one = with_token(&service, &reader, "GET", path).await;
        assert_eq!(one.status, StatusCode::NOT_FOUND, "{path}");
    }

    service.deps.system.pass(SignedDuration::from_secs(60));
    let expired = with_token(&service, &reader, "GET", "/webhooks").await;
    assert_eq!(expired.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn tokens_that_are_revoked_or_of_a_removed_tenant_stop_at_once() {
    let service = Service::new();
    let (acme, other) = (token(&service, "acme", READ).await, token(&service, "other", READ).await);
    let revoke = as_operator(&service, "POST", "/tenants/acme/tokens/revoke", "").await;
    assert_eq!(revoke.status, StatusCode::NO_CONTENT);
    let status = async |token: &str| with_token(&service, token, "GET", "/webhooks").await.status;
    assert_eq!(status(&acme).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&other).await, StatusCode::OK);
    let newer = token(&service, "acme", READ).await;
    assert_eq!(status(&newer).await, StatusCode::OK);
    service.deps.registry.remove(&"acme".parse().unwrap()).await.unwrap();
    assert_eq!(status(&newer).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_acts_for_its_own_tenant_only() {
    let service = Service::new();
    let id = service.webhook().await;
    let other = token(&service, "other", READ).await;
    let path = format!("/webhooks/{id}");
    let answer = with_token(&service, &other, "GET", &path).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let headers = [("authorization", &*format!("Bearer {other}")), ("x-tenant-id", "acme")];
    let named = service.ask_with(&headers, "GET", &path, "").await;
    assert_eq!(named.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_tenant_over_its_limit_is_refused_until_the_minute_ends() {
    let service = Service::new();
    as_operator(&service, "PUT", "/tenants/acme", r#"{"rateLimit":3}"#).await;
    let token = token(&service, "acme", READ).await;
    for left in ["2", "1", "0"] {
        let answer = with_token(&service, &token, "GET", "/webhooks").await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(
            (answer.header("x-ratelimit-limit"), answer.header("x-ratelimit-remaining")),
            ("3", left)
        );
        assert_eq!(answer.header("x-ratelimit-reset"), "1705314660", "2024-01-15T10:31:00Z");
    }
    let refused = with_token(&service, &token, "GET", "/webhooks").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        (refused.header("retry-after"), refused.header("x-ratelimit-remaining")),
        ("60", "0")
    );
    insta::assert_json_snapshot!("rate_limited", refused.body);

    let operator = service.ask("GET", "/webhooks", "").await;
    assert_eq!(operator.status, StatusCode::OK, "the operator is not counted");
    assert_eq!(operator.header("x-ratelimit-remaining"), "0");

    service.deps.system.pass(SignedDuration::from_secs(60));
    let later = with_token(&service, &token, "GET", "/webhooks").await;
    assert_eq!(later.status, StatusCode::OK);
}

#[tokio::test]
async fn the_status_needs_no_token() {
    let answer = Service::new().ask_with(&[], "GET", "/api/v1/status", "").await;
    assert_eq!(answer.status, StatusCode::OK);
    insta::assert_json_snapshot!("status", answer.body, { ".version" => "[version]" });
}

/// An instance that cached the keys before a rotation accepts a new key with its first use.
#[tokio::test]
async fn new_keys_work_at_once_and_old_ones_until_they_are_removed() {
    let service = Service::new();
    let keys = (&service.deps.operator_keys, &service.deps.token_keys);
    let old_token = token(&service, "acme", READ).await;
    for (ring, new) in [
        (keys.0, "a-new-operator-key\nthe-operator-key"),
        (keys.1, "a-newer-key-of-tokens\nthe-key-of-tokens"),
    ] {
        *ring.newest.lock().unwrap() = new;
    }
    let asked = async |key: &str| with_token(&service, key, "GET", "/tenants").await.status;
    for (key, status) in [
        ("a-new-operator-key", StatusCode::OK),
        ("the-operator-key", StatusCode::OK),
        ("another", StatusCode::UNAUTHORIZED),
    ] {
        assert_eq!(asked(key).await, status, "{key}");
    }
    // Another instance has read the new keys already; this one has not.
    let other = Service::new();
    *other.deps.token_keys.known.lock().unwrap() = "a-newer-key-of-tokens\nthe-key-of-tokens";
    let new_token = token(&other, "acme", READ).await;
    for token in [&old_token, &new_token] {
        let answer = with_token(&service, token, "GET", "/webhooks").await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    for (ring, new) in [(keys.0, "a-new-operator-key"), (keys.1, "a-newer-key-of-tokens")] {
        *ring.known.lock().unwrap() = new;
        *ring.newest.lock().unwrap() = new;
    }
    assert_eq!(asked("the-operator-key").await, StatusCode::UNAUTHORIZED);
    let answer = with_token(&service, &old_token, "GET", "/webhooks").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let answer = with_token(&service, &new_token, "GET", "/webhooks").await;
    assert_eq!(answer.status, StatusCode::OK);
}
