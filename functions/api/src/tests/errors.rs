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

#[tokio::test]
async fn no_body_is_one_without_its_required_fields() {
    let service = Service::new();
    let webhook = service.webhook().await;
    let recover = format!("/webhooks/{webhook}/recover");
    for (method, path, first) in [
        ("POST", "/webhooks", "url"),
        ("POST", "/events", "type"),
        ("POST", "/events/batch", "events"),
        ("POST", &recover, "since"),
        ("PUT", "/event-types/order.packed", "sample"),
    ] {
        let empty = service.ask(method, path, "{}").await;
        for body in ["", " \n"] {
            let answer = service.ask(method, path, body).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {body:?}");
            assert_eq!(answer.body["errors"], empty.body["errors"], "{path} {body:?}");
            let errors = answer.body["errors"].as_array().unwrap();
            assert_eq!(errors[0]["path"], first, "{path}");
            assert!(
                errors.iter().all(|e| e["path"] != "" && e["message"] == "is required"),
                "{errors:?}"
            );
        }
    }
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

/// The most bytes of an answer that says what is wrong with a request.
const MOST: usize = 64 * 1024;

/// A body of the largest size that holds as many mistakes as have room.
fn mistakes(size: usize, name: &str) -> String {
    let mut body = String::from("{");
    for i in 0.. {
        let field = format!("\"{name}{i}\":1,");
        if body.len() + field.len() > size {
            break;
        }
        body.push_str(&field);
    }
    format!("{}}}", body.trim_end_matches(','))
}

#[tokio::test]
async fn finding_07_an_answer_about_mistakes_is_bounded() {
    const MIB: usize = 1024 * 1024;
    let service = Service::new();
    let name = "\\u0001".repeat(600);
    let long_names = format!(r#"{{"{}":1}}"#, "x".repeat(4 * MIB - 100));
    let schema = format!(
        r#"{{"category":"a","description":"b","sample":1,"schema":{{"properties":{{"{}":7}}}}}}"#,
        "y".repeat(15_000)
    );
    for (method, path, body) in [
        ("POST", "/webhooks", mistakes(MIB / 2, "f")),
        ("POST", "/webhooks", mistakes(4 * MIB - 100, "f")),
        ("POST", "/webhooks", mistakes(4 * MIB - 100, &name)),
        ("POST", "/webhooks", long_names.clone()),
        ("POST", "/events", mistakes(256 * 1024, "f")),
        ("POST", "/events", mistakes(256 * 1024, &name)),
        ("POST", "/events/batch", long_names.clone()),
        ("POST", "/events/batch", mistakes(4 * MIB - 100, "f")),
        ("PUT", "/event-types/a", schema),
        ("GET", &format!("/webhooks?{}", "a&".repeat(3_000)), String::new()),
    ] {
        let answer = service.ask(method, path, &body).await;
        let what = format!("{method} {path:.20} {body:.40}");
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{what}");
        let size = answer.body.to_string().len();
        assert!(size <= MOST, "{what}: {size} bytes");
        let errors = answer.body["errors"].as_array().unwrap();
        assert!((1..=51).contains(&errors.len()), "{what}: {} mistakes", errors.len());
    }
    let answer = service.ask("POST", "/events", &mistakes(100_000, "f")).await;
    let errors = answer.body["errors"].as_array().unwrap();
    let fields = serde_json::from_str::<serde_json::Value>(&mistakes(100_000, "f")).unwrap();
    let unlisted = fields.as_object().unwrap().len() + 2 - 50;
    let last = format!("has {unlisted} more mistakes, which are not listed");
    assert_eq!(errors[50], serde_json::json!({ "path": "", "message": last }));
}

#[tokio::test]
async fn finding_07_an_answer_about_a_batch_is_bounded() {
    let service = Service::new();
    let name = "\\u0001".repeat(100);
    for event in [mistakes(40_000, "f"), mistakes(40_000, &name), r#"{"id":7}"#.to_owned()] {
        let batch = format!("[{}]", vec![event.as_str(); 100].join(","));
        let answer = service.ask("POST", "/events/batch", &batch).await;
        assert_eq!(answer.status, StatusCode::OK);
        let size = answer.body.to_string().len();
        assert!(size <= MOST, "{event:.40}: {size} bytes");
        for result in answer.body["results"].as_array().unwrap() {
            assert_eq!(result["status"], 422);
            let errors = result["error"]["errors"].as_array().unwrap();
            assert!(!errors.is_empty(), "each says at least how many mistakes there are");
        }
    }
}
