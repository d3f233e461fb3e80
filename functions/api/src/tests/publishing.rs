use lambda_http::http::StatusCode;

use super::service::Service;

#[tokio::test]
async fn an_event_is_accepted_once() {
    let service = Service::new();
    let event = r#"{"id":"e1","type":"user.created","data":{"a":1}}"#;
    let first = service.ask("POST", "/api/v1/events", event).await;
    assert_eq!(first.status, StatusCode::ACCEPTED);
    insta::assert_json_snapshot!(first.body, @r#"
    {
      "id": "e1",
      "duplicate": false
    }
    "#);
    let again = service.ask("POST", "/events", event).await;
    assert_eq!(again.status, StatusCode::OK);
    assert_eq!(again.body["duplicate"], true);
    let other = service.ask("POST", "/api/events", &event.replace('1', "2")).await;
    assert_eq!(other.status, StatusCode::ACCEPTED, "another id");
    let changed = r#"{"id":"e1","type":"user.created","data":{"a":7}}"#;
    let conflict = service.ask("POST", "/events", changed).await;
    assert_eq!(conflict.status, StatusCode::CONFLICT);
    insta::assert_json_snapshot!(conflict.body, @r#"
    {
      "type": "urn:hooklane:problem:event-conflict",
      "title": "The event id is already in use",
      "status": 409,
      "detail": "an event with the id e1 was accepted before, with other content"
    }
    "#);
    let tenant = service.ask_as("other", "POST", "/events", changed).await;
    assert_eq!(tenant.status, StatusCode::ACCEPTED, "another tenant's ids are its own");
}

#[tokio::test]
async fn an_event_without_an_id_gets_a_generated_one() {
    let service = Service::new();
    let answer = service.ask("POST", "/events", r#"{"event":"user.created","data":{}}"#).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert!(answer.body["id"].as_str().unwrap().starts_with("evt_"));
}

#[tokio::test]
async fn a_batch_has_a_result_for_each_event() {
    let service = Service::new();
    let events = r#"[{"id":"e1","type":"a","data":1},{"type":"a b","data":1},
        {"id":"e1","type":"a","data":1},{"id":"e1","type":"a","data":2}]"#;
    for body in [events.to_owned(), format!(r#"{{"events":{}}}"#, events.replace("e1", "e2"))] {
        let answer = service.ask("POST", "/events/batch", &body).await;
        assert_eq!(answer.status, StatusCode::OK);
        let results = answer.body["results"].as_array().unwrap().clone();
        let mut statuses: Vec<_> = results.iter().map(|r| r["status"].as_u64().unwrap()).collect();
        // Either of the two equal events may be the duplicate.
        statuses[..3].sort_unstable();
        assert_eq!(statuses, [200, 202, 422, 409]);
        insta::assert_json_snapshot!("batch_result_of_a_bad_event", results[1]);
    }
}

#[tokio::test]
async fn a_batch_holds_1_to_100_events() {
    let service = Service::new();
    let batch = |n: usize| format!("[{}]", vec![r#"{"type":"a","data":1}"#; n].join(","));
    assert_eq!(service.ask("POST", "/events/batch", &batch(100)).await.status, StatusCode::OK);
    for body in [batch(0), batch(101), "{}".to_owned(), r#"{"events":1}"#.to_owned()] {
        let answer = service.ask("POST", "/events/batch", &body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body:.20}");
    }
    let large = format!(r#"[{{"type":"a","data":"{}"}}]"#, "x".repeat(4 * 1024 * 1024));
    let answer = service.ask("POST", "/events/batch", &large).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    let one =
        format!(r#"[{{"type":"a","data":"{}"}},{{"type":"a","data":1}}]"#, "x".repeat(300_000));
    let answer = service.ask("POST", "/events/batch", &one).await;
    assert_eq!(answer.body["results"][0]["status"], 413);
    assert_eq!(answer.body["results"][1]["status"], 202);
}

/// The JSON of the event queue can be posted to the API.
#[tokio::test]
async fn the_tenant_in_a_body_agrees_with_the_request() {
    let service = Service::new();
    let operator = [("authorization", "Bearer the-operator-key")];
    let for_acme = [operator[0], ("x-tenant-id", "acme")];
    let scopes = r#"{"scopes":["events:publish"]}"#;
    let token = service.ask_with(&operator, "POST", "/tenants/acme/tokens", scopes).await;
    let bearer = format!("Bearer {}", token.body["token"].as_str().unwrap());
    let of_acme = [("authorization", bearer.as_str())];
    for (headers, field, status) in [
        (&of_acme[..], r#""tenant":"acme","#, 202),
        (&of_acme, r#""org_id":"acme","#, 202),
        (&of_acme, "", 202),
        (&of_acme, r#""tenant":"other","#, 422),
        (&of_acme, r#""tenantId":"other","#, 422),
        (&of_acme, r#""tenant":"a b","#, 422),
        (&for_acme, r#""tenant":"acme","#, 202),
        (&for_acme, r#""org_id":"other","#, 422),
        (&operator, r#""tenant":"acme","#, 202),
        (&operator, r#""orgId":"acme","#, 202),
        (&operator, "", 422),
    ] {
        let body = format!(r#"{{{field}"type":"user.created","data":{{}}}}"#);
        let name = field.split('"').nth(1).unwrap_or("tenant");
        let alone = service.ask_with(headers, "POST", "/events", &body).await;
        assert_eq!(alone.status, status, "{field} {}", alone.body);
        let batch = format!("[{body}]");
        let batch = service.ask_with(headers, "POST", "/events/batch", &batch).await;
        let result = &batch.body["results"][0];
        assert_eq!((batch.status, &result["status"]), (StatusCode::OK, &status.into()), "{field}");
        for problem in [&alone.body, &result["error"]] {
            let path = &problem["errors"][0]["path"];
            assert!(status == 202 || path == name, "{field}: {problem}");
        }
    }
}

#[tokio::test]
async fn a_batch_of_the_operator_holds_events_of_several_tenants() {
    let service = Service::new();
    let operator = [("authorization", "Bearer the-operator-key")];
    let batch = r#"[{"id":"e","tenant":"one","type":"user.created","data":1},
        {"id":"e","tenant":"two","type":"user.created","data":2},{"id":"e","type":"user.created","data":3}]"#;
    let answer = service.ask_with(&operator, "POST", "/events/batch", batch).await;
    let results = answer.body["results"].as_array().unwrap();
    let statuses: Vec<_> = results.iter().map(|r| r["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [202, 202, 422]);
    for (tenant, data) in [("one", 1), ("two", 2)] {
        let event = service.ask_as(tenant, "GET", "/events/e", "").await;
        assert_eq!((event.status, &event.body["data"]), (StatusCode::OK, &data.into()));
    }
    assert_eq!(service.ask("GET", "/events/e", "").await.status, StatusCode::NOT_FOUND);
    // A removed tenant's id rests, whoever names it. Its removal is known within five seconds, as it is to the
    // event queue.
    assert_eq!(service.webhook_of("gone").await.len(), 29);
    service.ask_with(&operator, "DELETE", "/tenants/gone", "").await;
    service.deps.system.pass(jiff::SignedDuration::from_secs(6));
    let event = r#"{"tenant":"gone","type":"user.created","data":1}"#;
    let answer = service.ask_with(&operator, "POST", "/events", event).await;
    assert_eq!(answer.status, StatusCode::GONE, "{}", answer.body);
}
