//! The delivery and the retry queue.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{QueueAttributeName, SendMessageBatchRequestEntry};
use futures::{StreamExt as _, TryStreamExt as _};
use hooklane_app::ports::{DeferQueue, DispatchQueue, Entropy as _, QueueDepth, Unavailable};
use hooklane_domain::delivery::MessageId;
use hooklane_domain::delivery::message::Message;
use hooklane_domain::delivery::waiting::Lane;

use crate::failure::unavailable;
use crate::system::System;

/// Both queues are fair: a message's group is its webhook (*Amazon SQS Developer Guide*, "Amazon SQS
/// fair queues").
#[derive(Debug, Clone)]
pub struct Queues {
    client: Client,
    urls: QueueUrls,
}

/// The queues that a function knows.
#[derive(Debug, Clone)]
pub struct QueueUrls {
    pub delivery: Option<String>,
    pub retry: Option<String>,
}

/// SQS takes ten messages at a time.
const BATCH: usize = 10;
/// So many batches of one call are sent at once.
const CONCURRENCY: usize = 8;
/// Entries that fail are sent again this often, with growing pauses.
const TRIES: u32 = 5;

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
        url.as_deref().ok_or_else(|| Unavailable::new(name, "not configured here"))
    }

    /// Sends one batch until every entry is in the queue.
    async fn send_batch(&self, url: &str, messages: &[Message]) -> Result<(), Unavailable> {
        let mut left: Vec<usize> = (0..messages.len()).collect();
        let what = || format!("SQS SendMessageBatch on {url}");
        let mut last = String::new();
        for tried in 0..TRIES {
            if tried > 0 {
                tokio::time::sleep(pause(tried)).await;
            }
            let entries =
                left.iter().map(|&i| entry(i, &messages[i])).collect::<Result<Vec<_>, _>>()?;
            let answer = self
                .client
                .send_message_batch()
                .queue_url(url)
                .set_entries(Some(entries))
                .send()
                .await
                .map_err(unavailable(what()))?;
            for failed in &answer.failed {
                last = format!("{}: {}", failed.code, failed.message.as_deref().unwrap_or(""));
            }
            let sent: Vec<&str> = answer.successful.iter().map(|s| s.id.as_str()).collect();
            left.retain(|i| !sent.contains(&i.to_string().as_str()));
            if left.is_empty() {
                return Ok(());
            }
        }
        Err(Unavailable::new(what(), format!("{} entries failed, last with {last}", left.len())))
    }
}

fn pause(tried: u32) -> Duration {
    let ceiling = 50.0 * 2f64.powi(i32::try_from(tried).unwrap_or(i32::MAX).min(6));
    Duration::from_millis((ceiling * (0.5 + System.jitter() / 2.0)) as u64)
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
            .map_err(unavailable(format!("SQS ChangeMessageVisibility on {url}")))?;
        Ok(())
    }

    async fn send_later(&self, message: &Message, seconds: u32) -> Result<MessageId, Unavailable> {
        let url = self.url(Lane::Slow)?;
        let what = || format!("SQS SendMessage on {url}");
        let sent = self
            .client
            .send_message()
            .queue_url(url)
            .message_body(message.encode())
            .message_group_id(group(message))
            .delay_seconds(i32::try_from(seconds).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(unavailable(what()))?;
        sent.message_id.map(MessageId).ok_or_else(|| Unavailable::new(what(), "no message id"))
    }
}

impl QueueDepth for Queues {
    async fn in_flight(&self) -> Result<u64, Unavailable> {
        // What is held back is in flight soon.
        let counts = [
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let url = self.url(Lane::Slow)?;
        let what = || format!("SQS GetQueueAttributes on {url}");
        let answer = self
            .client
            .get_queue_attributes()
            .queue_url(url)
            .set_attribute_names(Some(counts.to_vec()))
            .send()
            .await
            .map_err(unavailable(what()))?;
        let attributes = answer.attributes.unwrap_or_default();
        counts.iter().try_fold(0, |sum, name| {
            let count = attributes.get(name).and_then(|text| text.parse::<u64>().ok());
            Ok(sum + count.ok_or_else(|| Unavailable::new(what(), format!("no {name}")))?)
        })
    }
}
