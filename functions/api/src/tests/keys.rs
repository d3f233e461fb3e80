//! Keys of tenants, as their holders use them.

mod hostile;
mod matrix;

use hooklane_app::ports::KeyStore as _;
use hooklane_domain::access::key::Key;
use jiff::SignedDuration;
use lambda_http::http::StatusCode;
use serde_json::json;

use super::service::{Answer, Service};

const OPERATOR: (&str, &str) = ("authorization", "Bearer the-operator-key");
const EVENT: &str = r#"{"type":"order.created","data":1}"#;
const DAY: SignedDuration = SignedDuration::from_hours(24);
const EVERY: &str =
    r#"["webhooks:read","webhooks:write","events:publish","keys:read","keys:write"]"#;

/// A key of the tenant `acme` with these scopes: its id and its text.
async fn key(service: &Service, scopes: &str) -> (String, String) {
    key_with(service, scopes, "").await
}

async fn key_with(service: &Service, scopes: &str, more: &str) -> (String, String) {
    let body = format!(r#"{{"name":"CI","scopes":{scopes}{more}}}"#);
    let made = service.ask("POST", "/keys", &body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let text = |name: &str| made.body[name].as_str().unwrap().to_owned();
    (text("id"), text("secret"))
}

async fn with(service: &Service, key: &str, method: &str, path: &str, body: &str) -> Answer {
    let bearer = format!("Bearer {key}");
    service.ask_with(&[("authorization", &bearer)], method, path, body).await
}

async fn status(service: &Service, key: &str) -> StatusCode {
    with(service, key, "GET", "/webhooks", "").await.status
}

async fn stored(service: &Service, id: &str) -> Option<Key> {
    service.deps.registry.key(&"acme".parse().unwrap(), id.parse().unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_key_lasts_is_shown_once_and_names_its_tenant() {
    let service = Service::new();
    let body = r#"{"name":"Billing","scopes":["webhooks:read","events:publish"]}"#;
    let made = service.ask("POST", "/keys", body).await;
    assert_eq!((made.status, &*made.cache_control), (StatusCode::CREATED, "no-store"));
    insta::assert_json_snapshot!("created_key", made.body);
    let (id, secret) = (made.body["id"].as_str().unwrap(), made.body["secret"].as_str().unwrap());
    assert_eq!(made.location, format!("/api/v1/keys/{id}"));

    let mine = service.webhook().await;
    service.deps.system.pass(DAY * 3_650);
    let listed = with(&service, secret, "GET", "/webhooks", "").await;
    assert_eq!((listed.status, &listed.body["data"][0]["id"]), (StatusCode::OK, &json!(mine)));
    assert!(with(&service, secret, "POST", "/events", EVENT).await.status.is_success());
    let refused = with(&service, secret, "POST", "/webhooks", "{}").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(refused.body["detail"], "The key lacks the scope webhooks:write.");

    for path in ["/keys", &made.location] {
        let seen = service.ask("GET", path, "").await;
        assert!(seen.text.contains("Billing") && !seen.text.contains("hlk_"), "{}", seen.text);
    }
    let of_other = service.ask_as("other", "GET", "/keys", "").await;
    assert_eq!(of_other.body, json!({"data": []}));
}

#[tokio::test]
async fn every_wrong_field_of_a_key_is_named() {
    let service = Service::new();
    let body = r#"{"name":"","scopes":["all"],"expiresAt":"2024-01-15T10:30:00Z","colour":1}"#;
    let answer = service.ask("POST", "/keys", body).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    insta::assert_json_snapshot!("invalid_key", answer.body);
    let none = service.ask("POST", "/keys", r#"{"name":"a"}"#).await;
    assert_eq!(none.body["errors"][0]["path"], "scopes", "never all of them by omission");
    let unnamed = service.ask_with(&[OPERATOR], "POST", "/keys", body).await;
    assert_eq!(unnamed.status, StatusCode::BAD_REQUEST, "the operator names a tenant");
}

#[tokio::test]
async fn a_key_that_is_revoked_or_expired_is_refused_with_the_next_request() {
    let service = Service::new();
    let read = r#"["webhooks:read"]"#;
    let ((first, one), (_, other)) = (key(&service, read).await, key(&service, read).await);
    assert_eq!(status(&service, &one).await, StatusCode::OK);
    let path = format!("/keys/{first}");
    let revoked = service.ask("DELETE", &path, "").await;
    assert_eq!(revoked.status, StatusCode::NO_CONTENT);
    assert_eq!(status(&service, &one).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&service, &other).await, StatusCode::OK);
    assert_eq!(service.ask("DELETE", &path, "").await.status, StatusCode::NOT_FOUND);

    let until = r#","expiresAt":"2024-01-15T11:30:00Z""#;
    let (id, expiring) = key_with(&service, read, until).await;
    service.deps.system.pass(SignedDuration::from_secs(3_599));
    assert_eq!(status(&service, &expiring).await, StatusCode::OK);
    service.deps.system.pass(SignedDuration::from_secs(1));
    assert_eq!(status(&service, &expiring).await, StatusCode::UNAUTHORIZED);
    let shown = service.ask("GET", &format!("/keys/{id}"), "").await;
    assert_eq!(shown.body["expiresAt"], "2024-01-15T11:30:00.000Z", "it is listed all the same");
}

#[tokio::test]
async fn a_rotated_key_has_an_overlap() {
    let service = Service::new();
    let (id, old) = key(&service, r#"["webhooks:read","keys:write"]"#).await;
    let path = format!("/keys/{id}/rotate");
    // A key may rotate itself.
    let rotated = with(&service, &old, "POST", &path, r#"{"overlapSeconds":60}"#).await;
    assert_eq!((rotated.status, &*rotated.cache_control), (StatusCode::OK, "no-store"));
    assert_eq!(rotated.body["previousSecretExpiresAt"], "2024-01-15T10:31:00.000Z");
    let new = rotated.body["secret"].as_str().unwrap();
    for key in [&*old, new] {
        assert_eq!(status(&service, key).await, StatusCode::OK);
    }
    let third = with(&service, &old, "POST", &path, "").await;
    assert_eq!(third.status, StatusCode::CONFLICT);
    assert_eq!(third.body["type"], "urn:hooklane:problem:rotation-overlap");
    service.deps.system.pass(SignedDuration::from_secs(60));
    assert_eq!(status(&service, &old).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&service, new).await, StatusCode::OK);
    let ended = service.ask("POST", &path, r#"{"overlapSeconds":0}"#).await;
    assert_eq!(status(&service, new).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&service, ended.body["secret"].as_str().unwrap()).await, StatusCode::OK);
    let shown = service.ask("GET", &format!("/keys/{id}"), "").await;
    assert!(shown.body.get("previousSecretExpiresAt").is_none(), "{}", shown.text);
}

#[tokio::test]
async fn a_key_is_renamed_and_listed_in_pages() {
    let service = Service::new();
    let mut ids = Vec::new();
    for _ in 0..3 {
        service.deps.system.pass(SignedDuration::from_secs(1));
        ids.insert(0, key(&service, r#"["keys:read"]"#).await.0);
    }
    let path = format!("/keys/{}", ids[0]);
    let renamed = service.ask("PATCH", &path, r#"{"name":"Build"}"#).await;
    assert_eq!((renamed.status, &renamed.body["name"]), (StatusCode::OK, &json!("Build")));
    let scopes = service.ask("PATCH", &path, r#"{"scopes":["keys:write"]}"#).await;
    assert_eq!(scopes.body["errors"][0]["path"], "scopes", "they do not change");
    let page = service.ask("GET", "/keys?limit=2", "").await;
    let cursor = page.body["nextCursor"].as_str().unwrap();
    let rest = service.ask("GET", &format!("/keys?limit=2&cursor={cursor}"), "").await;
    assert!(rest.body.get("nextCursor").is_none());
    let rows = [&page, &rest].into_iter().flat_map(|page| page.body["data"].as_array().unwrap());
    assert_eq!(rows.map(|row| row["id"].as_str().unwrap()).collect::<Vec<_>>(), ids);
    let foreign = service.ask_as("other", "GET", &format!("/keys?cursor={cursor}"), "").await;
    assert_eq!(foreign.body["errors"][0]["path"], "cursor");
}

/// The fakes count writes by their steps only, so this looks at what is stored.
#[tokio::test]
async fn the_use_of_a_key_is_noted_once_in_an_hour() {
    let service = Service::new();
    let (id, key) = key(&service, r#"["webhooks:read"]"#).await;
    let used = async || stored(&service, &id).await.unwrap().last_used_at;
    assert_eq!(used().await, None);
    let start = "2024-01-15T10:30:00Z".parse().unwrap();
    let mut noted = start;
    for (minutes, expected) in [(0, 0), (1, 0), (58, 0), (1, 60), (59, 60), (600, 719)] {
        service.deps.system.pass(SignedDuration::from_mins(minutes));
        assert_eq!(status(&service, &key).await, StatusCode::OK);
        noted = start + SignedDuration::from_mins(expected);
        assert_eq!(used().await, Some(noted), "after {minutes} minutes more");
    }
    let shown = service.ask("GET", &format!("/keys/{id}"), "").await;
    assert_eq!(shown.body["lastUsedAt"], "2024-01-15T22:29:00.000Z");
    service.deps.system.pass(DAY);
    assert_eq!(status(&service, &key.replace("_", "-")).await, StatusCode::UNAUTHORIZED);
    assert_eq!(used().await, Some(noted), "a refused request is no use");
}

/// Keys and tokens of a tenant share its limit of requests.
#[tokio::test]
async fn a_key_is_counted_like_a_token() {
    let service = Service::new();
    service.ask_with(&[OPERATOR], "PUT", "/tenants/acme", r#"{"requestsPerMinute":2}"#).await;
    let (_, key) = key(&service, r#"["webhooks:read"]"#).await;
    for left in ["1", "0"] {
        let answer = with(&service, &key, "GET", "/webhooks", "").await;
        assert_eq!((answer.status, answer.header("x-ratelimit-remaining")), (StatusCode::OK, left));
    }
    assert_eq!(status(&service, &key).await, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn tokens_are_revoked_without_the_keys() {
    let service = Service::new();
    let (_, key) = key(&service, r#"["webhooks:read"]"#).await;
    let body = r#"{"scopes":["webhooks:read"]}"#;
    let token = service.ask_with(&[OPERATOR], "POST", "/tenants/acme/tokens", body).await;
    let token = token.body["token"].as_str().unwrap();
    service.ask_with(&[OPERATOR], "POST", "/tenants/acme/tokens/revoke", "").await;
    assert_eq!(status(&service, token).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&service, &key).await, StatusCode::OK);
}
