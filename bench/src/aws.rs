//! Stand-ins for the AWS services, in this process and on one loopback port. They answer as the services
//! do, as far as `shared/aws` calls them, and count requests, capacity units and bytes. The conformance
//! suite of `shared/aws` passes against them.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::http::{Answer, Call, Server, Service};

pub mod dynamodb;
pub mod error;
pub mod events;
pub mod expression;
pub mod sqs;
pub mod table;
pub mod units;
pub mod value;

use dynamodb::DynamoDb;
use error::ServiceError;
use events::EventBridge;
use sqs::Sqs;

/// What the functions have asked for, since it was last taken.
#[derive(Debug, Clone, Default)]
pub struct Used {
    /// Requests by service and call, such as `DynamoDB PutItem`.
    pub requests: BTreeMap<String, u64>,
    pub read_units: f64,
    pub write_units: f64,
    pub bytes_in: u64,
    pub bytes_out: u64,
}

/// The services.
#[derive(Debug, Default)]
pub struct Aws {
    pub dynamodb: DynamoDb,
    pub sqs: Sqs,
    pub events: EventBridge,
    secrets: Mutex<HashMap<String, String>>,
    used: Mutex<Used>,
    /// The microseconds that each answer waits.
    answers_after: AtomicU64,
}

impl Aws {
    /// Starts the server on a port of its own.
    pub async fn serve(self: &Arc<Self>) -> anyhow::Result<Server> {
        Server::start(Endpoint(Arc::clone(self))).await
    }

    pub fn create_secret(&self, name: &str, text: &str) {
        self.secrets().insert(name.to_owned(), text.to_owned());
    }

    /// Lets each answer wait from now on, as one of AWS is on its way for some milliseconds. Without this they are
    /// answered at once.
    pub fn answer_after(&self, time: Duration) {
        let microseconds = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.answers_after.store(microseconds, Ordering::Relaxed);
    }

    /// What was used since the last call.
    #[must_use]
    pub fn take_used(&self) -> Used {
        std::mem::take(&mut *self.used.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn count_out(&self, bytes: usize) {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).bytes_out += bytes as u64;
    }

    fn secrets(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn secret(&self, operation: &str, request: &Value) -> Result<Value, ServiceError> {
        let name = request.get("SecretId").or_else(|| request.get("Name")).and_then(Value::as_str);
        let name = name.unwrap_or_default();
        match operation {
            "GetSecretValue" => match self.secrets().get(name) {
                Some(text) => Ok(json!({"Name": name, "ARN": name, "SecretString": text})),
                None => Err(ServiceError::new(
                    "ResourceNotFoundException",
                    "Secrets Manager can't find the specified secret.",
                )),
            },
            "CreateSecret" => {
                let text = request.get("SecretString").and_then(Value::as_str).unwrap_or_default();
                self.create_secret(name, text);
                Ok(json!({"Name": name, "ARN": name}))
            }
            "DeleteSecret" => {
                self.secrets().remove(name);
                Ok(json!({"Name": name, "ARN": name}))
            }
            _ => Err(ServiceError::new("UnknownOperationException", operation.to_owned())),
        }
    }

    async fn call(&self, target: &str, body: &[u8], base: &str) -> Result<Value, ServiceError> {
        let (service, operation) = target.split_once('.').unwrap_or((target, ""));
        let request: Value = serde_json::from_slice(body)
            .map_err(|e| ServiceError::new("SerializationException", e.to_string()))?;
        let (mut read_units, mut write_units) = (0.0, 0.0);
        let (name, answered) = match service {
            "DynamoDB_20120810" => {
                let answered = self.dynamodb.call(operation, &request).map(|answered| {
                    (read_units, write_units) = (answered.read_units, answered.write_units);
                    answered.body
                });
                ("DynamoDB", answered)
            }
            "AmazonSQS" => ("SQS", self.sqs.call(operation, &request, base).await),
            "AWSEvents" => ("EventBridge", self.events.call(operation, &request, &self.sqs)),
            "secretsmanager" => ("Secrets Manager", self.secret(operation, &request)),
            _ => ("?", Err(ServiceError::new("UnknownOperationException", target.to_owned()))),
        };
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        *used.requests.entry(format!("{name} {operation}")).or_default() += 1;
        used.read_units += read_units;
        used.write_units += write_units;
        used.bytes_in += body.len() as u64;
        drop(used);
        answered
    }
}

/// A random id, as services give to messages and events.
fn random_id() -> String {
    let (a, b) = (fastrand::u64(..), fastrand::u64(..));
    let (a0, a1, a2) = (a >> 32, (a >> 16) & 0xffff, a & 0xffff);
    format!("{a0:08x}-{a1:04x}-{a2:04x}-{:04x}-{:012x}", b >> 48, b & 0xffff_ffff_ffff)
}

struct Endpoint(Arc<Aws>);

impl Service for Endpoint {
    async fn answer(&self, call: Call) -> Answer {
        let base = format!("http://{}", call.header("host"));
        let answer = match self.0.call(call.header("x-amz-target"), &call.body, &base).await {
            Ok(body) => Answer::new(StatusCode::OK, body.to_string())
                .with("content-type", "application/x-amz-json-1.0"),
            Err(error) => error.answer(),
        };
        self.0.count_out(answer.body.len());
        let waits = Duration::from_micros(self.0.answers_after.load(Ordering::Relaxed));
        if !waits.is_zero() {
            tokio::time::sleep(waits).await;
        }
        answer
    }
}
