//! The delivery queue and the retry queue.

use std::collections::HashMap;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::operation::change_message_visibility::ChangeMessageVisibilityError;
use aws_sdk_sqs::types::{BatchResultErrorEntry, QueueAttributeName, SendMessageBatchRequestEntry};
use futures::{StreamExt as _, TryStreamExt as _};
use hooklane_app::ports::{
    DeferQueue, DispatchQueue, QueueDepth, Refused, RefusedForGood, Unavailable,
};
use hooklane_domain::delivery::MessageId;
use hooklane_domain::delivery::message::Message;
use hooklane_domain::delivery::waiting::Lane;

use crate::failure::{Call, is_throttle, unavailable};
use crate::retry::{Answer, UNSENT_MESSAGES, until_processed};

/// The two queues. Both are fair queues: a message's group is its webhook, so that the backlog of one
/// webhook does not hold up the others (*Amazon SQS Developer Guide*, "Amazon SQS fair queues").
#[derive(Debug, Clone)]
pub struct Queues {
    client: Client,
    urls: QueueUrls,
}

/// The URLs of the queues that a function uses; `None` for one that it does not.
#[derive(Debug, Clone)]
pub struct QueueUrls {
    pub delivery: Option<String>,
    pub retry: Option<String>,
}

/// SQS takes at most ten messages in one call.
const BATCH: usize = 10;
/// The number of batches that are sent at the same time.
const CONCURRENCY: usize = 8;

/// The last part of a queue's URL or ARN.
#[must_use]
pub fn queue_name(url_or_arn: &str) -> &str {
    url_or_arn.rsplit(['/', ':']).next().unwrap_or(url_or_arn)
}

impl Queues {
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, urls: QueueUrls) -> Self {
        Self { client: Client::new(config), urls }
    }

    fn url(&self, lane: Lane) -> Result<&str, Unavailable> {
        let (url, name) = match lane {
            Lane::Fast => (&self.urls.delivery, "the delivery queue"),
            Lane::Slow => (&self.urls.retry, "the retry queue"),
        };
        url.as_deref().ok_or_else(|| Unavailable::new(name, "this function has no setting for it"))
    }

    /// Sends one batch until every entry is in the queue or refused. Returns the refused ones.
    async fn send_batch(
        &self,
        url: &str,
        messages: &[Message],
    ) -> Result<Vec<Refused>, Unavailable> {
        let all = (0..messages.len()).collect();
        let send = |left| self.send_some(url, messages, left);
        let answer = until_processed(UNSENT_MESSAGES, all, send).await?;
        let mut refused = Vec::new();
        let mut last = String::new();
        for failed in answer.results {
            match failed {
                Failed::Refused(entry) => refused.push(entry),
                Failed::Unavailable(reason) => last = reason,
            }
        }
        if answer.left.is_empty() {
            return Ok(refused);
        }
        let why = format!("{} entries failed, last with {last}", answer.left.len());
        Err(call("SendMessageBatch", url).answered(why))
    }

    /// Makes one call for the messages at the indexes `left`. Its results say why entries failed; what it
    /// leaves are the indexes of the messages that are neither in the queue nor refused.
    async fn send_some(
        &self,
        url: &str,
        messages: &[Message],
        mut left: Vec<usize>,
    ) -> Result<Answer<Failed, usize>, Unavailable> {
        let entries = left.iter().map(|&i| entry(i, &messages[i])).collect::<Result<_, _>>()?;
        let send = self.client.send_message_batch().queue_url(url).set_entries(Some(entries));
        let answer = match send.send().await {
            Ok(answer) => answer,
            // One entry makes SQS refuse the whole call. Each is sent alone, so that only that one is.
            Err(error) if is_refusal_of_a_call(&error) => {
                return self.send_each(url, messages, left).await;
            }
            Err(error) => return Err(call("SendMessageBatch", url).failed()(error)),
        };
        let sent: Vec<&str> = answer.successful.iter().map(|sent| sent.id.as_str()).collect();
        left.retain(|i| !sent.contains(&i.to_string().as_str()));
        let results: Vec<_> = answer.failed.iter().map(Failed::of).collect();
        left.retain(|index| !results.iter().any(|failed| failed.is_refusal_of(*index)));
        Ok(Answer { results, left })
    }

    async fn send_each(
        &self,
        url: &str,
        messages: &[Message],
        left: Vec<usize>,
    ) -> Result<Answer<Failed, usize>, Unavailable> {
        let mut results = Vec::new();
        for index in left {
            let message = &messages[index];
            let send = self.client.send_message().queue_url(url).message_body(message.encode());
            match send.message_group_id(group(message)).send().await {
                Ok(_) => {}
                Err(error) => match why_refused(&error) {
                    Some(reason) => results.push(Failed::Refused(Refused { index, reason })),
                    None => return Err(call("SendMessage", url).failed()(error)),
                },
            }
        }
        Ok(Answer { results, left: Vec::new() })
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

fn entry(i: usize, message: &Message) -> Result<SendMessageBatchRequestEntry, Unavailable> {
    SendMessageBatchRequestEntry::builder()
        .id(i.to_string())
        .message_body(message.encode())
        .message_group_id(group(message))
        .build()
        .map_err(unavailable("building a message".to_owned()))
}

fn group(message: &Message) -> String {
    let Message::Deliver(deliver) = message;
    deliver.delivery.webhook().to_string()
}

/// Why an entry of a batch is not in the queue.
#[derive(Debug)]
enum Failed {
    /// It would be refused again.
    Refused(Refused),
    /// It may be taken later. Holds the reason.
    Unavailable(String),
}

impl Failed {
    fn of(entry: &BatchResultErrorEntry) -> Self {
        let reason = reason(&entry.code, entry.message());
        match entry.id.parse() {
            Ok(index) if entry.sender_fault && !may_pass(&entry.code) => {
                Self::Refused(Refused { index, reason })
            }
            _ => Self::Unavailable(reason),
        }
    }

    fn is_refusal_of(&self, of: usize) -> bool {
        matches!(self, Self::Refused(Refused { index, .. }) if *index == of)
    }
}

fn reason(code: &str, message: Option<&str>) -> String {
    format!("SQS refuses the message with {code}: {}", message.unwrap_or("no message"))
}

/// Whether an error that SQS puts down to the sender is about something else than the message: throttling,
/// the queue's key, permissions, the queue itself. Those are an operator's to mend, and the message waits.
fn may_pass(code: &str) -> bool {
    const OTHERS: [&str; 7] = [
        "Kms",
        "KMS",
        "AccessDenied",
        "OverLimit",
        "QueueDoesNotExist",
        "NonExistentQueue",
        "Security",
    ];
    is_throttle(code) || OTHERS.iter().any(|other| code.contains(other))
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

impl DispatchQueue for Queues {
    async fn dispatch(
        &self,
        lane: Lane,
        messages: &[Message],
    ) -> Result<Vec<Refused>, Unavailable> {
        let url = self.url(lane)?;
        let batches: Vec<_> = messages
            .chunks(BATCH)
            .enumerate()
            .map(|(number, batch)| async move {
                let refused = self.send_batch(url, batch).await?;
                let placed =
                    |entry: Refused| Refused { index: number * BATCH + entry.index, ..entry };
                Ok::<_, Unavailable>(refused.into_iter().map(placed).collect::<Vec<_>>())
            })
            .collect();
        let sent = futures::stream::iter(batches).buffer_unordered(CONCURRENCY);
        let mut refused: Vec<_> = sent.try_concat().await?;
        refused.sort_by_key(|entry| entry.index);
        Ok(refused)
    }
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
