//! Sending first messages, in batches of ten and several deliveries in a message.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use aws_sdk_sqs::operation::send_message_batch::{SendMessageBatch, SendMessageBatchInput};
use aws_sdk_sqs::types::{BatchResultErrorEntry, SendMessageBatchRequestEntry};
use futures::{StreamExt as _, TryStreamExt as _};
use hooklane_app::ports::{DispatchQueue, Refused, Unavailable};
use hooklane_domain::delivery::message::Message;
use hooklane_domain::delivery::message::bundle::{self, EventsPerMessage};
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::ids::WebhookId;

use super::{Queues, call, group, is_refusal_of_a_call, reason, why_refused};
use crate::direct::Operation;
use crate::failure::{is_throttle, unavailable};
use crate::retry::{Answer, UNSENT_MESSAGES, until_processed};

static SEND: LazyLock<Operation> = LazyLock::new(|| Operation::of(&SendMessageBatch::new()));

/// SQS takes at most ten messages in one call.
const BATCH: usize = 10;
/// The number of batches that are sent at the same time.
const CONCURRENCY: usize = 8;

/// What travels in one message of the queue.
struct Bundle<'a> {
    /// The places of its messages among all.
    places: Vec<usize>,
    messages: Vec<&'a Message>,
}

impl<'a> Bundle<'a> {
    fn of(places: Vec<usize>, all: &'a [Message]) -> Self {
        let messages = places.iter().map(|place| &all[*place]).collect();
        Self { places, messages }
    }

    fn text(&self) -> String {
        bundle::encode(&self.messages)
    }

    /// All of its messages are of one webhook.
    fn group(&self) -> String {
        self.messages.first().map(|first| group(first)).unwrap_or_default()
    }
}

impl DispatchQueue for Queues {
    async fn dispatch(
        &self,
        lane: Lane,
        messages: &[Message],
    ) -> Result<Vec<Refused>, Unavailable> {
        self.dispatch_in(lane, messages, EventsPerMessage::ONE.bundles(messages, &BTreeSet::new()))
            .await
    }

    async fn dispatch_together(
        &self,
        messages: &[Message],
        alone: &BTreeSet<WebhookId>,
    ) -> Result<Vec<Refused>, Unavailable> {
        let bundles = self.events_per_message.bundles(messages, alone);
        self.dispatch_in(Lane::Fast, messages, bundles).await
    }
}

impl Queues {
    async fn dispatch_in(
        &self,
        lane: Lane,
        messages: &[Message],
        bundles: Vec<Vec<usize>>,
    ) -> Result<Vec<Refused>, Unavailable> {
        let url = self.url(lane)?;
        let mut refused = Vec::new();
        let mut left = bundles;
        while !left.is_empty() {
            let bundles: Vec<_> =
                left.drain(..).map(|places| Bundle::of(places, messages)).collect();
            for Refused { index, reason } in self.send_all(url, &bundles).await? {
                match *bundles[index].places {
                    [index] => refused.push(Refused { index, reason }),
                    // It may be for one of them alone, so each is sent by itself.
                    ref places => left.extend(places.iter().map(|place| vec![*place])),
                }
            }
        }
        refused.sort_by_key(|entry| entry.index);
        Ok(refused)
    }

    /// Sends all of them in batches, several at the same time. Returns those that are refused by their places.
    async fn send_all(
        &self,
        url: &str,
        bundles: &[Bundle<'_>],
    ) -> Result<Vec<Refused>, Unavailable> {
        let batches: Vec<_> = bundles
            .chunks(BATCH)
            .enumerate()
            .map(|(number, batch)| async move {
                let refused = self.send_batch(url, batch).await?;
                let placed =
                    |entry: Refused| Refused { index: number * BATCH + entry.index, ..entry };
                Ok::<_, Unavailable>(refused.into_iter().map(placed).collect::<Vec<_>>())
            })
            .collect();
        futures::stream::iter(batches).buffer_unordered(CONCURRENCY).try_concat().await
    }

    /// Sends one batch until every entry is in the queue or refused. Returns the refused ones.
    async fn send_batch(
        &self,
        url: &str,
        batch: &[Bundle<'_>],
    ) -> Result<Vec<Refused>, Unavailable> {
        let all = (0..batch.len()).collect();
        let send = |left| self.send_some(url, batch, left);
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

    /// Makes one call for the entries at the indexes `left`. Its results say why entries failed; what it
    /// leaves are the indexes of those that are neither in the queue nor refused.
    async fn send_some(
        &self,
        url: &str,
        batch: &[Bundle<'_>],
        mut left: Vec<usize>,
    ) -> Result<Answer<Failed, usize>, Unavailable> {
        let entries = left.iter().map(|&i| entry(i, &batch[i])).collect::<Result<_, _>>()?;
        let send = SendMessageBatchInput::builder().queue_url(url).set_entries(Some(entries));
        let input = send.clone().build();
        let sent = self.direct.call(&SEND, input, || send.send_with(&self.client)).await;
        let answer = match sent {
            Ok(answer) => answer,
            // One entry makes SQS refuse the whole call. Each is sent alone, so that only that one is.
            Err(error) if is_refusal_of_a_call(&error) => {
                return self.send_each(url, batch, left).await;
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
        batch: &[Bundle<'_>],
        left: Vec<usize>,
    ) -> Result<Answer<Failed, usize>, Unavailable> {
        let mut results = Vec::new();
        for index in left {
            let bundle = &batch[index];
            let send = self.client.send_message().queue_url(url).message_body(bundle.text());
            match send.message_group_id(bundle.group()).send().await {
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

fn entry(i: usize, bundle: &Bundle<'_>) -> Result<SendMessageBatchRequestEntry, Unavailable> {
    SendMessageBatchRequestEntry::builder()
        .id(i.to_string())
        .message_body(bundle.text())
        .message_group_id(bundle.group())
        .build()
        .map_err(unavailable("building a message".to_owned()))
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
