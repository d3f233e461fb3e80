//! Event types that a registration of a webhook brings along.

use super::*;

#[tokio::test]
async fn a_webhook_brings_its_event_types_along() {
    let service = new_stack();
    let webhook = |events: &str, more: &str| {
        format!(r#"{{"url":"https://example.com/","events":{events}{more}}}"#)
    };
    let post = async |events: &str, more: &str| {
        service.ask("POST", "/webhooks", &webhook(events, more)).await
    };
    let own = async || {
        let listed = service.ask("GET", "/event-types", "").await.body["data"].clone();
        let types = listed.as_array().unwrap().clone();
        types.iter().map(|one| one["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let refused = post(r#"["ticket.opened","ticket.*"]"#, "").await;
    assert_eq!(refused.status, 422);
    insta::assert_json_snapshot!("how_to_add_event_types", refused.body["errors"]);

    let described = r#","eventTypes":[{"type":"ticket.opened","sample":{"id":"T-1"}}]"#;
    let created = post(r#"["ticket.*"]"#, described).await;
    assert_eq!((created.status, created.body.get("warnings")), (StatusCode::CREATED, None));
    assert_eq!(own().await, ["ticket.opened"]);
    let opened = service.ask("GET", "/event-types/ticket.opened", "").await;
    insta::assert_json_snapshot!("event_type_of_a_webhook", opened.body);
    // Once more, with another sample: what exists stays.
    let again = described.replace("T-1", "T-2");
    assert_eq!(post(r#"["ticket.*"]"#, &again).await.status, 201);
    assert_eq!(service.ask("GET", "/event-types/ticket.opened", "").await.body, opened.body);

    let created = post(r#"["ticket.closed","bill.*","*"]"#, r#","register":true"#).await;
    assert_eq!(created.status, 201);
    insta::assert_json_snapshot!("warning_of_a_pattern", created.body["warnings"]);
    assert_eq!(own().await, ["ticket.closed", "ticket.opened"]);

    let path = created.location;
    let change = r#"{"events":["ticket.moved"],"register":true}"#;
    assert_eq!(service.ask("PATCH", &path, change).await.status, 200);
    assert_eq!(own().await, ["ticket.closed", "ticket.moved", "ticket.opened"]);
    // The expressions are tried on the sample that the request brings.
    let mistaken = r#","eventTypes":[{"type":"cart.paid","sample":{"total":"x"}}],"filter":"event.data.total > 1.0""#;
    let refused = post(r#"["cart.paid"]"#, mistaken).await;
    assert_eq!(refused.body["errors"][0]["path"], "filter", "{}", refused.body);
    assert_eq!(own().await.len(), 3, "a refused webhook adds nothing");
}

#[tokio::test]
async fn a_request_that_is_refused_adds_no_event_type() {
    let service = new_stack();
    let webhook = service.webhook().await;
    let path = format!("/webhooks/{webhook}");
    let own = async || {
        service.ask("GET", "/event-types", "").await.body["data"].as_array().unwrap().len()
    };
    let events = r#""events":["a.b"],"register":true"#;
    for (method, path, body, status) in [
        ("POST", "/webhooks", format!(r#"{{"url":"nowhere",{events}}}"#), 422),
        ("PATCH", path.as_str(), format!(r#"{{"url":"nowhere",{events}}}"#), 422),
        ("PATCH", path.as_str(), format!(r#"{{"secret":"another-secret",{events}}}"#), 422),
        ("PATCH", "/webhooks/wh_01HM6WKJ2Y3M8F5J0V9Q4T7C1D", format!("{{{events}}}"), 404),
    ] {
        assert_eq!(service.ask(method, path, &body).await.status, status, "{method} {path} {body}");
        assert_eq!(own().await, 0, "{method} {path} {body}");
    }
    let stale = [OPERATOR[0], ("x-tenant-id", "acme"), ("if-match", "\"7\"")];
    let refused = service.ask_with(&stale, "PATCH", &path, &format!("{{{events}}}")).await;
    assert_eq!((refused.status, own().await), (StatusCode::PRECONDITION_FAILED, 0));

    operator(&service, "PUT", "/tenants/acme", r#"{"quotas":{"eventTypes":2}}"#).await;
    let three = r#"{"url":"https://example.com/","events":["a.a","a.b","a.c"],"register":true}"#;
    let over = service.ask("POST", "/webhooks", three).await;
    assert_eq!(over.status, StatusCode::CONFLICT);
    assert_eq!(over.body["type"], "urn:hooklane:problem:too-many-event-types");
    assert_eq!((&over.body["quota"], &over.body["used"]), (&"eventTypes".into(), &0.into()));
    assert_eq!(own().await, 0);
    let many: Vec<_> = (0..21).map(|n| format!(r#""a.n{n}""#)).collect();
    let many = format!(
        r#"{{"url":"https://example.com/","events":[{}],"register":true}}"#,
        many.join(",")
    );
    let refused = service.ask("POST", "/webhooks", &many).await;
    assert_eq!(
        (refused.status, &refused.body["errors"][0]["path"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &"register".into())
    );
}

/// The key's webhook is the same, and so are its types.
#[tokio::test]
async fn a_registration_with_a_key_adds_its_types_once() {
    let service = new_stack();
    let headers = [OPERATOR[0], ("x-tenant-id", "acme"), ("idempotency-key", "k1")];
    let body = r#"{"url":"https://example.com/","events":["a.b","a.*"],"register":true}"#;
    let first = service.ask_with(&headers, "POST", "/webhooks", body).await;
    assert_eq!(first.status, StatusCode::CREATED);
    assert_eq!(service.ask("DELETE", "/event-types/a.b", "").await.status, 204);
    let again = service.ask_with(&headers, "POST", "/webhooks", body).await;
    assert_eq!((again.status, &again.body["id"]), (StatusCode::CREATED, &first.body["id"]));
    assert_eq!(service.ask("GET", "/event-types/a.b", "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(again.body["warnings"][0]["code"], "unmatched_pattern", "its types are gone");
}
