//! Statistics and health.

use hooklane_domain::delivery::retry::Next;
use lambda_http::http::StatusCode;

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

#[tokio::test]
async fn health_follows_from_the_attempted_deliveries() {
    let service = Service::new();
    let webhook = service.webhook().await;
    let path = format!("/webhooks/{webhook}/health");
    let unknown = service.ask("GET", &path, "").await;
    insta::assert_json_snapshot!("unknown_health", unknown.body);
    deliver(&service, &webhook, ("e", "a", ago(5)), &[answered(200)], Next::Delivered).await;
    assert_eq!(service.ask("GET", &path, "").await.body["status"], "healthy");
    some(&service, &webhook).await;
    let unhealthy = service.ask("GET", &path, "").await;
    insta::assert_json_snapshot!("unhealthy", unhealthy.body);
}
