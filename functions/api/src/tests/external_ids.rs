//! Webhooks by their tenants' own ids, and what tenants keep beside them.

use lambda_http::http::StatusCode;
use serde_json::{Value, json};

use super::service::{Answer, Fakes, Service};

async fn registered(service: &Service, fields: Value) -> Answer {
    let mut body = json!({"url": "https://example.com/hook", "events": ["*"]});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    service.ask("POST", "/webhooks", &body.to_string()).await
}

#[tokio::test]
async fn every_path_takes_an_external_id() {
    let service = Service::new();
    let id = "crm:4711~a.b_c-D";
    let made = registered(&service, json!({"externalId": id})).await;
    assert_eq!((made.status, &made.body["externalId"]), (StatusCode::CREATED, &json!(id)));
    let document: Value = serde_json::from_str(&crate::openapi_json::<Fakes>().unwrap()).unwrap();
    let mut asked = 0;
    let nothing = service.ask("GET", "/webhooks/wh_01HM6AQH200000000000000009", "").await;
    let no_webhook = &nothing.body["detail"];
    assert!(no_webhook.is_string(), "{}", nothing.body);
    // Its deletion comes last.
    let mut operations: Vec<_> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(path, _)| path.contains("{webhook}"))
        .flat_map(|(path, item)| item.as_object().unwrap().keys().map(move |m| (path, m)))
        .collect();
    operations.sort_by_key(|(path, method)| (*method == "delete", path.len()));
    for (path, method) in operations {
        let body = match (method.as_str(), path.ends_with("/recover")) {
            ("post", true) => r#"{"since":"2024-01-15T10:00:00Z","include":"failed"}"#,
            ("put" | "patch", _) => "{}",
            _ => "",
        };
        let (method, path) = (method.to_uppercase(), path.replace("{delivery}", "dlv_A"));
        let to = |id: &str| path.replace("{webhook}", id);
        for unknown in ["ext:other", "ext:", "ext:a b", "crm:4711"] {
            let unknown = unknown.replace(' ', "%20");
            let answer = service.ask(&method, &to(&unknown), body).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path} {unknown}");
        }
        let strange = service.ask_as("other", &method, &to(&format!("ext:{id}")), body).await;
        assert_eq!(strange.status, StatusCode::NOT_FOUND, "{method} {path}: another tenant's");
        // Clients may escape the colon. The deletion leaves nothing to ask for again.
        let all = ["ext%3A", "ext:"].map(|prefix| to(&format!("{prefix}{id}")));
        let own = to(made.body["id"].as_str().unwrap());
        let paths =
            if method == "DELETE" { &all[..1] } else { &[own, all[0].clone(), all[1].clone()][..] };
        let mut first = None;
        for path in paths {
            let answer = service.ask(&method, path, body).await;
            let first = first.get_or_insert_with(|| answer.clone());
            // A second recovery or rotation is too early, which also means that the webhook was found.
            let is_early = answer.status == StatusCode::CONFLICT;
            let same =
                answer.status == first.status && answer.body["detail"] == first.body["detail"];
            assert!(is_early || same, "{method} {path}: {} {}", answer.status, answer.body);
            assert_ne!(&answer.body["detail"], no_webhook, "{method} {path}");
        }
        asked += 1;
    }
    assert!(asked >= 15, "{asked}");
    let gone = service.ask("GET", &format!("/webhooks/ext:{id}"), "").await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert_eq!(registered(&service, json!({"externalId": id})).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_token_without_the_scope_learns_nothing_of_an_external_id() {
    let service = Service::new();
    registered(&service, json!({"externalId": "mine"})).await;
    let operator = [("authorization", "Bearer the-operator-key")];
    let wish = r#"{"scopes":["events:publish"]}"#;
    let token = service.ask_with(&operator, "POST", "/tenants/acme/tokens", wish).await;
    let bearer = format!("Bearer {}", token.body["token"].as_str().unwrap());
    for id in ["mine", "nobodys"] {
        let path = format!("/webhooks/ext:{id}");
        let answer = service.ask_with(&[("authorization", &bearer)], "GET", &path, "").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{id}");
    }
}

#[tokio::test]
async fn a_tenant_has_an_external_id_once() {
    let service = Service::new();
    let first = registered(&service, json!({"externalId": "a"})).await;
    let second = registered(&service, json!({"externalId": "b"})).await;
    let refused = registered(&service, json!({"externalId": "a"})).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(refused.body["type"], "urn:hooklane:problem:external-id-taken");
    assert_eq!(refused.body["webhookId"], first.body["id"]);
    let path = format!("/webhooks/{}", second.body["id"].as_str().unwrap());
    let refused = service.ask("PATCH", &path, r#"{"externalId":"a"}"#).await;
    assert_eq!(
        (refused.status, &refused.body["webhookId"]),
        (StatusCode::CONFLICT, &first.body["id"])
    );
    for (body, expected) in [
        (r#"{"externalId":"c"}"#, json!("c")),
        (r#"{"name":"N"}"#, json!("c")),
        (r#"{"external_id":null}"#, Value::Null),
    ] {
        let changed = service.ask("PATCH", &path, body).await;
        assert_eq!(changed.body["externalId"], expected, "{body}");
    }
    for free in ["b", "c"] {
        let made = registered(&service, json!({"externalId": free})).await;
        assert_eq!(made.status, StatusCode::CREATED, "{free}");
    }
    let again = registered(&service, json!({"externalId": "a", "url": "https://example.org/"}));
    assert_eq!(again.await.status, StatusCode::CONFLICT);
}

/// Neither request may leave a record of its key, so that the key can be used once the id is free.
#[tokio::test]
async fn a_taken_external_id_uses_no_idempotency_key() {
    let service = Service::new();
    let first = registered(&service, json!({"externalId": "a"})).await;
    let headers = [
        ("authorization", "Bearer the-operator-key"),
        ("x-tenant-id", "acme"),
        ("idempotency-key", "k"),
    ];
    let body = r#"{"url":"https://example.com/","events":["*"],"externalId":"a"}"#;
    let refused = service.ask_with(&headers, "POST", "/webhooks", body).await;
    assert_eq!(
        (refused.status, &refused.body["webhookId"]),
        (StatusCode::CONFLICT, &first.body["id"])
    );
    let other = body.replace("\"a\"", "\"b\"");
    let made = service.ask_with(&headers, "POST", "/webhooks", &other).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let again = service.ask_with(&headers, "POST", "/webhooks", &other).await;
    assert_eq!(again.body["id"], made.body["id"], "its own external id is no conflict");
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_with_its_path() {
    let service = Service::new();
    let many: serde_json::Map<_, _> = (0..21).map(|n| (format!("k{n}"), json!(""))).collect();
    for (fields, path) in [
        (json!({"externalId": ""}), "externalId"),
        (json!({"externalId": "a/b"}), "externalId"),
        (json!({"externalId": "ä"}), "externalId"),
        (json!({"externalId": "a".repeat(129)}), "externalId"),
        (json!({"externalId": 7}), "externalId"),
        (json!({"externalId": "a", "external_id": "a"}), "external_id"),
        (json!({"metadata": many}), "metadata"),
        (json!({"metadata": {"a b": "x"}}), "metadata.a b"),
        (json!({"metadata": {"k": "x".repeat(257)}}), "metadata.k"),
        (json!({"metadata": {"k": 1}}), "metadata"),
        (json!({"metadata": []}), "metadata"),
    ] {
        let refused = registered(&service, fields.clone()).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields}");
        assert_eq!(refused.body["errors"][0]["path"], path, "{fields}");
    }
    let twice = r#"{"url":"https://e.com/","events":["*"],"metadata":{"k":"1","k":"2"}}"#;
    let refused = service.ask("POST", "/webhooks", twice).await;
    assert_eq!(refused.body["errors"][0]["path"], "metadata.k");
    let most: serde_json::Map<_, _> =
        (0..20).map(|n| (format!("{n:064}"), json!("ä".repeat(256)))).collect();
    let made = registered(&service, json!({"metadata": most, "externalId": "a".repeat(128)})).await;
    assert_eq!((made.status, &made.body["metadata"]), (StatusCode::CREATED, &json!(most)));
}

#[tokio::test]
async fn a_change_replaces_all_metadata() {
    let service = Service::new();
    let made = registered(&service, json!({"metadata": {"team": "a", "plan": "gold"}})).await;
    let path = format!("/webhooks/{}", made.body["id"].as_str().unwrap());
    for (body, expected) in [
        (r#"{"name":"N"}"#, json!({"team": "a", "plan": "gold"})),
        (r#"{"metadata":{"team":"b"}}"#, json!({"team": "b"})),
        (r#"{"metadata":{}}"#, json!({})),
        (r#"{"metadata":{"x":""}}"#, json!({"x": ""})),
        (r#"{"metadata":null}"#, json!({})),
    ] {
        let changed = service.ask("PATCH", &path, body).await;
        assert_eq!(changed.body["metadata"], expected, "{body}");
        assert_eq!(service.ask("GET", &path, "").await.body["metadata"], expected, "{body}");
    }
}

#[tokio::test]
async fn webhooks_are_found_by_what_their_tenant_gave_them() {
    let service = Service::new();
    for (name, fields) in [
        ("one", json!({"externalId": "1", "metadata": {"team": "a", "url": "x:y"}})),
        ("two", json!({"externalId": "2", "metadata": {"team": "a"}, "active": false})),
        ("three", json!({"metadata": {"team": "b"}})),
    ] {
        let mut fields = fields;
        fields["name"] = json!(name);
        assert_eq!(registered(&service, fields).await.status, StatusCode::CREATED);
    }
    service.ask("POST", "/webhooks/ext:1/pause", "").await;
    for (query, expected) in [
        ("externalId=1", &["one"][..]),
        ("externalId=2&active=false", &["two"]),
        ("externalId=2&active=true", &[]),
        ("externalId=2&page=2", &[]),
        ("externalId=3", &[]),
        ("metadata=team:a", &["two", "one"]),
        ("metadata=team:a&metadata=url:x:y", &["one"]),
        ("metadata=team:a&externalId=2", &["two"]),
        ("metadata=team:b&externalId=2", &[]),
        ("metadata=team:c", &[]),
        ("status=paused", &["one"]),
        ("status=inactive", &["two"]),
        ("status=active", &["three"]),
        ("status=disabled", &[]),
        ("status=inactive&active=true", &[]),
    ] {
        let list = service.ask("GET", &format!("/webhooks?{query}"), "").await;
        assert_eq!(list.status, StatusCode::OK, "{query}");
        let names: Vec<_> =
            list.body["data"].as_array().unwrap().iter().map(|w| w["name"].clone()).collect();
        assert_eq!(names, expected, "{query}");
        let total = if query.contains("page=2") { 1 } else { expected.len() };
        assert_eq!(list.body["total"], total, "{query}");
    }
    for (query, path) in [
        ("externalId=a/b", "externalId"),
        ("externalId=a&externalId=b", "externalId"),
        ("metadata=team", "metadata"),
        ("metadata=a.b:c", "metadata"),
        (&"&metadata=a:b".repeat(21), "metadata"),
        ("status=off", "status"),
    ] {
        let refused = service.ask("GET", &format!("/webhooks?{query}"), "").await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert_eq!(refused.body["errors"][0]["path"], path, "{query}");
    }
}
