//! Shaped answers to tests, logs, statistics and health, made from canonical samples.

use hooklane_bundled_contracts::load;
use serde_json::Map;

use super::*;

const TEST: &str = r#"{"successful":false,"eventId":"evt_1","eventType":"webhook.test",
    "at":"2024-01-15T10:30:00.000Z","durationMs":150,"request":{"headers":{"a":"b"}},
    "statusCode":500,"response":{"statusText":"Internal Server Error","headers":{"x":"y"},"body":"no"}}"#;

const UNREACHED: &str = r#"{"successful":false,"eventId":"evt_1","eventType":"webhook.test",
    "at":"2024-01-15T10:30:00.000Z","durationMs":150,"request":{"headers":{"a":"b"}},
    "error":{"kind":"dns","detail":"no such name"}}"#;

const ATTEMPTS: &str = r#"{"data":[
    {"deliveryId":"dlv_1","eventId":"e1","eventType":"user.created","successful":true,"number":1,
     "at":"2023-06-20T14:15:35.000Z","durationMs":150,"request":{"headers":{}},"statusCode":200,
     "response":{"statusText":"OK","headers":{"x":"y"},"body":"thanks"}},
    {"eventId":"e2","successful":false,"number":2,"at":"2023-06-20T14:15:36.000Z","durationMs":20000,
     "request":{"headers":{}},"error":{"kind":"timeout","detail":"no complete answer in 20s"}}],
    "nextCursor":"c"}"#;

const STATISTICS: &str = r#"{"period":"24h","since":"2024-01-14T10:30:00.000Z",
    "until":"2024-01-15T10:30:00.000Z","truncated":false,"totalDeliveries":10,"successfulDeliveries":5,
    "failedDeliveries":2,"retryCount":4,"averageAttempts":1.4,"successRate":0.625,
    "retryRate":0.3,"failureRate":0.25,"responseTimeMs":{"average":120.5,"p50":9,"p95":300,"p99":20000},
    "byStatus":[{"status":"pending","count":1},{"status":"retrying","count":1},
      {"status":"delivered","count":5},{"status":"failed","count":2},{"status":"cancelled","count":1}],
    "byEventType":[{"eventType":"a","totalDeliveries":10,"successfulDeliveries":5,"averageAttempts":1.4}],
    "byError":[{"kind":"http_status","statusCode":503,"count":2},{"kind":"timeout","count":1},
      {"kind":"expression","count":1}]}"#;

const HEALTH: &str = r#"{"status":"degraded","successRate":0.97,"totalDeliveries":100,
    "lastAttemptAt":"2024-01-15T10:29:00.000Z","truncated":false,
    "isolation":{"lane":"slow","circuit":{"state":"open","since":"2024-01-15T10:28:00.000Z",
        "nextProbeAt":"2024-01-15T10:31:00.000Z","failedProbes":2},
      "consecutiveFailures":12,"failingSince":"2024-01-15T10:27:00.000Z",
      "parked":{"count":1000,"capped":true},"skippedEvents":3},
    "rateLimit":{"requests":1,"perSeconds":60,"attempts":3,"delayedAttempts":2,
      "lastDelayedAt":"2024-01-15T10:29:50.000Z","nextSlotAt":"2024-01-15T10:31:50.000Z"}}"#;

const NO_HEALTH: &str = r#"{"status":"unknown","totalDeliveries":0,"truncated":false}"#;

/// The shaped answer; `None` if the contract does not shape the operation, so that its clients get the
/// canonical one.
fn shaped(contract: &str, operation: &str, canonical: &str) -> Option<Value> {
    let contracts = load();
    let contract = contracts.get(&contract.parse().unwrap()).unwrap();
    let shape = contract.api()?.of(operation)?;
    let body = shape.body(&"acme".parse().unwrap(), 200, canonical)?;
    Some(serde_json::from_str(&body).unwrap())
}

fn answered(contract: &str, operation: &str, canonical: &str) -> Value {
    shaped(contract, operation, canonical).unwrap()
}

#[test]
fn the_answers_of_each_platform_guide_stay_the_same() {
    for document in ["virtual-queue", "ops-center", "prism", "aegisx", "task-hub"] {
        let answers: Map<_, _> = [
            ("test", "testWebhook", TEST),
            ("test-unreached", "testWebhook", UNREACHED),
            ("logs", "listAttempts", ATTEMPTS),
            ("statistics", "getStatistics", STATISTICS),
            ("webhook-statistics", "getWebhookStatistics", STATISTICS),
            ("health", "getWebhookHealth", HEALTH),
            ("health-of-nothing", "getWebhookHealth", NO_HEALTH),
        ]
        .into_iter()
        .filter_map(|(name, operation, canonical)| {
            Some((name.to_owned(), shaped(document, operation, canonical)?))
        })
        .collect();
        insta::assert_json_snapshot!(document, answers);
    }
}

#[test]
fn answers_are_as_the_platform_guides_print_them() {
    assert_eq!(
        answered("prism", "listAttempts", ATTEMPTS)["logs"][0],
        json!({
            "id": "dlv_1-1", "event": "user.created", "status": "delivered", "response_code": 200,
            "response_time": 150, "delivered_at": "2023-06-20T14:15:35Z",
        })
    );
    assert_eq!(
        answered("aegisx", "testWebhook", TEST),
        json!({ "result": {
            "success": false,
            "response": { "status": 500, "statusText": "Internal Server Error", "body": "no" },
        } })
    );
    assert_eq!(
        answered("aegisx", "testWebhook", UNREACHED),
        json!({ "result": { "success": false, "error": "no such name" } })
    );
    let breakdown = json!({"pending": 1, "success": 5, "failed": 2, "retrying": 1, "cancelled": 1});
    assert_eq!(
        answered("aegisx", "getStatistics", STATISTICS),
        json!({ "total": 10, "breakdown": breakdown })
    );
    assert_eq!(
        answered("aegisx", "getWebhookHealth", NO_HEALTH),
        json!({ "successRate": 0, "totalDeliveries": 0 })
    );
    let tested = answered("virtual-queue", "testWebhook", TEST);
    let fields: Vec<_> = tested["data"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["status", "statusText", "headers", "body"]);
    let metrics = answered("virtual-queue", "getStatistics", STATISTICS);
    for name in [
        "totalDeliveries",
        "successfulDeliveries",
        "failedDeliveries",
        "retryCount",
        "averageLatency",
        "deliveryRate",
        "retryRate",
        "errorRate",
    ] {
        assert!(metrics["data"][name].is_number(), "{name}");
    }
}
