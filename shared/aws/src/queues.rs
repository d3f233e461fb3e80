//! The delivery queue and the retry queue.

use std::collections::HashMap;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::operation::change_message_visibility::ChangeMessageVisibilityError;
use aws_sdk_sqs::types::QueueAttributeName;
use hooklane_app::ports::{DeferQueue, QueueDepth, RefusedForGood, Unavailable};
use hooklane_domain::delivery::MessageId;
use hooklane_domain::delivery::message::Message;
use hooklane_domain::delivery::message::bundle::EventsPerMessage;
use hooklane_domain::delivery::waiting::Lane;

use crate::clients::Aws;
use crate::direct::Direct;
use crate::failure::Call;

mod dispatch;

/// The two queues. Both are fair queues: a message's group is its webhook, so that the backlog of one
/// webhook does not hold up the others (*Amazon SQS Developer Guide*, "Amazon SQS fair queues").
#[derive(Debug, Clone)]
pub struct Queues {
    client: Client,
    direct: Direct,
    urls: QueueUrls,
    events_per_message: EventsPerMessage,
}

/// The URLs of the queues that a function uses; `None` for one that it does not.
#[derive(Debug, Clone)]
pub struct QueueUrls {
    pub delivery: Option<String>,
    pub retry: Option<String>,
}

/// The last part of a queue's URL or ARN.
#[must_use]
pub fn queue_name(url_or_arn: &str) -> &str {
    url_or_arn.rsplit(['/', ':']).next().unwrap_or(url_or_arn)
}

impl Queues {
    #[must_use]
    pub fn new(aws: &Aws, urls: QueueUrls) -> Self {
        let events_per_message = EventsPerMessage::ONE;
        Self { client: Client::new(aws), direct: Direct::to_sqs(aws), urls, events_per_message }
    }

    /// The same queues, whose messages for the fast lane may hold so many events.
    #[must_use]
    pub fn with(self, events_per_message: EventsPerMessage) -> Self {
        Self { events_per_message, ..self }
    }

    fn url(&self, lane: Lane) -> Result<&str, Unavailable> {
        let (url, name) = match lane {
            Lane::Fast => (&self.urls.delivery, "the delivery queue"),
            Lane::Slow => (&self.urls.retry, "the retry queue"),
        };
        url.as_deref().ok_or_else(|| Unavailable::new(name, "this function has no setting for it"))
    }
}

/// Sets the visibility timeout of a received message.
pub(crate) async fn set_visibility(
    client: &Client,
    url: &str,
    receipt_handle: &str,
    seconds: u32,
) -> Result<(), SdkError<ChangeMessageVisibilityError>> {
    let hide = client.change_message_visibility().queue_url(url).receipt_handle(receipt_handle);
    hide.visibility_timeout(i32::try_from(seconds).unwrap_or(i32::MAX)).send().await.map(drop)
}

/// A call on a queue, as an error names it.
pub(crate) fn call<'a>(operation: &'static str, url: &'a str) -> Call<'a> {
    Call { service: "SQS", operation, on: url }
}

fn group(message: &Message) -> String {
    let Message::Deliver(deliver) = message;
    deliver.delivery.webhook().to_string()
}

fn reason(code: &str, message: Option<&str>) -> String {
    format!("SQS refuses the message with {code}: {}", message.unwrap_or("no message"))
}

/// Whether SQS refuses what is in a message or how large it is (*Amazon SQS API Reference*, "SendMessage"
/// and "SendMessageBatch").
fn is_refusal_of_a_call<E: ProvideErrorMetadata>(error: &E) -> bool {
    const REFUSALS: [&str; 4] = [
        "InvalidMessageContents",
        "BatchRequestTooLong",
        "InvalidParameterValue",
        "MessageTooLong",
    ];
    error.code().is_some_and(|code| REFUSALS.iter().any(|refusal| code.contains(refusal)))
}

/// Why SQS would refuse the message of a call each time, if that is what failed.
pub(crate) fn why_refused<E: ProvideErrorMetadata>(error: &E) -> Option<String> {
    let is_refusal = is_refusal_of_a_call(error);
    is_refusal.then(|| reason(error.code().unwrap_or_default(), error.message()))
}

/// A count among the attributes of a queue.
pub(crate) fn queue_count(
    attributes: &HashMap<QueueAttributeName, String>,
    name: &QueueAttributeName,
    url: &str,
) -> Result<u64, Unavailable> {
    let count = attributes.get(name).and_then(|text| text.parse().ok());
    count.ok_or_else(|| call("GetQueueAttributes", url).answered(format!("no {name}")))
}

impl DeferQueue for Queues {
    async fn hide(
        &self,
        lane: Lane,
        receipt_handle: &str,
        seconds: u32,
    ) -> Result<(), Unavailable> {
        let url = self.url(lane)?;
        let hidden = set_visibility(&self.client, url, receipt_handle, seconds).await;
        hidden.map_err(call("ChangeMessageVisibility", url).failed())
    }

    async fn send_later(&self, message: &Message, seconds: u32) -> Result<MessageId, Unavailable> {
        let url = self.url(Lane::Slow)?;
        let sent = self
            .client
            .send_message()
            .queue_url(url)
            .message_body(message.encode())
            .message_group_id(group(message))
            .delay_seconds(i32::try_from(seconds).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| match why_refused(&error) {
                Some(reason) => {
                    Unavailable::new(call("SendMessage", url).to_string(), RefusedForGood(reason))
                }
                None => call("SendMessage", url).failed()(error),
            })?;
        let id = sent.message_id.map(MessageId);
        id.ok_or_else(|| call("SendMessage", url).answered("no message id"))
    }
}

impl QueueDepth for Queues {
    async fn in_flight(&self) -> Result<u64, Unavailable> {
        // A delayed message will be in flight soon.
        let counts = [
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let url = self.url(Lane::Slow)?;
        let answer = self
            .client
            .get_queue_attributes()
            .queue_url(url)
            .set_attribute_names(Some(counts.to_vec()))
            .send()
            .await
            .map_err(call("GetQueueAttributes", url).failed())?;
        let attributes = answer.attributes.unwrap_or_default();
        counts.iter().try_fold(0, |sum, name| Ok(sum + queue_count(&attributes, name, url)?))
    }
}

#[cfg(test)]
mod tests;
