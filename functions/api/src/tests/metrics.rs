//! The lines with metrics that requests print.

use hooklane_aws::telemetry::printed::hold;

use super::service::Service;

#[tokio::test]
async fn new_events_are_counted_once_and_other_requests_print_nothing() {
    let service = Service::new();
    hold("api-healthy", "api", async {
        let event = r#"{"id":"e1","type":"user.created","data":{}}"#;
        for status in [202, 200] {
            assert_eq!(service.ask("POST", "/events", event).await.status, status);
        }
        let other = r#"{"id":"e2","type":"user.created","data":{}}"#;
        let bad = r#"{"id":"e3"}"#;
        let batch = format!(r#"{{"events":[{event},{other},{bad}]}}"#);
        assert_eq!(service.ask("POST", "/events/batch", &batch).await.status, 200);
        assert_eq!(service.ask("GET", "/events/e1", "").await.status, 200);
        assert_eq!(service.ask("POST", "/events", bad).await.status, 422);
    })
    .await;
}
