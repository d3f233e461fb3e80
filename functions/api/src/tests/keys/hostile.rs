//! Keys that somebody forged, damaged, stole or kept too long.

use hooklane_app::ports::TenantStore as _;
use hooklane_domain::access::key::{KeySecret, KeyText};
use hooklane_domain::access::quotas::QuotaName;
use hooklane_domain::access::scope::Scope;
use hooklane_domain::access::tenant::Tombstone;
use hooklane_domain::ids::TenantId;
use lambda_http::http::StatusCode;
use secrecy::ExposeSecret as _;

use super::{EVERY, OPERATOR, key, status, stored, with};
use crate::tests::service::Service;

const UNAUTHORIZED: StatusCode = StatusCode::UNAUTHORIZED;

#[tokio::test]
async fn a_key_that_is_not_whole_or_not_its_own_is_refused() {
    let service = Service::new();
    let (id, text) = key(&service, EVERY).await;
    // Another tenant has a key as well, so that both ids lead to an item.
    let other = service.ask_as("other", "POST", "/keys", r#"{"name":"a","scopes":["keys:read"]}"#);
    let other = other.await.body["secret"].as_str().unwrap().to_owned();
    let (mine, theirs) = (KeyText::parse(&text).unwrap(), KeyText::parse(&other).unwrap());
    let forged = |tenant: &TenantId, id, secret: &KeySecret| {
        let (tenant, secret) = (tenant.clone(), copied(secret, &text, &other));
        KeyText { tenant, id, secret }.write().expose_secret().to_owned()
    };
    let guessed =
        KeyText { tenant: mine.tenant.clone(), id: mine.id, secret: KeySecret::new([7; 32]) };
    for (what, hostile) in [
        ("truncated", text[..text.len() - 1].to_owned()),
        ("without its checksum", text[..text.len() - 7].to_owned()),
        ("with a wrong checksum", format!("{}AAAAAA", &text[..text.len() - 6])),
        ("its id alone", id.clone()),
        (
            "of a tenant that does not exist",
            forged(&"nobody".parse().unwrap(), mine.id, &mine.secret),
        ),
        (
            "another tenant's id with the right secret",
            forged(&theirs.tenant, mine.id, &mine.secret),
        ),
        ("another key's id with the right secret", forged(&theirs.tenant, theirs.id, &mine.secret)),
        ("the right id with another key's secret", forged(&mine.tenant, mine.id, &theirs.secret)),
        ("a guessed secret", guessed.write().expose_secret().to_owned()),
        ("twice", format!("{text}{text}")),
    ] {
        let answer = with(&service, &hostile, "GET", "/keys", "").await;
        assert_eq!(answer.status, UNAUTHORIZED, "{what}");
        assert_eq!(answer.body["type"], "urn:hooklane:problem:unauthorized", "{what}");
        assert!(!answer.text.contains("acme") && answer.body.get("detail").is_none(), "{what}");
        assert_eq!(answer.header("x-ratelimit-remaining"), "", "{what}: it costs nobody a request");
    }
    assert_eq!(stored(&service, &id).await.unwrap().last_used_at, None, "none of it was a use");
    assert_eq!(status(&service, &text).await, StatusCode::OK);
}

/// The secret again: a secret is no value that can be copied, so its text is read once more.
fn copied(secret: &KeySecret, text: &str, other: &str) -> KeySecret {
    let of = |text: &str| KeyText::parse(text).unwrap().secret;
    if of(text).hash() == secret.hash() { of(text) } else { of(other) }
}

#[tokio::test]
async fn a_key_acts_for_its_own_tenant_only() {
    let service = Service::new();
    let (_, text) = key(&service, EVERY).await;
    let bearer = format!("Bearer {text}");
    let of_other = service.webhook_of("other").await;
    for (named, expected) in [
        ("acme", StatusCode::OK),
        ("other", StatusCode::BAD_REQUEST),
        ("é", StatusCode::BAD_REQUEST),
    ] {
        let headers = [("authorization", &*bearer), ("x-tenant-id", named)];
        let answer = service.ask_with(&headers, "GET", "/webhooks", "").await;
        assert_eq!(answer.status, expected, "{named}");
    }
    let path = format!("/webhooks/{of_other}");
    assert_eq!(with(&service, &text, "GET", &path, "").await.status, StatusCode::NOT_FOUND);
    let theirs = service.ask_as("other", "POST", "/keys", r#"{"name":"a","scopes":["keys:read"]}"#);
    let path = format!("/keys/{}", theirs.await.body["id"].as_str().unwrap());
    for (method, path) in
        [("GET", &path), ("PATCH", &path), ("DELETE", &path), ("POST", &format!("{path}/rotate"))]
    {
        let answer = with(&service, &text, method, path, "{}").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}");
    }
}

#[tokio::test]
async fn nobody_takes_more_scopes_than_they_have() {
    let service = Service::new();
    let (strong, _) = key(&service, EVERY).await;
    let before = stored(&service, &strong).await;
    let body = r#"{"scopes":["keys:write","webhooks:read"]}"#;
    let token = service.ask_with(&[OPERATOR], "POST", "/tenants/acme/tokens", body).await;
    let token = token.body["token"].as_str().unwrap().to_owned();
    let (_, weak) = key(&service, r#"["keys:write","webhooks:read"]"#).await;
    for (holder, text) in [("key", &weak), ("token", &token)] {
        for scope in Scope::ALL {
            let body = format!(r#"{{"name":"a","scopes":["{}"]}}"#, scope.as_str());
            let made = with(&service, text, "POST", "/keys", &body).await;
            let held = matches!(scope, Scope::WriteKeys | Scope::ReadWebhooks);
            let expected = if held { StatusCode::CREATED } else { StatusCode::FORBIDDEN };
            assert_eq!(made.status, expected, "{holder} {scope:?}");
            if !held {
                let lacks = format!("The {holder} lacks the scope {}, so", scope.as_str());
                assert!(made.body["detail"].as_str().unwrap().starts_with(&lacks), "{}", made.text);
            }
        }
        let taken = with(&service, text, "POST", &format!("/keys/{strong}/rotate"), "{}").await;
        assert_eq!(taken.status, StatusCode::FORBIDDEN, "{}", taken.text);
        assert!(!taken.text.contains("hlk_"));
    }
    assert_eq!(stored(&service, &strong).await, before, "its secret is the one it had");
    // Revoking gives nobody anything.
    let revoked = with(&service, &weak, "DELETE", &format!("/keys/{strong}"), "").await;
    assert_eq!(revoked.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn the_keys_of_a_removed_tenant_open_nothing() {
    let service = Service::new();
    let (id, text) = key(&service, EVERY).await;
    let tenant: TenantId = "acme".parse().unwrap();
    let reusable_from = "2024-02-21T10:30:00Z".parse().unwrap();
    service.deps.registry.bury(&tenant, Tombstone { reusable_from, emptied: false }).await.unwrap();
    assert!(stored(&service, &id).await.is_some(), "its removal has not come to the keys");
    assert_eq!(status(&service, &text).await, UNAUTHORIZED);
    let more = service.ask("POST", "/keys", r#"{"name":"a","scopes":["keys:read"]}"#).await;
    assert_eq!(more.status, StatusCode::GONE);
    while !service.deps.registry.clear(&tenant).await.unwrap() {}
    assert_eq!(stored(&service, &id).await, None);
    service.deps.system.pass(jiff::SignedDuration::from_hours(24 * 365));
    assert_eq!(service.ask("GET", "/keys", "").await.body["data"], serde_json::json!([]));
    assert_eq!(status(&service, &text).await, UNAUTHORIZED, "also of one whose id is used again");
}

/// A tenant that has nothing but a key can be removed with it.
#[tokio::test]
async fn a_tenant_is_removed_with_its_keys() {
    let service = Service::new();
    let (id, text) = key(&service, EVERY).await;
    let removed = service.ask_with(&[OPERATOR], "DELETE", "/tenants/acme", "").await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    assert_eq!((stored(&service, &id).await, status(&service, &text).await), (None, UNAUTHORIZED));
}

#[tokio::test]
async fn one_key_more_than_the_quota_is_refused() {
    let service = Service::new();
    let limit = r#"{"quotas":{"keys":2}}"#;
    service.ask_with(&[OPERATOR], "PUT", "/tenants/acme", limit).await;
    let (first, _) = key(&service, EVERY).await;
    let (_, second) = key(&service, EVERY).await;
    let body = r#"{"name":"a","scopes":["keys:read"]}"#;
    for by in ["the-operator-key", &second] {
        let headers = [("authorization", &*format!("Bearer {by}")), ("x-tenant-id", "acme")];
        let over = service.ask_with(&headers, "POST", "/keys", body).await;
        assert_eq!(over.status, StatusCode::CONFLICT);
        assert_eq!(over.body["type"], "urn:hooklane:problem:quota-exceeded");
        assert_eq!(over.body["quota"], QuotaName::Keys.as_str());
        assert_eq!((&over.body["limit"], &over.body["used"]), (&2.into(), &2.into()));
    }
    service.ask("DELETE", &format!("/keys/{first}"), "").await;
    assert_eq!(service.ask("POST", "/keys", body).await.status, StatusCode::CREATED);
    let usage = service.ask("GET", "/quotas", "").await;
    assert_eq!(usage.body["quotas"]["keys"], serde_json::json!({"limit": 2, "used": 2}));
}

/// An operator key is whatever the operator wrote, also what looks like a key of a tenant.
#[tokio::test]
async fn an_operator_key_is_recognised_first() {
    let service = Service::new();
    let (_, text) = key(&service, EVERY).await;
    let leaked: &'static str = Box::leak(text.into_boxed_str());
    *service.deps.operator_keys.known.lock().unwrap() = leaked;
    let headers = [("authorization", &*format!("Bearer {leaked}"))];
    let answer = service.ask_with(&headers, "GET", "/tenants", "").await;
    assert_eq!(answer.status, StatusCode::OK);
}
