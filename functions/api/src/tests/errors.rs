use lambda_http::http::StatusCode;

use super::service::Service;

#[tokio::test]
async fn requests_without_a_valid_token_are_refused() {
    let service = Service::new();
    let tenant = ("x-tenant-id", "acme");
    for headers in [
        vec![tenant],
        vec![tenant, ("authorization", "Bearer wrong")],
        vec![tenant, ("authorization", "Bearer ")],
        vec![tenant, ("authorization", "Basic the-operator-key")],
        vec![tenant, ("authorization", "the-operator-key")],
        vec![tenant, ("authorization", "Bearer the-operator-key-and-more")],
    ] {
        let answer = service.ask_with(&headers, "GET", "/webhooks", "").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{headers:?}");
        assert_eq!(answer.content_type, "application/problem+json");
    }
    let answer = service.ask_with(&[tenant], "GET", "/webhooks", "").await;
    insta::assert_json_snapshot!("unauthorized", answer.body);
}

#[tokio::test]
async fn the_operator_must_name_a_tenant() {
    let service = Service::new();
    let key = ("authorization", "bearer the-operator-key");
    for headers in [vec![key], vec![key, ("x-tenant-id", "a b")], vec![key, ("x-tenant-id", "")]] {
        let answer = service.ask_with(&headers, "GET", "/webhooks", "").await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{headers:?}");
    }
    let answer = service.ask_with(&[key, ("x-tenant-id", "acme")], "GET", "/webhooks", "").await;
    assert_eq!(answer.status, StatusCode::OK, "the scheme is case-insensitive");
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused() {
    let service = Service::new();
    for (method, path, expected) in [
        ("GET", "/nothing", StatusCode::NOT_FOUND),
        ("GET", "/api/v2/webhooks", StatusCode::NOT_FOUND),
        ("GET", "/webhooks/nonsense", StatusCode::NOT_FOUND),
        ("GET", "/webhooks/nonsense/deliveries", StatusCode::NOT_FOUND),
        ("PATCH", "/events", StatusCode::METHOD_NOT_ALLOWED),
        ("PUT", "/api/v1/webhooks", StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let answer = service.ask(method, path, "").await;
        assert_eq!(answer.status, expected, "{method} {path}");
        assert_eq!(answer.content_type, "application/problem+json", "{method} {path}");
    }
}

#[tokio::test]
async fn invalid_and_oversized_events_are_refused() {
    let service = Service::new();
    for body in ["", "{", "[]", "7", "{}", r#"{"type":"a"}"#, r#"{"data":1}"#] {
        let answer = service.ask("POST", "/events", body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
    let answer = service.ask("POST", "/events", r#"{"id":"a/b","tenant":"other"}"#).await;
    insta::assert_json_snapshot!("invalid_event", answer.body);
    let large = format!(r#"{{"type":"a","data":"{}"}}"#, "x".repeat(256 * 1024));
    let answer = service.ask("POST", "/events", &large).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    insta::assert_json_snapshot!("too_large", answer.body);
}

/// A snapshot of each kind of error, except those that have one elsewhere.
#[tokio::test]
async fn every_kind_of_error_is_a_problem() {
    let service = Service::new();
    let webhook = service.webhook().await;
    let operator = ("authorization", "Bearer the-operator-key");
    let scopes = r#"{"scopes":["webhooks:read"]}"#;
    let minted = service.ask_with(&[operator], "POST", "/tenants/acme/tokens", scopes).await;
    let token = format!("Bearer {}", minted.body["token"].as_str().unwrap());
    let reader = ("authorization", token.as_str());
    let acme = ("x-tenant-id", "acme");
    let one = format!("/webhooks/{webhook}");
    let event = |data: u8| format!(r#"{{"id":"taken","type":"user.created","data":{data}}}"#);
    service.ask("POST", "/events", &event(1)).await;
    let nobody = "wh_00000000000000000000000000";
    let mut bodies = std::collections::BTreeMap::new();
    for (name, headers, method, path, body) in [
        ("no tenant", vec![operator], "GET", "/webhooks".to_owned(), ""),
        ("another tenant", vec![reader, ("x-tenant-id", "other")], "GET", "/webhooks".into(), ""),
        ("no scope", vec![reader], "DELETE", one.clone(), ""),
        ("the operator's list", vec![reader], "GET", "/tenants".into(), ""),
        ("the operator's tenant", vec![reader], "GET", "/tenants/acme".into(), ""),
        ("no path", vec![], "GET", "/nothing".into(), ""),
        ("no method", vec![operator, acme], "PUT", "/events".into(), ""),
        ("no webhook", vec![operator, acme], "GET", format!("/webhooks/{nobody}"), ""),
        ("no delivery", vec![operator, acme], "GET", format!("{one}/deliveries/dlv_x"), ""),
        ("no event", vec![operator, acme], "GET", "/events/none".into(), ""),
        ("no event type", vec![operator, acme], "GET", "/event-types/none.such".into(), ""),
        ("no recovery", vec![operator, acme], "GET", format!("{one}/recover"), ""),
        ("event conflict", vec![operator, acme], "POST", "/events".into(), &*event(2)),
        ("changed", vec![operator, acme, ("if-match", "\"9\"")], "DELETE", one.clone(), ""),
        ("limit", vec![operator, acme], "GET", "/webhooks?limit=101&colour=1".into(), ""),
    ] {
        let answer = service.ask_with(&headers, method, &path, body).await;
        assert_eq!(answer.content_type, "application/problem+json", "{name}");
        assert_eq!(answer.body["status"], answer.status.as_u16(), "{name}");
        bodies.insert(name, answer.body);
    }
    insta::assert_json_snapshot!("problems", bodies);
}
