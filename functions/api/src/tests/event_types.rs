mod brought;
mod defaults;
mod described;

use hooklane_domain::access::tenant::TenantDefaults;
use lambda_http::http::StatusCode;

use super::service::{Answer, Service};

const TYPE: &str = r#"{"category":"shipping","description":"A parcel went out",
    "sample":{"parcel":{"id":"p-1","weight":1.50}},
    "schema":{"type":"object","required":["parcel"],"properties":{"parcel":{"type":"object",
        "required":["id"],"properties":{"id":{"type":"string"},"weight":{"type":"number"}}}}}}"#;
const OPERATOR: [(&str, &str); 1] = [("authorization", "Bearer the-operator-key")];

async fn available(service: &Service, query: &str) -> Vec<(String, String)> {
    let answer = service.ask("GET", &format!("/webhooks/events/available{query}"), "").await;
    assert_eq!(answer.status, StatusCode::OK);
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let types = answer.body["data"].as_array().unwrap().iter();
    types.map(|one| (text(&one["type"]), text(&one["source"]))).collect()
}

async fn operator(service: &Service, method: &str, path: &str, body: &str) -> Answer {
    service.ask_with(&OPERATOR, method, path, body).await
}

#[tokio::test]
async fn the_available_types_are_listed_with_samples_and_schemas() {
    let service = Service::new();
    let answer = service.ask("GET", "/webhooks/events/available?category=tasks", "").await;
    insta::assert_json_snapshot!("available_types", answer.body);
    let all = available(&service, "").await;
    assert!(all.len() > 50 && all.is_sorted(), "{}", all.len());
    assert!(all.contains(&("delivery.exhausted".to_owned(), "catalog".to_owned())));
    assert!(available(&service, "?category=nonsense").await.is_empty());
    let wrong = service.ask("GET", "/webhooks/events/available?colour=red", "").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_tenant_adds_changes_and_deletes_an_event_type() {
    let service = Service::new();
    let path = "/api/v1/event-types/parcel.sent";
    let webhook = r#"{"url":"https://example.com/","events":["parcel.sent","parcel.*"]}"#;
    assert_eq!(service.ask("POST", "/webhooks", webhook).await.status, 422);
    let put = service.ask("PUT", path, TYPE).await;
    assert_eq!((put.status, put.etag.as_str()), (StatusCode::CREATED, "\"1\""));
    insta::assert_json_snapshot!("own_type", put.body);
    assert_eq!(service.ask("GET", path, "").await.body, put.body);
    assert_eq!(service.ask("GET", "/event-types", "").await.body["data"][0], put.body);
    assert_eq!(available(&service, "?category=shipping").await.len(), 1);
    assert_eq!(service.ask("POST", "/webhooks", webhook).await.status, 201);

    assert_eq!(service.ask_as("other", "GET", path, "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(service.ask_as("other", "DELETE", path, "").await.status, StatusCode::NOT_FOUND);
    let with = |tag| [OPERATOR[0], ("x-tenant-id", "acme"), ("if-match", tag)];
    let stale = service.ask_with(&with("\"7\""), "PUT", path, TYPE).await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    let same = service.ask_with(&with("\"1\""), "PUT", path, TYPE).await;
    assert_eq!((same.status, same.etag.as_str()), (StatusCode::OK, "\"1\""), "nothing to write");
    let other = TYPE.replace("shipping", "parcels");
    let changed = service.ask_with(&with("\"1\""), "PUT", path, &other).await;
    assert_eq!((changed.status, changed.etag.as_str()), (StatusCode::OK, "\"2\""));
    let stale = service.ask_with(&with("\"1\""), "DELETE", path, "").await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(service.ask("DELETE", path, "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(service.ask("GET", path, "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(service.ask("DELETE", path, "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_hooklane_catalog_has_only_common_and_added_types() {
    let service = Service::new();
    let settings = r#"{"catalog":"hooklane","strict":true}"#;
    let set = operator(&service, "PUT", "/tenants/acme", settings).await;
    assert_eq!((set.status, &set.body["catalog"]), (StatusCode::OK, &"hooklane".into()));
    let everywhere = [
        "delivery.exhausted",
        "webhook.disabled",
        "webhook.disabling",
        "webhook.failing",
        "webhook.recovered",
        "webhook.test",
    ];
    let names = async || {
        let all = available(&service, "").await;
        all.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(names().await, everywhere);
    // Types of other catalogs are unknown. Types of every catalog, and `*`, are known.
    let subscribed = async |to: &str| {
        let body = format!(r#"{{"url":"https://example.com/","events":["{to}"]}}"#);
        service.ask("POST", "/webhooks", &body).await.status
    };
    for (to, status) in
        [("order.created", 422), ("order.*", 422), ("*", 201), ("webhook.failing", 201)]
    {
        assert_eq!(subscribed(to).await, status, "{to}");
    }
    let event = r#"{"type":"parcel.sent","data":{"parcel":{"id":"p-1"}}}"#;
    assert_eq!(service.ask("POST", "/events", event).await.status, 422);
    let put = service.ask("PUT", "/event-types/parcel.sent", TYPE).await;
    assert_eq!(put.status, StatusCode::CREATED);
    assert_eq!(names().await.len(), everywhere.len() + 1);
    assert_eq!(subscribed("parcel.*").await, 201);
    assert_eq!(service.ask("POST", "/events", event).await.status, 202);
}

#[tokio::test]
async fn a_catalog_type_can_be_hidden_but_not_deleted() {
    let service = Service::new();
    let path = "/event-types/order.created";
    assert_eq!(service.ask("GET", path, "").await.status, StatusCode::NOT_FOUND);
    let refused = service.ask("DELETE", path, "").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    insta::assert_json_snapshot!("type_of_the_catalog", refused.body);
    assert_eq!(service.ask("PUT", path, TYPE).await.status, StatusCode::CREATED);
    assert_eq!(available(&service, "?category=shipping").await[0].1, "tenant");
    assert_eq!(service.ask("DELETE", path, "").await.status, StatusCode::NO_CONTENT);
    assert!(available(&service, "?category=shipping").await.is_empty());
}

#[tokio::test]
async fn the_operator_without_a_tenant_manages_platform_types() {
    let service = Service::new();
    let path = "/event-types/parcel.sent";
    let put = operator(&service, "PUT", path, TYPE).await;
    assert_eq!((put.status, &put.body["source"]), (StatusCode::CREATED, &"platform".into()));
    assert_eq!(available(&service, "?category=shipping").await[0].1, "platform");
    assert_eq!(
        service.ask("GET", "/event-types", "").await.body["data"][0]["type"],
        serde_json::Value::Null
    );
    assert_eq!(service.ask("DELETE", path, "").await.status, StatusCode::CONFLICT);
    assert_eq!(operator(&service, "GET", path, "").await.body, put.body);
    assert_eq!(operator(&service, "DELETE", "/event-types/order.created", "").await.status, 409);
    assert_eq!(operator(&service, "DELETE", path, "").await.status, StatusCode::NO_CONTENT);
    let unauthorized = service.ask_with(&[("authorization", "Bearer x")], "GET", path, "").await;
    assert_eq!(unauthorized.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_invalid_event_type_is_refused_with_every_mistake() {
    let service = Service::new();
    let body = r#"{"category":"","sample":{"a":"x"},"colour":1,
        "schema":{"properties":{"a":{"type":"integer"},"b":{"$ref":"https://example.com/"}}}}"#;
    let answer = service.ask("PUT", "/event-types/a.b", body).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    insta::assert_json_snapshot!("invalid_event_type", answer.body);
    for name in ["a%20b", "webhook.disabled"] {
        let answer = service.ask("PUT", &format!("/event-types/{name}"), TYPE).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
    }
}

#[tokio::test]
async fn an_owner_has_at_most_a_hundred_event_types() {
    let service = Service::new();
    for n in 0..100 {
        let answer = service.ask("PUT", &format!("/event-types/t{n}"), TYPE).await;
        assert_eq!(answer.status, StatusCode::CREATED);
    }
    assert_eq!(service.ask("PUT", "/event-types/t100", TYPE).await.status, StatusCode::CONFLICT);
    assert_eq!(service.ask("PUT", "/event-types/t99", TYPE).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_unknown_type_is_refused_with_the_most_similar_one() {
    let service = Service::new();
    let body = r#"{"url":"https://example.com/","events":["order.create","ordr.*","*"]}"#;
    let answer = service.ask("POST", "/webhooks", body).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    insta::assert_json_snapshot!("unknown_event_types", answer.body["errors"]);
}

async fn strict(service: &Service) {
    use hooklane_app::ports::TenantStore as _;
    use hooklane_domain::access::tenant::TenantSettings;
    let settings = TenantSettings { strict: true, ..TenantSettings::default() };
    let tenant = "acme".parse().unwrap();
    service.deps.registry.set_settings(&tenant, &settings, None).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_strict_tenant_publishes_only_known_types_with_matching_data() {
    let service = Service::new();
    strict(&service).await;
    let event = |name: &str, data: &str| format!(r#"{{"type":"{name}","data":{data}}}"#);
    let unknown = service.ask("POST", "/events", &event("order.create", "{}")).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    insta::assert_json_snapshot!("strict_unknown_type", unknown.body);
    let wrong = event("user.created", r#"{"user_id":"1","name":7}"#);
    let refused = service.ask("POST", "/events", &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    insta::assert_json_snapshot!("strict_unfit_data", refused.body["errors"]);
    let good = event("user.created", r#"{"user_id":1,"email":"a@example.com"}"#);
    assert_eq!(service.ask("POST", "/events", &good).await.status, StatusCode::ACCEPTED);
    let batch = format!("[{good},{wrong}]");
    let results = service.ask("POST", "/events/batch", &batch).await.body["results"].clone();
    assert_eq!((&results[0]["status"], &results[1]["status"]), (&202.into(), &422.into()));
    // The cache must not refuse a type that was added a moment ago.
    let parcel = event("parcel.sent", r#"{"parcel":{"id":"1"}}"#);
    assert_eq!(service.ask("POST", "/events", &parcel).await.status, 422);
    service.ask("PUT", "/event-types/parcel.sent", TYPE).await;
    assert_eq!(service.ask("POST", "/events", &parcel).await.status, StatusCode::ACCEPTED);
    let other = service.ask_as("other", "POST", "/events", &event("any.thing", "7")).await;
    assert_eq!(
        other.status,
        StatusCode::ACCEPTED,
        "a tenant that is not strict publishes any type"
    );
}

#[tokio::test]
async fn finding_03_a_hostile_schema_is_refused_before_it_is_run() {
    let service = Service::new();
    let patterns: Vec<_> =
        (0..40).map(|n| format!(r#"{{"pattern":"[a-q][^u-z]{{13}}x{n}"}}"#)).collect();
    for (schema, path, message) in [
        (
            r##"{"$ref":"#/$defs/x%41","$defs":{"x%41":{},"xA":{"anyOf":[{"$ref":"#/$defs/x%41"},{"$ref":"#/$defs/x%41"}]}}}"##.to_owned(),
            "schema.$defs.xA.anyOf[0].$ref",
            "must be written without percent-encoding",
        ),
        (
            format!(r#"{{"allOf":[{}]}}"#, patterns.join(",")),
            "schema.allOf[",
            "brings the patterns to ",
        ),
    ] {
        let body = format!(
            r#"{{"category":"a","description":"b","sample":"abc","schema":{schema}}}"#
        );
        let answer = service.ask("PUT", "/event-types/a", &body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        let error = &answer.body["errors"][0];
        assert!(error["path"].as_str().unwrap().starts_with(path), "{error}");
        assert!(error["message"].as_str().unwrap().contains(message), "{error}");
    }
}

/// A stack of its own, as `template.yaml` makes it: no types but Hooklane's.
fn new_stack() -> Service {
    Service::with_defaults(TenantDefaults::default())
}
