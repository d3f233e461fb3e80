//! The delivery queue and the retry queue.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{BatchResultErrorEntry, QueueAttributeName, SendMessageBatchRequestEntry};
use futures::{StreamExt as _, TryStreamExt as _};
use hooklane_app::ports::{DeferQueue, DispatchQueue, QueueDepth, Unavailable};
use hooklane_domain::delivery::MessageId;
use hooklane_domain::delivery::message::Message;
use hooklane_domain::delivery::waiting::Lane;

use crate::failure::{Call, unavailable};
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

    /// Sends one batch until every entry is in the queue.
    async fn send_batch(&self, url: &str, messages: &[Message]) -> Result<(), Unavailable> {
        let all = (0..messages.len()).collect();
        let send = |left| self.send_some(url, messages, left);
        let answer = until_processed(UNSENT_MESSAGES, all, send).await?;
        if answer.left.is_empty() {
            return Ok(());
        }
        let last = answer.results.last().map_or("", String::as_str);
        let why = format!("{} entries failed, last with {last}", answer.left.len());
        Err(call("SendMessageBatch", url).answered(why))
    }

    /// Makes one call for the messages at the indexes `left`. Its results are the reasons why entries
    /// failed; what it leaves are the indexes of the messages that are not in the queue.
    async fn send_some(
        &self,
        url: &str,
        messages: &[Message],
        mut left: Vec<usize>,
    ) -> Result<Answer<String, usize>, Unavailable> {
        let entries = left.iter().map(|&i| entry(i, &messages[i])).collect::<Result<_, _>>()?;
        let send = self.client.send_message_batch().queue_url(url).set_entries(Some(entries));
        let answer = send.send().await.map_err(call("SendMessageBatch", url).failed())?;
        let sent: Vec<&str> = answer.successful.iter().map(|sent| sent.id.as_str()).collect();
        left.retain(|i| !sent.contains(&i.to_string().as_str()));
        let why = |entry: &BatchResultErrorEntry| {
            format!("{}: {}", entry.code, entry.message.as_deref().unwrap_or(""))
        };
        Ok(Answer { results: answer.failed.iter().map(why).collect(), left })
    }
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

impl DispatchQueue for Queues {
    async fn dispatch(&self, lane: Lane, messages: &[Message]) -> Result<(), Unavailable> {
        let url = self.url(lane)?;
        let batches: Vec<_> =
            messages.chunks(BATCH).map(|batch| self.send_batch(url, batch)).collect();
        futures::stream::iter(batches).buffer_unordered(CONCURRENCY).try_collect().await
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
        self.client
            .change_message_visibility()
            .queue_url(url)
            .receipt_handle(receipt_handle)
            .visibility_timeout(i32::try_from(seconds).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(call("ChangeMessageVisibility", url).failed())?;
        Ok(())
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
            .map_err(call("SendMessage", url).failed())?;
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
        counts.iter().try_fold(0, |sum, name| {
            let count = attributes.get(name).and_then(|text| text.parse::<u64>().ok());
            let missing = || call("GetQueueAttributes", url).answered(format!("no {name}"));
            Ok(sum + count.ok_or_else(missing)?)
        })
    }
}
