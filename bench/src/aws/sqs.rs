//! A stand-in for SQS: standard queues with visibility timeouts (*Amazon SQS API Reference*).

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::sync::Notify;

use super::error::ServiceError;
use super::random_id;
use crate::clock::now_ms;

/// A message of a queue.
#[derive(Debug, Clone)]
pub struct Message {
    pub id: String,
    pub body: String,
    pub attributes: Value,
    pub group: Option<String>,
    pub sent_ms: i64,
    pub receives: u64,
    /// Until when it is not visible.
    pub visible_ms: i64,
}

impl Message {
    /// A message that was just sent, and is visible.
    pub fn new(body: &str) -> Self {
        let now = now_ms();
        Self {
            id: random_id(),
            body: body.to_owned(),
            attributes: Value::Null,
            group: None,
            sent_ms: now,
            receives: 0,
            visible_ms: now,
        }
    }
}

#[derive(Debug, Default)]
struct Queue {
    messages: Vec<Message>,
    visibility_seconds: i64,
}

/// All queues, by name.
#[derive(Debug, Default)]
pub struct Sqs {
    queues: Mutex<HashMap<String, Queue>>,
    sent: Notify,
}

/// SQS takes at most this much in one message, and in one batch.
const MAX_BYTES: usize = 1024 * 1024;

impl Sqs {
    fn queues(&self) -> MutexGuard<'_, HashMap<String, Queue>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn create_queue(&self, name: &str, visibility_seconds: i64) {
        let queue = Queue { messages: Vec::new(), visibility_seconds };
        self.queues().entry(name.to_owned()).or_insert(queue);
    }

    /// The messages of a queue, visible or not, without receiving them.
    #[must_use]
    pub fn messages(&self, name: &str) -> Vec<Message> {
        self.queues().get(name).map(|queue| queue.messages.clone()).unwrap_or_default()
    }

    /// Receives up to `most` visible messages, as Lambda's poller does.
    #[must_use]
    pub fn receive(&self, name: &str, most: usize) -> Vec<Message> {
        self.receive_for(name, most, None)
    }

    /// The same, hidden for so many seconds instead of the queue's visibility timeout.
    fn receive_for(&self, name: &str, most: usize, seconds: Option<i64>) -> Vec<Message> {
        let now = now_ms();
        let mut queues = self.queues();
        let Some(queue) = queues.get_mut(name) else { return Vec::new() };
        let visible = queue.messages.iter_mut().filter(|message| message.visible_ms <= now);
        visible
            .take(most)
            .map(|message| {
                message.receives += 1;
                message.visible_ms = now + seconds.unwrap_or(queue.visibility_seconds) * 1000;
                message.clone()
            })
            .collect()
    }

    /// Receives these messages, by id, in this order.
    #[must_use]
    pub fn receive_these(&self, name: &str, ids: &[String]) -> Vec<Message> {
        let now = now_ms();
        let mut queues = self.queues();
        let Some(queue) = queues.get_mut(name) else { return Vec::new() };
        let hidden_until = now + queue.visibility_seconds * 1000;
        let mut received = Vec::new();
        for id in ids {
            if let Some(message) = queue.messages.iter_mut().find(|message| message.id == *id) {
                message.receives += 1;
                message.visible_ms = hidden_until;
                received.push(message.clone());
            }
        }
        received
    }

    /// Puts messages into a queue as they are.
    pub fn restore(&self, name: &str, messages: &[Message]) {
        if let Some(queue) = self.queues().get_mut(name) {
            queue.messages.extend_from_slice(messages);
        }
    }

    /// Deletes messages by id, as Lambda's poller does with those that are done.
    pub fn delete(&self, name: &str, id: &str) {
        if let Some(queue) = self.queues().get_mut(name) {
            queue.messages.retain(|message| message.id != id);
        }
    }

    pub fn purge(&self, name: &str) {
        if let Some(queue) = self.queues().get_mut(name) {
            queue.messages.clear();
        }
    }

    /// Answers one call. `base` is the address of the stand-in, for queue URLs.
    pub async fn call(
        &self,
        operation: &str,
        request: &Value,
        base: &str,
    ) -> Result<Value, ServiceError> {
        match operation {
            "SendMessage" => self.send(queue_name(request)?, request),
            "SendMessageBatch" => self.send_batch(request),
            "ReceiveMessage" => self.receive_message(request).await,
            "DeleteMessage" => {
                self.delete(queue_name(request)?, text(request, "ReceiptHandle")?);
                Ok(json!({}))
            }
            "ChangeMessageVisibility" => {
                self.hide(queue_name(request)?, request)?;
                Ok(json!({}))
            }
            "ChangeMessageVisibilityBatch" => self.hide_batch(request),
            "GetQueueUrl" => {
                let name = text(request, "QueueName")?;
                self.queues().get(name).ok_or_else(no_queue)?;
                Ok(json!({"QueueUrl": format!("{base}/000000000000/{name}")}))
            }
            // Nobody but its owner sends to a queue here, so a policy changes nothing.
            "SetQueueAttributes" => {
                self.queues().get(queue_name(request)?).ok_or_else(no_queue)?;
                Ok(json!({}))
            }
            "GetQueueAttributes" => self.attributes(queue_name(request)?),
            "CreateQueue" => {
                let name = text(request, "QueueName")?;
                let seconds = request.pointer("/Attributes/VisibilityTimeout");
                let seconds = seconds.and_then(Value::as_str).and_then(|text| text.parse().ok());
                self.create_queue(name, seconds.unwrap_or(30));
                Ok(json!({"QueueUrl": format!("{base}/000000000000/{name}")}))
            }
            "DeleteQueue" => {
                self.queues().remove(queue_name(request)?);
                Ok(json!({}))
            }
            _ => Err(ServiceError::new(
                "UnsupportedOperation",
                format!("the stand-in does not know {operation}"),
            )),
        }
    }

    /// Puts a message into a queue, and wakes those who wait for one.
    pub fn put(&self, name: &str, message: Message) -> Result<(), ServiceError> {
        self.queues().get_mut(name).ok_or_else(no_queue)?.messages.push(message);
        self.sent.notify_waiters();
        Ok(())
    }

    fn send(&self, name: &str, request: &Value) -> Result<Value, ServiceError> {
        let body = text(request, "MessageBody")?;
        if body.is_empty() || body.len() > MAX_BYTES {
            let message = "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.";
            return Err(ServiceError::new("InvalidParameterValue", message));
        }
        let delay = request.get("DelaySeconds").and_then(Value::as_i64).unwrap_or(0);
        if !(0..=900).contains(&delay) {
            let message = "Value for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.";
            return Err(ServiceError::new("InvalidParameterValue", message));
        }
        let mut message = Message::new(body);
        message.attributes = request.get("MessageAttributes").cloned().unwrap_or(Value::Null);
        message.group = request.get("MessageGroupId").and_then(Value::as_str).map(str::to_owned);
        message.visible_ms += delay * 1000;
        let id = message.id.clone();
        self.put(name, message)?;
        // The SDK for Rust compares no checksum, so the answer has none.
        Ok(json!({"MessageId": id}))
    }

    fn send_batch(&self, request: &Value) -> Result<Value, ServiceError> {
        let name = queue_name(request)?;
        let entries = entries(request)?;
        let bytes: usize = entries
            .iter()
            .filter_map(|entry| entry.get("MessageBody").and_then(Value::as_str))
            .map(str::len)
            .sum();
        if bytes > MAX_BYTES {
            let message = "Batch requests cannot be longer than 1048576 bytes.";
            return Err(ServiceError::new("BatchRequestTooLong", message));
        }
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for entry in entries {
            let id = entry.get("Id").cloned().unwrap_or(Value::Null);
            match self.send(name, entry) {
                Ok(mut sent) => {
                    sent["Id"] = id;
                    sent["MD5OfMessageBody"] = json!("");
                    successful.push(sent);
                }
                Err(error) => failed.push(json!({
                    "Id": id, "Code": error.kind, "Message": error.message, "SenderFault": true
                })),
            }
        }
        Ok(json!({"Successful": successful, "Failed": failed}))
    }

    async fn receive_message(&self, request: &Value) -> Result<Value, ServiceError> {
        let name = queue_name(request)?;
        let most = request.get("MaxNumberOfMessages").and_then(Value::as_u64).unwrap_or(1);
        let wait = request.get("WaitTimeSeconds").and_then(Value::as_u64).unwrap_or(0);
        let most = usize::try_from(most).unwrap_or(10);
        let seconds = request.get("VisibilityTimeout").and_then(Value::as_i64);
        let arrival = self.sent.notified();
        let mut received = self.receive_for(name, most, seconds);
        if received.is_empty() && wait > 0 {
            drop(tokio::time::timeout(Duration::from_secs(wait), arrival).await);
            received = self.receive_for(name, most, seconds);
        }
        let asked = request.get("MessageSystemAttributeNames").and_then(Value::as_array);
        let is_asked = asked.is_some_and(|names| names.iter().any(|name| name == "All"));
        let messages: Vec<_> = received
            .into_iter()
            .map(|message| {
                let mut answer = json!({
                    "MessageId": message.id,
                    "ReceiptHandle": message.id,
                    "Body": message.body,
                    "MessageAttributes": message.attributes,
                });
                if is_asked {
                    answer["Attributes"] = json!({
                        "SentTimestamp": message.sent_ms.to_string(),
                        "ApproximateReceiveCount": message.receives.to_string(),
                    });
                    if let Some(group) = message.group {
                        answer["Attributes"]["MessageGroupId"] = json!(group);
                    }
                }
                answer
            })
            .collect();
        Ok(json!({"Messages": messages}))
    }

    fn hide(&self, name: &str, request: &Value) -> Result<(), ServiceError> {
        let handle = text(request, "ReceiptHandle")?;
        let seconds = request.get("VisibilityTimeout").and_then(Value::as_i64).unwrap_or(-1);
        if !(0..=43_200).contains(&seconds) {
            let message = "Value for parameter VisibilityTimeout is invalid.";
            return Err(ServiceError::new("InvalidParameterValue", message));
        }
        let mut queues = self.queues();
        let queue = queues.get_mut(name).ok_or_else(no_queue)?;
        let message = queue.messages.iter_mut().find(|message| message.id == handle);
        let message = message.ok_or_else(|| {
            ServiceError::new("InvalidParameterValue", "The message no longer exists")
        })?;
        message.visible_ms = now_ms() + seconds * 1000;
        Ok(())
    }

    fn hide_batch(&self, request: &Value) -> Result<Value, ServiceError> {
        let name = queue_name(request)?;
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for entry in entries(request)? {
            let id = entry.get("Id").cloned().unwrap_or(Value::Null);
            match self.hide(name, entry) {
                Ok(()) => successful.push(json!({"Id": id})),
                Err(error) => failed.push(json!({
                    "Id": id, "Code": error.kind, "Message": error.message, "SenderFault": true
                })),
            }
        }
        Ok(json!({"Successful": successful, "Failed": failed}))
    }

    fn attributes(&self, name: &str) -> Result<Value, ServiceError> {
        let now = now_ms();
        let queues = self.queues();
        let queue = queues.get(name).ok_or_else(no_queue)?;
        let mut attributes = Map::new();
        let count = |is: &dyn Fn(&Message) -> bool| {
            json!(queue.messages.iter().filter(|message| is(message)).count().to_string())
        };
        let waits = |message: &Message| message.visible_ms > now;
        for (attribute, value) in [
            ("QueueArn", json!(format!("arn:aws:sqs:us-east-1:000000000000:{name}"))),
            ("ApproximateNumberOfMessages", count(&|m| !waits(m))),
            ("ApproximateNumberOfMessagesNotVisible", count(&|m| waits(m) && m.receives > 0)),
            ("ApproximateNumberOfMessagesDelayed", count(&|m| waits(m) && m.receives == 0)),
        ] {
            attributes.insert(attribute.to_owned(), value);
        }
        Ok(json!({"Attributes": attributes}))
    }
}

fn no_queue() -> ServiceError {
    let message = "The specified queue does not exist.";
    ServiceError::new("com.amazonaws.sqs#QueueDoesNotExist", message)
}

fn entries(request: &Value) -> Result<&Vec<Value>, ServiceError> {
    let entries = request.get("Entries").and_then(Value::as_array);
    entries.filter(|entries| (1..=10).contains(&entries.len())).ok_or_else(|| {
        ServiceError::new("TooManyEntriesInBatchRequest", "A batch has 1 to 10 entries.")
    })
}

fn text<'a>(request: &'a Value, name: &str) -> Result<&'a str, ServiceError> {
    request.get(name).and_then(Value::as_str).ok_or_else(|| {
        let message = format!("The request must contain the parameter {name}.");
        ServiceError::new("MissingParameter", message)
    })
}

fn queue_name(request: &Value) -> Result<&str, ServiceError> {
    Ok(text(request, "QueueUrl")?.rsplit('/').next().unwrap_or_default())
}
