//! The quotas of a tenant.

use hooklane_domain::access::quotas::QuotaName;
use hooklane_domain::expression::Filter;
use jiff::SignedDuration;
use lambda_http::http::StatusCode;

use super::service::{Answer, Service};

const OPERATOR: (&str, &str) = ("authorization", "Bearer the-operator-key");
const FILTER: &str = "event.data.n > 1";
const TYPE: &str = r#"{"category":"c","description":"d","sample":{"id":"1"}}"#;
const RECOVERY: &str = r#"{"since":"2024-01-01T00:00:00Z","status":"failed"}"#;

/// A service whose tenant `acme` has this limit of a quota.
async fn limited(quota: QuotaName, limit: u64) -> Service {
    let service = Service::new();
    let body = format!(r#"{{"quotas":{{"{}":{limit}}}}}"#, quota.as_str());
    let set = service.ask_with(&[OPERATOR], "PUT", "/tenants/acme", &body).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text);
    assert_eq!(set.body["quotas"][quota.as_str()], limit);
    service
}

fn webhook(rest: &str) -> String {
    format!(r#"{{"url":"https://example.com/hook"{rest}}}"#)
}

async fn register(service: &Service, rest: &str) -> Answer {
    service.ask("POST", "/webhooks", &webhook(rest)).await
}

async fn tokens(service: &Service) -> Answer {
    service
        .ask_with(&[OPERATOR], "POST", "/tenants/acme/tokens", r#"{"scopes":["webhooks:read"]}"#)
        .await
}

/// Each answer that a quota causes names the quota, its limit and what is used.
fn is_over(answer: &Answer, status: u16, quota: QuotaName, (limit, used): (u64, u64)) {
    assert_eq!(answer.status.as_u16(), status, "{quota:?}: {}", answer.text);
    let kind = match quota {
        QuotaName::EventTypes => "too-many-event-types",
        _ => "quota-exceeded",
    };
    assert_eq!(answer.body["type"], format!("urn:hooklane:problem:{kind}"));
    assert_eq!(answer.body["quota"], quota.as_str());
    assert_eq!((&answer.body["limit"], &answer.body["used"]), (&limit.into(), &used.into()));
    assert!(answer.body["detail"].as_str().unwrap().contains(&limit.to_string()));
    assert_eq!(answer.content_type, "application/problem+json");
}

fn is_good(answer: &Answer) {
    assert!(answer.status.is_success(), "{} {}", answer.status, answer.text);
}

const ANY: &str = r#","events":["*"]"#;

#[tokio::test]
async fn finding_04_one_webhook_more_than_the_quota_is_refused() {
    let service = limited(QuotaName::Webhooks, 2).await;
    let first = register(&service, ANY).await;
    is_good(&first);
    is_good(&register(&service, ANY).await);
    is_over(&register(&service, ANY).await, 409, QuotaName::Webhooks, (2, 2));
    let path = format!("/webhooks/{}", first.body["id"].as_str().unwrap());
    is_good(&service.ask("PATCH", &path, r#"{"name":"N"}"#).await);
    is_good(&service.ask("DELETE", &path, "").await);
    is_good(&register(&service, ANY).await);
}

#[tokio::test]
async fn a_key_is_not_used_up_by_a_request_that_a_quota_refuses() {
    let service = limited(QuotaName::Webhooks, 1).await;
    let first = register(&service, ANY).await.body["id"].as_str().unwrap().to_owned();
    let keyed = [OPERATOR, ("x-tenant-id", "acme"), ("idempotency-key", "k")];
    let once =
        async |rest: &str| service.ask_with(&keyed, "POST", "/webhooks", &webhook(rest)).await;
    is_over(&once(ANY).await, 409, QuotaName::Webhooks, (1, 1));
    is_good(&service.ask("DELETE", &format!("/webhooks/{first}"), "").await);
    let other = once(r#","events":["user.created"]"#).await;
    is_good(&other);
    let again = once(r#","events":["user.created"]"#).await;
    assert_eq!(again.body["id"], other.body["id"], "a repeated request needs no room");
}

#[tokio::test]
async fn finding_04_filters_and_transforms_count_by_what_they_cost() {
    let cost = FILTER.parse::<Filter>().unwrap().cost().steps();
    let (quota, full) = (QuotaName::ExpressionCost, format!(r#"{ANY},"filter":"{FILTER}""#));
    let service = limited(quota, cost).await;
    let plain = register(&service, ANY).await;
    is_good(&plain);
    let first = register(&service, &full).await;
    is_good(&first);
    is_over(&register(&service, &full).await, 409, quota, (cost, cost));
    let path = |answer: &Answer| format!("/webhooks/{}", answer.body["id"].as_str().unwrap());
    let change = format!(r#"{{"filter":"{FILTER}"}}"#);
    let refused = service.ask("PATCH", &path(&plain), &change).await;
    is_over(&refused, 409, quota, (cost, cost));
    is_good(&service.ask("PATCH", &path(&first), &change).await);
    is_good(&service.ask("PATCH", &path(&first), r#"{"filter":null}"#).await);
    is_good(&service.ask("PATCH", &path(&plain), &change).await);
}

#[tokio::test]
async fn one_event_type_more_than_the_quota_is_refused() {
    let quota = QuotaName::EventTypes;
    let service = limited(quota, 1).await;
    is_good(&service.ask("PUT", "/event-types/a", TYPE).await);
    is_over(&service.ask("PUT", "/event-types/b", TYPE).await, 409, quota, (1, 1));
    is_good(&service.ask("PUT", "/event-types/a", TYPE).await);
    is_good(&service.ask("DELETE", "/event-types/a", "").await);
    is_good(&service.ask("PUT", "/event-types/b", TYPE).await);
}

#[tokio::test]
async fn what_one_webhook_may_have_is_a_mistake_in_its_field() {
    for (quota, limit, good, bad, path) in [
        (
            QuotaName::EventsPerWebhook,
            2,
            r#","events":["*","user.created"]"#,
            r#","events":["*","user.created","user.*"]"#,
            "events",
        ),
        (
            QuotaName::HeaderBytesPerWebhook,
            5,
            r#","events":["*"],"headers":{"X-A":"12"}"#,
            r#","events":["*"],"headers":{"X-A":"123"}"#,
            "headers",
        ),
    ] {
        let service = limited(quota, limit).await;
        let created = register(&service, good).await;
        is_good(&created);
        let refused = register(&service, bad).await;
        is_over(&refused, 422, quota, (limit, limit + 1));
        assert_eq!(refused.body["errors"][0]["path"], path);
        let of_it = format!("/webhooks/{}", created.body["id"].as_str().unwrap());
        let refused = service.ask("PATCH", &of_it, &webhook(bad)).await;
        is_over(&refused, 422, quota, (limit, limit + 1));
        // The limit is lowered: the webhook keeps what it has.
        let lower = format!(r#"{{"quotas":{{"{}":1}}}}"#, quota.as_str());
        is_good(&service.ask_with(&[OPERATOR], "PUT", "/tenants/acme", &lower).await);
        is_good(&service.ask("PATCH", &of_it, r#"{"name":"N"}"#).await);
        is_good(&service.ask("PATCH", &of_it, &webhook(good)).await);
    }
}

#[tokio::test]
async fn a_daily_quota_has_room_again_on_the_next_day() {
    let quota = QuotaName::TokensPerDay;
    let service = limited(quota, 2).await;
    is_good(&tokens(&service).await);
    is_good(&tokens(&service).await);
    let refused = tokens(&service).await;
    is_over(&refused, 429, quota, (2, 2));
    assert_eq!(refused.header("retry-after"), "48600", "13.5 hours to midnight");
    service.deps.system.pass(SignedDuration::from_secs(48_600));
    is_good(&tokens(&service).await);
}

#[tokio::test]
async fn suspected_recoveries_are_limited_for_each_tenant_and_day() {
    let quota = QuotaName::RecoveriesPerDay;
    let service = limited(quota, 2).await;
    let path = async || format!("/webhooks/{}/recover", service.webhook().await);
    let (first, second, third) = (path().await, path().await, path().await);
    let start = async |path: &str| service.ask("POST", path, RECOVERY).await;
    is_good(&start(&first).await);
    assert_eq!(start(&first).await.status, StatusCode::CONFLICT, "one is running: not counted");
    is_good(&start(&second).await);
    is_over(&start(&third).await, 429, quota, (2, 2));
    let missing = service.ask("GET", &third, "").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND, "it was not started");
}

#[tokio::test]
async fn a_tenant_sees_its_quotas_and_what_it_uses_of_them() {
    let service = limited(QuotaName::Webhooks, 5).await;
    is_good(&register(&service, &format!(r#"{ANY},"filter":"{FILTER}""#)).await);
    is_good(&service.ask("PUT", "/event-types/a", TYPE).await);
    let token = tokens(&service).await.body["token"].as_str().unwrap().to_owned();
    let bearer = [("authorization", &*format!("Bearer {token}"))];
    let seen = service.ask_with(&bearer, "GET", "/quotas", "").await;
    is_good(&seen);
    let cost = FILTER.parse::<Filter>().unwrap().cost().steps();
    let quotas = &seen.body["quotas"];
    for (name, limit, used) in [
        ("webhooks", 5, Some(1)),
        ("expressionCost", 1_000_000_000, Some(cost)),
        ("eventTypes", 100, Some(1)),
        ("eventsPerWebhook", 100, None),
        ("headerBytesPerWebhook", 6_144, None),
        ("tokensPerDay", 10_000, Some(1)),
        ("concurrentTests", 2, None),
        ("recoveriesPerDay", 24, Some(0)),
        ("concurrentScans", 2, None),
        ("keys", 50, Some(0)),
    ] {
        let row = &quotas[name];
        assert_eq!((row["limit"].as_u64(), row["used"].as_u64()), (Some(limit), used), "{name}");
    }
    assert_eq!(quotas.as_object().unwrap().len(), QuotaName::ALL.len());
    let operator = service.ask_with(&[OPERATOR], "GET", "/tenants/acme", "").await;
    assert_eq!(&operator.body["usage"], quotas);
    assert_eq!(operator.body["quotas"], serde_json::json!({"webhooks": 5}));
}

#[tokio::test]
async fn a_quota_outside_its_range_is_refused() {
    let service = Service::new();
    let body = r#"{"quotas":{"webhooks":10001,"colours":1}}"#;
    let answer = service.ask_with(&[OPERATOR], "PUT", "/tenants/acme", body).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let errors = answer.body["errors"].as_array().unwrap();
    let paths: Vec<_> = errors.iter().map(|error| error["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["quotas.colours", "quotas.webhooks"]);
}

/// A hundred of the largest webhooks do not fit into one answer of Lambda's.
#[tokio::test]
async fn finding_04_a_page_of_large_webhooks_is_cut_and_goes_on_at_its_cursor() {
    let service = Service::new();
    let description = "\\\"".repeat(500);
    let events: Vec<_> = (0..100).map(|n| format!("{}{n:03}", "a".repeat(250))).collect();
    for event in &events {
        is_good(&service.ask("PUT", &format!("/event-types/{event}"), TYPE).await);
    }
    let url = format!("https://example.com/{}", "a".repeat(1_900));
    let body = serde_json::json!({
        "url": url, "events": events, "description": description,
        "name": "\\".repeat(255),
    });
    let mut ids = Vec::new();
    for _ in 0..100 {
        let created = service.ask("POST", "/webhooks", &body.to_string()).await;
        is_good(&created);
        ids.push(created.body["id"].as_str().unwrap().to_owned());
    }
    let (mut found, mut pages, mut path) = (Vec::new(), 0, "/webhooks?limit=100".to_owned());
    loop {
        let page = service.ask("GET", &path, "").await;
        is_good(&page);
        let in_lambda = serde_json::to_string(&page.text).unwrap().len();
        assert!(in_lambda < 6 * 1024 * 1024, "{in_lambda}");
        assert_eq!(page.body["total"], 100);
        pages += 1;
        let data = page.body["data"].as_array().unwrap();
        found.extend(data.iter().map(|one| one["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page.body["nextCursor"].as_str() else { break };
        path = format!("/webhooks?limit=100&cursor={cursor}");
    }
    ids.sort_unstable();
    found.reverse();
    assert_eq!(found, ids);
    assert!(pages > 1, "the test has to exceed one answer");
}
