//! The request of a delivery, signed now, and what a receiver has compared with it.

use hooklane_app::ports::EventStore;
use hooklane_domain::event::{Content, Event};
use hooklane_domain::json::RawJson;
use lambda_http::http::StatusCode;
use serde_json::json;

use super::reading::retrying;
use super::service::Service;

/// The path of a delivery of `{"userId": "7"}` after two attempts.
pub(super) async fn stage(service: &Service) -> String {
    let webhook = service.webhook().await;
    let delivery = retrying(service, &webhook, "e1").await;
    let content = Content {
        event_type: "user.created".parse().unwrap(),
        data: RawJson::parse(r#"{"userId":"7"}"#).unwrap(),
        metadata: None,
        timestamp: None,
        version: None,
        test: false,
    };
    let (id, accepted_at) = (delivery.id.event().clone(), delivery.id.accepted_at());
    let tenant = "acme".parse().unwrap();
    let event = Event { id, tenant, content, accepted_at, value: None };
    EventStore::put(&service.deps.ledger, &event).await.unwrap();
    format!("/webhooks/deliveries/{}", delivery.id)
}

#[tokio::test]
async fn a_delivery_is_signed_now_and_sent_nowhere() {
    let service = Service::new();
    let path = stage(&service).await;
    let made = service.ask("POST", &format!("{path}/request"), "").await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    let request = &made.body["request"];
    assert_eq!(request["method"], "POST");
    assert_eq!(request["url"], "https://example.com/hook");
    let header = |name: &str| {
        let headers = request["headers"].as_array().unwrap();
        headers.iter().find(|one| one["name"] == name).map(|one| one["value"].clone())
    };
    assert_eq!(header("webhook-id"), Some(json!("e1")));
    assert!(header("webhook-signature").unwrap().as_str().unwrap().len() > 40, "it is whole");
    assert!(request["body"].as_str().unwrap().contains(r#""data":{"userId":"7"}"#));
    assert!(service.deps.sender.seen.lock().unwrap().is_empty());
    let other = service.ask_as("other", "POST", &format!("{path}/request"), "").await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_a_receiver_has_is_compared_with_an_attempt() {
    let service = Service::new();
    let path = stage(&service).await;
    let made = service.ask("POST", &format!("{path}/request"), "").await;
    let sent = made.body["request"]["body"].as_str().unwrap();
    let webhook = service.ask("GET", "/webhooks", "").await.body["data"][0]["id"].clone();
    let secret = format!("/webhooks/{}/secret", webhook.as_str().unwrap());
    let secret = service.ask("GET", &secret, "").await.body["secret"].clone();
    let path = format!("{path}/check");
    let check = async |body: serde_json::Value| service.ask("POST", &path, &body.to_string()).await;
    let right = check(json!({"secret": secret, "body": sent})).await;
    assert_eq!(right.status, StatusCode::OK, "{}", right.text);
    assert_eq!(right.body["signature"], "fits");
    assert_eq!(right.body["secret"], json!({"is": "same", "of": "current"}));
    assert_eq!(right.body["attempt"], 2);
    assert_eq!(right.body["body"]["same"], true);
    let anew = sent.replace("\":", "\": ");
    let wrong = check(json!({"secret": "another-secret", "body": anew})).await;
    assert_eq!(wrong.body["signature"], "wrong");
    assert_eq!(wrong.body["secret"], json!({"is": "other"}));
    assert_eq!(wrong.body["body"]["cause"], "rewritten");
    assert_eq!(wrong.body["body"]["received"]["byte"], 32);
    let unsigned = check(json!({"attempt": 1, "headers": {"Webhook-Id": "e1"}})).await;
    assert_eq!(unsigned.body["signature"], "missing");
    assert_eq!(unsigned.body["attempt"], 1);
    let names: Vec<_> = unsigned.body["headers"].as_array().unwrap().iter().collect();
    assert!(names.iter().all(|one| one["name"] != "webhook-id"), "{names:?}");
    assert_eq!(check(json!({"attempt": 3, "secret": "s"})).await.status, StatusCode::NOT_FOUND);
    assert_eq!(check(json!({})).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}
