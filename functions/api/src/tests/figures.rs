//! Statistics and health.

use hooklane_domain::delivery::retry::Next;
use jiff::SignedDuration;
use lambda_http::http::StatusCode;
use serde_json::json;

use super::event_list::index;
use super::lists::{ago, answered, deliver, some};
use super::service::Service;

#[tokio::test]
async fn statistics_cover_a_webhook_or_all_of_a_tenant() {
    let service = Service::new();
    let (one, two) = (service.webhook().await, service.webhook().await);
    some(&service, &one).await;
    deliver(&service, &two, ("e", "a", ago(5)), &[answered(200)], Next::Delivered).await;
    let answer = service.ask("GET", &format!("/webhooks/{one}/stats"), "").await;
    assert_eq!(answer.status, StatusCode::OK);
    insta::assert_json_snapshot!("statistics_of_a_webhook", answer.body);
    let again = service.ask("GET", &format!("/webhooks/{one}/stats"), "").await;
    assert_eq!(again.body, answer.body, "the same answer for a minute");
    let hour = service.ask("GET", &format!("/webhooks/{one}/stats?period=1h"), "").await;
    assert_eq!(hour.body["totalDeliveries"], 4);
    let all = service.ask("GET", "/stats?period=7d", "").await;
    assert_eq!(
        (all.body["totalDeliveries"].clone(), all.body["period"].clone()),
        (6.into(), "7d".into())
    );
    let none = service.ask_as("other", "GET", "/stats", "").await;
    insta::assert_json_snapshot!("statistics_of_nothing", none.body);
}

/// Events that no webhook wanted are counted; each once, although the index has some twice.
#[tokio::test]
async fn statistics_of_a_tenant_have_its_events() {
    let service = Service::new();
    let events = [("a", "order.paid", 500), ("b", "order.paid", 400), ("c", "user.created", 5)];
    index(&service, "acme", &events).await;
    index(&service, "acme", &events[..2]).await;
    let all = service.ask("GET", "/stats", "").await.body;
    assert_eq!((&all["totalEvents"], &all["totalDeliveries"]), (&3.into(), &0.into()));
    let by_type = json!([
        {"eventType": "order.paid", "count": 2},
        {"eventType": "user.created", "count": 1},
    ]);
    assert_eq!(all["eventsByType"], by_type);
    let series = all["series"].as_array().unwrap();
    assert_eq!(series.iter().map(|at| at["totalEvents"].as_u64().unwrap()).sum::<u64>(), 3);
    let lines = service.ask("GET", "/stats/series?metric=events&by=eventType", "").await.body;
    assert_eq!(lines["lines"].as_array().unwrap().len(), 2, "{lines}");
    assert_eq!(lines["lines"][1]["name"], "user.created");
    assert_eq!(service.ask_as("other", "GET", "/stats", "").await.body["totalEvents"], 0);
    let webhook = service.webhook().await;
    let stats = service.ask("GET", &format!("/webhooks/{webhook}/stats"), "").await.body;
    assert_eq!((stats.get("totalEvents"), stats.get("eventsByType")), (None, None));
    let path = format!("/webhooks/{webhook}/stats/series?metric=events");
    let refused = service.ask("GET", &path, "").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.body["errors"][0]["path"], "metric");
}

#[tokio::test]
async fn health_follows_from_the_attempted_deliveries() {
    let service = Service::new();
    let webhook = service.webhook().await;
    let path = format!("/webhooks/{webhook}/health");
    let unknown = service.ask("GET", &path, "").await;
    insta::assert_json_snapshot!("unknown_health", unknown.body);
    deliver(&service, &webhook, ("e", "a", ago(5)), &[answered(200)], Next::Delivered).await;
    assert_eq!(service.ask("GET", &path, "").await.body["status"], "unknown", "for a minute");
    service.deps.system.pass(SignedDuration::from_secs(61));
    assert_eq!(service.ask("GET", &path, "").await.body["status"], "healthy");
    some(&service, &webhook).await;
    service.deps.system.pass(SignedDuration::from_secs(61));
    let unhealthy = service.ask("GET", &path, "").await;
    insta::assert_json_snapshot!("unhealthy", unhealthy.body);
}

#[tokio::test]
async fn a_series_shows_one_figure_over_time() {
    let service = Service::new();
    let webhook = service.webhook().await;
    some(&service, &webhook).await;
    let path = format!("/webhooks/{webhook}/stats/series");
    let from = "from=2024-01-15T08:00:00Z&to=2024-01-15T10:30:00Z&step=1h";
    let by_status =
        service.ask("GET", &format!("{path}?metric=deliveries&by=status&{from}"), "").await;
    assert_eq!(by_status.status, StatusCode::OK);
    insta::assert_json_snapshot!("series_by_status", by_status.body);
    let rate = service.ask("GET", &format!("/stats/series?metric=successRate&{from}"), "").await;
    insta::assert_json_snapshot!("series_of_a_rate", rate.body);
    let other = service.ask_as("other", "GET", &format!("{path}?metric=deliveries"), "").await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_series_says_what_is_wrong_with_a_question() {
    let service = Service::new();
    let path = format!("/webhooks/{}/stats/series", service.webhook().await);
    for (query, field) in [
        ("", "metric"),
        ("metric=speed", "metric"),
        ("metric=p95Ms&by=status", "by"),
        ("metric=deliveries&by=colour", "by"),
        ("metric=deliveries&step=2h", "step"),
        ("metric=deliveries&from=soon", "from"),
        ("metric=deliveries&from=2024-01-15T10:00:00Z&to=2024-01-15T10:00:00Z", "from"),
        ("metric=deliveries&step=1m&from=2024-01-01T00:00:00Z", "from"),
    ] {
        let answer = service.ask("GET", &format!("{path}?{query}"), "").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert_eq!(answer.body["errors"][0]["path"], field, "{query}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_list_of_webhooks_has_figures_if_it_is_asked() {
    let service = Service::new();
    let webhook = service.webhook().await;
    some(&service, &webhook).await;
    let without = service.ask("GET", "/webhooks", "").await;
    assert_eq!(without.body["data"][0]["health"].get("last24Hours"), None);
    let list = service.ask("GET", "/webhooks?figures=true", "").await;
    insta::assert_json_snapshot!(
        "figures_in_a_list",
        list.body["data"][0]["health"]["last24Hours"]
    );
}
