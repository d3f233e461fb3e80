//! What Lambda hands to a function: requests of API Gateway, SQS messages, stream records.

use serde_json::{Map, Value, json};

use crate::aws::sqs::Message;
use crate::clock::now_ms;

/// A request to the API.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
    pub is_base64: bool,
}

impl Request {
    #[must_use]
    pub fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: String::new(),
            headers: vec![("host".to_owned(), "api.hooklane.example".to_owned())],
            body: None,
            is_base64: false,
        }
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    #[must_use]
    pub fn query(mut self, query: &str) -> Self {
        query.clone_into(&mut self.query);
        self
    }

    #[must_use]
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// The event of an HTTP API (*API Gateway Developer Guide*, "Create AWS Lambda proxy integrations for
    /// HTTP APIs", format 2.0).
    #[must_use]
    pub fn payload(&self) -> Value {
        let headers: Map<String, Value> =
            self.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let host = headers.get("host").cloned().unwrap_or(Value::Null);
        json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": self.path,
            "rawQueryString": self.query,
            "headers": headers,
            "requestContext": {
                "accountId": "000000000000",
                "apiId": "limits",
                "domainName": host,
                "domainPrefix": "api",
                "http": {
                    "method": self.method,
                    "path": self.path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.1",
                    "userAgent": "limits",
                },
                "requestId": format!("{:x}", fastrand::u64(..)),
                "routeKey": "$default",
                "stage": "$default",
                "time": "26/Nov/2026:12:00:00 +0000",
                "timeEpoch": now_ms(),
            },
            "body": self.body,
            "isBase64Encoded": self.is_base64,
        })
    }
}

/// A batch of SQS messages.
#[must_use]
pub fn of_messages(queue: &str, messages: &[Message]) -> Value {
    let records: Vec<_> = messages
        .iter()
        .map(|message| {
            json!({
                "messageId": message.id,
                "receiptHandle": message.id,
                "body": message.body,
                "attributes": {
                    "ApproximateReceiveCount": message.receives.to_string(),
                    "SentTimestamp": message.sent_ms.to_string(),
                    "SenderId": "AIDAEXAMPLE",
                    "ApproximateFirstReceiveTimestamp": message.sent_ms.to_string(),
                },
                "messageAttributes": {},
                "md5OfBody": "",
                "eventSource": "aws:sqs",
                "eventSourceARN": format!("arn:aws:sqs:us-east-1:000000000000:{queue}"),
                "awsRegion": "us-east-1",
            })
        })
        .collect();
    json!({"Records": records})
}

/// A batch of stream records.
#[must_use]
pub fn of_records(records: &[Value]) -> Value {
    json!({"Records": records})
}

/// The ids that a batch's answer names as failed.
#[must_use]
pub fn failures(answer: &Value) -> Vec<String> {
    let failures = answer.get("batchItemFailures").and_then(Value::as_array);
    let id = |failure: &Value| Some(failure.get("itemIdentifier")?.as_str()?.to_owned());
    failures.into_iter().flatten().filter_map(id).collect()
}
