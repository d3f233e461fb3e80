//! From a batch of SQS records to tasks, and from dispositions to the answer that Lambda reads.

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::MessageId;
use hooklane_domain::waiting::Lane;
use serde::Serialize;

use crate::edge::{Edge, queue_name};
use crate::worker::{Disposition, Task, Worker};

/// *AWS Lambda Developer Guide*, "Reporting batch item failures for Lambda functions with an Amazon
/// SQS trigger": names exactly the messages that stay in their queue.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    pub batch_item_failures: Vec<StayingItem>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StayingItem {
    pub item_identifier: String,
}

/// A record that Lambda would never send: it cannot even be named in the answer.
#[derive(Debug, thiserror::Error)]
#[error("a record has no {0}")]
pub struct InvalidRecord(&'static str);

pub async fn handle<E: Edge>(worker: &Worker<E>, event: SqsEvent) -> Result<Answer, InvalidRecord> {
    let tasks = event
        .records
        .into_iter()
        .map(|record| task(record, &worker.retry_queue))
        .collect::<Result<Vec<_>, _>>()?;
    let dispositions = worker.work(&tasks).await;
    let staying = tasks
        .into_iter()
        .zip(dispositions)
        .filter(|(_, disposition)| *disposition == Disposition::Stays)
        .map(|(task, _)| StayingItem { item_identifier: task.message.0 })
        .collect();
    Ok(Answer { batch_item_failures: staying })
}

fn task(record: SqsMessage, retry_queue: &str) -> Result<Task, InvalidRecord> {
    let message = record.message_id.ok_or(InvalidRecord("messageId"))?;
    let receipt_handle = record.receipt_handle.ok_or(InvalidRecord("receiptHandle"))?;
    let queue = record.event_source_arn.ok_or(InvalidRecord("eventSourceARN"))?;
    let sent_at = record
        .attributes
        .get("SentTimestamp")
        .and_then(|ms| ms.parse().ok())
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .ok_or(InvalidRecord("SentTimestamp"))?;
    Ok(Task {
        message: MessageId(message),
        receipt_handle,
        lane: if queue_name(&queue) == retry_queue { Lane::Retry } else { Lane::Fast },
        sent_at,
        body: record.body.unwrap_or_default(),
    })
}
