//! From a batch of SQS records to message bodies, and from dispositions to the answer that Lambda reads.

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use futures::StreamExt as _;
use hooklane_aws::sqs_batch::Answer;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use crate::accept::accept;
use crate::deps::Deps;
use crate::ports::Ports;

/// The number of messages of a batch that are accepted at the same time.
const CONCURRENCY: usize = 16;

/// The function.
pub struct Ingest<P: Ports> {
    pub(crate) deps: Deps<P>,
}

/// A record without a message id. Lambda never sends one, and the answer could not name it.
#[derive(Debug, thiserror::Error)]
#[error("a record has no messageId")]
pub struct InvalidRecord;

impl<P: Ports> Ingest<P> {
    #[must_use]
    pub fn new(deps: Deps<P>) -> Self {
        Self { deps }
    }

    pub async fn handle(&self, event: SqsEvent) -> Result<Answer, InvalidRecord> {
        let messages = event.records.into_iter().map(id_and_body).collect::<Result<Vec<_>, _>>()?;
        let total = messages.len();
        let dispositions: Vec<_> = futures::stream::iter(messages)
            .map(|(id, body)| async move {
                let span = message_span(&id);
                let disposition = accept(&self.deps, &id, &body).instrument(span).await;
                (id, disposition)
            })
            .buffered(CONCURRENCY)
            .collect()
            .await;
        let answer = Answer::of(dispositions);
        tracing::info!(batch.messages = total, batch.staying = answer.staying(), "batch.done");
        Ok(answer)
    }
}

/// The span of one message, whatever the log level: its errors are logged with these ids.
fn message_span(id: &str) -> Span {
    tracing::error_span!("message", message.id = id, event.id = Empty, tenant = Empty)
}

fn id_and_body(record: SqsMessage) -> Result<(String, String), InvalidRecord> {
    Ok((record.message_id.ok_or(InvalidRecord)?, record.body.unwrap_or_default()))
}
