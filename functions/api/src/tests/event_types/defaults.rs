//! The types that a stack and its tenants have by default.

use super::*;

#[tokio::test]
async fn a_new_stack_has_no_platforms_types_except_for_tenants_of_its_guide() {
    let service = new_stack();
    let own = [
        "delivery.exhausted",
        "webhook.disabled",
        "webhook.disabling",
        "webhook.failing",
        "webhook.recovered",
        "webhook.test",
    ];
    let names = async |tenant: &str| {
        let answer = service.ask_as(tenant, "GET", "/webhooks/events/available", "").await;
        let types = answer.body["data"].as_array().unwrap().clone();
        let name = |one: &serde_json::Value| one["type"].as_str().unwrap().to_owned();
        (
            answer.body["catalog"].as_str().unwrap().to_owned(),
            types.iter().map(name).collect::<Vec<_>>(),
        )
    };
    let (catalog, types) = names("acme").await;
    assert_eq!((catalog.as_str(), types.len()), ("hooklane", own.len()));
    assert_eq!(types, own);
    operator(&service, "PUT", "/tenants/guide", r#"{"contract":"task-hub"}"#).await;
    let (catalog, types) = names("guide").await;
    assert_eq!(catalog, "task-hub");
    assert!(types.contains(&"task.created".to_owned()) && types.len() == own.len() + 6);
    operator(&service, "PUT", "/tenants/union", r#"{"contract":"task-hub","catalog":"default"}"#)
        .await;
    assert_eq!(names("union").await.0, "default");
}

/// The deployment's contract is that of webhooks, of answers, and of the catalog.
#[tokio::test]
async fn the_deployments_defaults_hold_for_tenants_without_settings() {
    let contract = "virtual-queue".parse().unwrap();
    let service = Service::with_defaults(TenantDefaults { contract, catalog: None });
    let body =
        r#"{"url":"https://example.com/","events":["queue.created"],"retryPolicy":"standard"}"#;
    let created = service.ask("POST", "/webhooks", body).await;
    assert_eq!((created.status, &created.body["success"]), (StatusCode::CREATED, &true.into()));
    let webhook = created.body["data"]["id"].as_str().unwrap().to_owned();
    let canonical =
        [OPERATOR[0], ("x-tenant-id", "acme"), ("accept", "application/vnd.hooklane+json")];
    let read = service.ask_with(&canonical, "GET", &format!("/webhooks/{webhook}"), "").await;
    assert_eq!(read.body["contract"], "virtual-queue");
    operator(&service, "PUT", "/tenants/other", r#"{"contract":"standard"}"#).await;
    let other = r#"{"url":"https://example.com/","events":["*"]}"#;
    let created = service.ask_as("other", "POST", "/webhooks", other).await;
    assert_eq!(created.body["contract"], "standard");
    // A catalog that the deployment names counts more than the contract's.
    let catalog = Some("task-hub".parse().unwrap());
    let defaults = TenantDefaults { contract: "virtual-queue".parse().unwrap(), catalog };
    let service = Service::with_defaults(defaults);
    assert_eq!(service.ask("POST", "/webhooks", body).await.status, 422);
    let tasks = body.replace("queue.created", "task.created");
    assert_eq!(service.ask("POST", "/webhooks", &tasks).await.status, 201);
}
