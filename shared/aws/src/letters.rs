//! The dead-letter queues of all sources, as an operator works with them.

use std::collections::HashMap;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, Message, MessageSystemAttributeName,
    QueueAttributeName,
};
use hooklane_app::ports::{
    Backlog, LetterBox, LetterCount, Ran, RunErrand, Unavailable, WorkQueue,
};
use hooklane_domain::Timestamp;
use hooklane_domain::dead_letter::{Errand, Letter, Source};
use hooklane_domain::delivery::waiting::Lane;

use crate::clients::Aws;
use crate::failure::unavailable;
use crate::queues::{call, queue_count, why_refused};
use crate::retry::{Answer, UNSENT_MESSAGES, until_processed};
use crate::stream;

/// The dead-letter queues.
#[derive(Debug, Clone)]
pub struct LetterQueues {
    client: Client,
    urls: LetterUrls,
}

/// The URLs of the dead-letter queues, by source.
#[derive(Debug, Clone)]
pub struct LetterUrls {
    pub events: String,
    pub fanout: String,
    pub stats: String,
    pub deliveries: String,
    pub upkeep: String,
}

/// SQS hands out, and takes, at most ten messages in one call.
const BATCH: usize = 10;

impl LetterQueues {
    #[must_use]
    pub fn new(config: &Aws, urls: LetterUrls) -> Self {
        Self { client: Client::new(config), urls }
    }

    fn url(&self, source: Source) -> &str {
        match source {
            Source::Events => &self.urls.events,
            Source::Fanout => &self.urls.fanout,
            Source::Stats => &self.urls.stats,
            Source::Deliveries => &self.urls.deliveries,
            Source::Upkeep => &self.urls.upkeep,
        }
    }

    /// Makes one call for up to ten letters. What it leaves may be given back later. A letter that is gone, or
    /// visible already, is refused as the caller's mistake, and passed over.
    async fn give_some_back(
        &self,
        url: &str,
        handles: &[String],
        mut left: Vec<usize>,
    ) -> Result<Answer<String, usize>, Unavailable> {
        let entries = left.iter().map(|&i| visible(i, &handles[i])).collect::<Result<_, _>>()?;
        let change = self.client.change_message_visibility_batch().queue_url(url);
        let answer = change.set_entries(Some(entries)).send().await;
        let answer = answer.map_err(call("ChangeMessageVisibilityBatch", url).failed())?;
        let failed: HashMap<_, _> =
            answer.failed.iter().filter(|f| !f.sender_fault).map(|f| (f.id(), f.code())).collect();
        left.retain(|i| failed.contains_key(i.to_string().as_str()));
        Ok(Answer { results: failed.into_values().map(str::to_owned).collect(), left })
    }
}

fn visible(
    i: usize,
    handle: &str,
) -> Result<ChangeMessageVisibilityBatchRequestEntry, Unavailable> {
    ChangeMessageVisibilityBatchRequestEntry::builder()
        .id(i.to_string())
        .receipt_handle(handle)
        .visibility_timeout(0)
        .build()
        .map_err(unavailable("building a change of visibility".to_owned()))
}

/// About how many messages a queue holds.
async fn count(client: &Client, url: &str) -> Result<LetterCount, Unavailable> {
    let counts = [
        QueueAttributeName::ApproximateNumberOfMessages,
        QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        QueueAttributeName::ApproximateNumberOfMessagesDelayed,
    ];
    let ask = client.get_queue_attributes().queue_url(url);
    let answer = ask.set_attribute_names(Some(counts.to_vec())).send().await;
    let answer = answer.map_err(call("GetQueueAttributes", url).failed())?;
    let attributes = answer.attributes.unwrap_or_default();
    let [visible, hidden, delayed] = counts.map(|name| queue_count(&attributes, &name, url));
    Ok(LetterCount { visible: visible?, hidden: hidden? + delayed? })
}

impl LetterBox for LetterQueues {
    async fn letter_count(&self, source: Source) -> Result<LetterCount, Unavailable> {
        count(&self.client, self.url(source)).await
    }

    async fn take_letters(&self, source: Source, seconds: u32) -> Result<Vec<Letter>, Unavailable> {
        let url = self.url(source);
        let received = self
            .client
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(i32::try_from(BATCH).unwrap_or(1))
            .visibility_timeout(i32::try_from(seconds).unwrap_or(i32::MAX))
            // SQS then asks all of its servers, and does not answer with nothing while one has a letter.
            .wait_time_seconds(1)
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await
            .map_err(call("ReceiveMessage", url).failed())?;
        let messages = received.messages.unwrap_or_default().into_iter();
        messages.map(|message| letter(message, source, url)).collect()
    }

    async fn give_back(
        &self,
        source: Source,
        receipt_handles: &[String],
    ) -> Result<(), Unavailable> {
        let url = self.url(source);
        let mut result = Ok(());
        // A batch that fails does not keep the others from being given back.
        for handles in receipt_handles.chunks(BATCH) {
            let give = |left| self.give_some_back(url, handles, left);
            let all = (0..handles.len()).collect();
            result = match until_processed(UNSENT_MESSAGES, all, give).await {
                Ok(answer) if answer.left.is_empty() => result,
                Ok(answer) => {
                    let last = answer.results.last().map_or("no code", String::as_str);
                    let why = format!("{} entries failed, last with {last}", answer.left.len());
                    Err(call("ChangeMessageVisibilityBatch", url).answered(why))
                }
                Err(error) => Err(error),
            };
        }
        result
    }

    async fn discard(&self, source: Source, receipt_handle: &str) -> Result<(), Unavailable> {
        let url = self.url(source);
        let delete = self.client.delete_message().queue_url(url).receipt_handle(receipt_handle);
        delete.send().await.map(drop).map_err(call("DeleteMessage", url).failed())
    }
}

fn letter(message: Message, source: Source, url: &str) -> Result<Letter, Unavailable> {
    use MessageSystemAttributeName::{ApproximateReceiveCount, MessageGroupId, SentTimestamp};
    let lacks =
        |what: &str| call("ReceiveMessage", url).answered(format!("a message without {what}"));
    let system = message.attributes.unwrap_or_default();
    let own = message.message_attributes.unwrap_or_default();
    let text = |name: &str| own.get(name).and_then(|value| value.string_value.clone());
    let sent_at = system.get(&SentTimestamp).and_then(|ms| ms.parse().ok());
    let sent_at = sent_at.and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let body = message.body.unwrap_or_default();
    let is_record = matches!(source, Source::Fanout | Source::Stats);
    Ok(Letter {
        id: message.message_id.and_then(|id| id.parse().ok()).ok_or_else(|| lacks("an id"))?,
        receipt_handle: message.receipt_handle.ok_or_else(|| lacks("a receipt handle"))?,
        reason: text("reason"),
        sent_at: sent_at.ok_or_else(|| lacks("the time of its sending"))?,
        receives: system.get(&ApproximateReceiveCount).and_then(|n| n.parse().ok()).unwrap_or(1),
        group: system.get(&MessageGroupId).cloned(),
        event: is_record.then(|| stream::event_of(&body)).flatten(),
        body,
    })
}

/// Sends dead letters again, to the queues that their messages came from.
#[derive(Debug, Clone)]
pub struct Errands {
    client: Client,
    urls: ErrandUrls,
}

/// Where letters are sent again.
#[derive(Debug, Clone)]
pub struct ErrandUrls {
    pub events: String,
    pub delivery: String,
    pub retry: String,
}

impl Errands {
    #[must_use]
    pub fn new(config: &Aws, urls: ErrandUrls) -> Self {
        Self { client: Client::new(config), urls }
    }
}

impl Backlog for Errands {
    async fn backlog(&self, queue: WorkQueue) -> Result<LetterCount, Unavailable> {
        let url = match queue {
            WorkQueue::Events => &self.urls.events,
            WorkQueue::Delivery => &self.urls.delivery,
            WorkQueue::Retry => &self.urls.retry,
        };
        count(&self.client, url).await
    }
}

impl RunErrand for Errands {
    async fn run_errand(&self, errand: &Errand) -> Result<Ran, Unavailable> {
        let (url, body, group) = match errand {
            Errand::Publish(body) => (&self.urls.events, body, None),
            Errand::Deliver { lane: Lane::Fast, body, group } => {
                (&self.urls.delivery, body, group.clone())
            }
            Errand::Deliver { lane: Lane::Slow, body, group } => {
                (&self.urls.retry, body, group.clone())
            }
        };
        let send = self.client.send_message().queue_url(url).message_body(body);
        match send.set_message_group_id(group).send().await {
            Ok(_) => Ok(Ran::Done),
            Err(error) => match why_refused(&error) {
                Some(why) => Ok(Ran::Refused(why)),
                None => Err(call("SendMessage", url).failed()(error)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scripted::{Scripted, error};

    const URL: &str = "http://127.0.0.1/queue";

    fn queues(scripted: &Scripted) -> LetterQueues {
        let url = || URL.to_owned();
        let urls = LetterUrls {
            events: url(),
            fanout: url(),
            stats: url(),
            deliveries: url(),
            upkeep: url(),
        };
        LetterQueues::new(&scripted.config, urls)
    }

    #[tokio::test]
    async fn what_is_gone_is_passed_over_and_what_cannot_be_given_back_now_is_tried_again() {
        let scripted = Scripted::answering(|call, _, body| {
            let (mut done, mut failed) = (Vec::new(), Vec::new());
            for entry in body["Entries"].as_array().unwrap() {
                let (id, handle) = (&entry["Id"], entry["ReceiptHandle"].as_str().unwrap());
                assert_eq!(entry["VisibilityTimeout"], 0);
                match (handle, call) {
                    ("gone", _) => failed.push(
                        json!({ "Id": id, "Code": "MessageNotInflight", "SenderFault": true }),
                    ),
                    ("later", 0) => {
                        failed.push(
                            json!({ "Id": id, "Code": "InternalError", "SenderFault": false }),
                        );
                    }
                    _ => done.push(json!({ "Id": id })),
                }
            }
            (200, json!({ "Successful": done, "Failed": failed }))
        });
        let mut handles: Vec<String> = ["a", "gone", "later"].map(str::to_owned).to_vec();
        handles.extend((0..9).map(|n| format!("more-{n}")));
        queues(&scripted).give_back(Source::Events, &handles).await.unwrap();
        let asked: Vec<_> =
            scripted.bodies().iter().map(|b| b["Entries"].as_array().unwrap().len()).collect();
        assert_eq!(asked, [10, 1, 2], "what failed is asked for again, alone");
    }

    #[tokio::test]
    async fn a_batch_that_fails_does_not_hide_the_others() {
        let scripted = Scripted::answering(|call, _, body| match call {
            0 => error("AccessDeniedException"),
            _ => {
                let entries = body["Entries"].as_array().unwrap();
                let done: Vec<_> = entries.iter().map(|e| json!({ "Id": e["Id"] })).collect();
                (200, json!({ "Successful": done, "Failed": [] }))
            }
        });
        let handles: Vec<_> = (0..11).map(|n| n.to_string()).collect();
        assert!(queues(&scripted).give_back(Source::Events, &handles).await.is_err());
        assert_eq!(scripted.operations().len(), 2);
    }

    #[tokio::test]
    async fn a_letter_that_a_queue_refuses_for_good_is_told_from_one_that_cannot_be_sent_now() {
        for (code, refused) in [
            ("InvalidMessageContents", true),
            ("AccessDeniedException", false),
            ("KmsThrottled", false),
        ] {
            let scripted = Scripted::answering(move |_, _, _| error(code));
            let url = || URL.to_owned();
            let urls = ErrandUrls { events: url(), delivery: url(), retry: url() };
            let errands = Errands::new(&scripted.config, urls);
            let ran = errands.run_errand(&Errand::Publish("x".to_owned())).await;
            match ran {
                Ok(Ran::Refused(why)) => assert!(refused && why.contains(code), "{why}"),
                Ok(Ran::Done) => panic!("{code}"),
                Err(_) => assert!(!refused, "{code}"),
            }
        }
    }
}
