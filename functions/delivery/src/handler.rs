//! Converts a batch of SQS records to tasks, and dispositions to Lambda's batch response.

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use hooklane_app::deadline::Deadline;
use hooklane_aws::queues::queue_name;
use hooklane_aws::sqs_batch::{Answer, receive_count};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::MessageId;
use hooklane_domain::delivery::waiting::Lane;

use crate::pipeline::Pipeline;
use crate::ports::Ports;
use crate::task::Task;

/// A record without a field that Lambda always sends. It fails the whole batch.
#[derive(Debug, thiserror::Error)]
#[error("a record has no {0}")]
pub struct InvalidRecord(&'static str);

pub async fn handle<P: Ports>(
    pipeline: &Pipeline<P>,
    event: SqsEvent,
    deadline: Deadline,
) -> Result<Answer, InvalidRecord> {
    let tasks = event
        .records
        .into_iter()
        .map(|record| task(record, &pipeline.retry_queue))
        .collect::<Result<Vec<_>, _>>()?;
    let dispositions = pipeline.work(&tasks, deadline).await;
    let messages = tasks.into_iter().map(|task| task.message.0);
    Ok(Answer::of(messages.zip(dispositions)))
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
        lane: if queue_name(&queue) == retry_queue { Lane::Slow } else { Lane::Fast },
        sent_at,
        receives: receive_count(&record.attributes),
        body: record.body.unwrap_or_default(),
    })
}
