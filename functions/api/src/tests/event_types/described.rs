//! The OpenAPI document of the requests that webhooks get.

use serde_json::Value;

use super::*;

const PATH: &str = "/webhooks/events/openapi.json";

async fn document(service: &Service, query: &str) -> Value {
    let answer = service.ask("GET", &format!("{PATH}{query}"), "").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.body
}

fn names(document: &Value) -> Vec<&str> {
    document["webhooks"].as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn the_document_is_a_file_in_the_tenants_format_or_the_one_that_is_asked_for() {
    let service = new_stack();
    assert_eq!(service.ask("PUT", "/event-types/parcel.sent", TYPE).await.status, 201);
    let answer = service.ask("GET", &format!("/api/v1{PATH}"), "").await;
    assert_eq!((answer.status, answer.content_type.as_str()), (StatusCode::OK, "application/json"));
    assert_eq!(answer.disposition, "attachment; filename=\"webhooks-standard.openapi.json\"");
    assert_eq!(
        (&answer.body["openapi"], &answer.body["info"]["title"]),
        (&"3.1.0".into(), &"Webhooks of acme".into())
    );
    let post = &answer.body["webhooks"]["parcel.sent"]["post"];
    let sent = "\"example\": {\"type\":\"parcel.sent\",\"timestamp\":\"2026-01-01T00:00:00.000Z\",\"data\":{\"parcel\":{\"id\":\"p-1\",\"weight\":1.50}}}";
    assert!(answer.text.contains(sent), "as it is sent: {post}");
    let schema = service.ask("GET", "/event-types/parcel.sent", "").await.body["schema"].clone();
    assert_eq!(answer.body["components"]["schemas"]["parcel.sent"], schema);
    assert_eq!(names(&answer.body).len(), available(&service, "").await.len());

    let asked = service.ask("GET", &format!("{PATH}?format=task-hub"), "").await;
    assert_eq!(asked.disposition, "attachment; filename=\"webhooks-task-hub.openapi.json\"");
    operator(&service, "PUT", "/tenants/acme", r#"{"contract":"stripe"}"#).await;
    let stripe = document(&service, "").await;
    let properties = &stripe["components"]["schemas"]["parcel.sent..body"]["properties"];
    assert_eq!(
        properties["data"]["properties"]["object"]["$ref"],
        "#/components/schemas/parcel.sent"
    );
    assert_eq!(document(&service, "?format=stripe").await, stripe);
}

#[tokio::test]
async fn event_types_are_chosen_as_webhooks_subscribe_to_them() {
    let service = Service::new();
    let chosen = document(&service, "?event=webhook.failing&event=task.*").await;
    let names = names(&chosen);
    assert!(names.len() > 2 && names.contains(&"webhook.failing"), "{names:?}");
    assert!(
        names.iter().all(|name| *name == "webhook.failing" || name.starts_with("task.")),
        "{names:?}"
    );
}

#[tokio::test]
async fn what_cannot_be_described_is_refused_with_its_parameter() {
    let service = Service::new();
    for (query, paths) in [
        ("?format=none", &["format"][..]),
        ("?format=a%20b", &["format"]),
        ("?format=standard&format=stripe", &["format"]),
        ("?event=none.such&format=none&event=nobody.*", &["format", "event", "event"]),
        ("?event=a..b", &["event"]),
        ("?colour=red", &["colour"]),
    ] {
        let answer = service.ask("GET", &format!("{PATH}{query}"), "").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        let errors = answer.body["errors"].as_array().unwrap();
        let found: Vec<_> = errors.iter().map(|error| error["path"].as_str().unwrap()).collect();
        assert_eq!(found, paths, "{query}");
    }
    let without = service.ask_with(&OPERATOR, "GET", PATH, "").await;
    assert_eq!(without.status, StatusCode::BAD_REQUEST, "whose types?");
}
