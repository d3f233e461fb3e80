//! `ingest`: accepts events that producers and EventBridge rules put on the event queue, through the
//! same use case as the API.

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use futures::StreamExt as _;
use hooklane_app::batch::Disposition;
use hooklane_app::catalog::EventCatalog;
use hooklane_app::ports::{Clock, DeadLetters, Entropy, EventStore, Expectations};
use hooklane_app::publish::{PublishError, Validator, publish};
use hooklane_aws::sqs_batch::Answer;
use hooklane_domain::event::{DefaultTenant, from_envelope_or_body};
use hooklane_domain::ids::EventId;

mod settings;

#[cfg(test)]
mod tests;

pub use settings::Settings;

/// What `ingest` works with.
#[derive(Debug)]
pub struct Ingest<V, R, D, S> {
    pub events: V,
    pub registry: R,
    pub catalog: EventCatalog,
    pub dead_letters: D,
    pub system: S,
}

/// A record that Lambda would never send: it cannot even be named in the answer.
#[derive(Debug, thiserror::Error)]
#[error("a record has no messageId")]
pub struct InvalidRecord;

/// So many messages of a batch are written at once.
const CONCURRENCY: usize = 16;

impl<V: EventStore, R: Expectations, D: DeadLetters, S: Clock + Entropy> Ingest<V, R, D, S> {
    pub async fn handle(&self, event: SqsEvent) -> Result<Answer, InvalidRecord> {
        let records = event.records.into_iter().map(named).collect::<Result<Vec<_>, _>>()?;
        let total = records.len();
        let dispositions: Vec<_> = futures::stream::iter(records)
            .map(|(id, body)| async move {
                let disposition = self.ingest(&id, &body).await;
                (id, disposition)
            })
            .buffered(CONCURRENCY)
            .collect()
            .await;
        let answer = Answer::of(dispositions);
        tracing::info!(batch.messages = total, batch.staying = answer.staying(), "batch.done");
        Ok(answer)
    }

    async fn ingest(&self, message_id: &str, body: &str) -> Disposition {
        let new = match from_envelope_or_body(body, &DefaultTenant::None) {
            Ok(new) => new,
            Err(errors) => return self.dead_letter(message_id, body, &errors.to_string()).await,
        };
        // A redelivered message is no second event: without an id of its own it gets one from SQS's.
        let fallback = EventId::from_message_id(message_id).ok();
        let validator = Validator { catalog: &self.catalog, registry: &self.registry };
        match publish(&self.events, validator, &self.system, new, fallback).await {
            Ok(_) => Disposition::Done,
            Err(refused @ (PublishError::Conflict(_) | PublishError::Unexpected(_))) => {
                self.dead_letter(message_id, body, &refused.to_string()).await
            }
            // The event of this id is in the ledger and cannot be read: it would be no other next time.
            Err(PublishError::Unavailable(error)) if error.is_corrupt() => {
                self.dead_letter(message_id, body, &error.chain()).await
            }
            Err(PublishError::Unavailable(error)) => {
                tracing::error!(error = error.chain(), message.id = message_id, "event.not_stored");
                Disposition::Stays
            }
        }
    }

    async fn dead_letter(&self, message_id: &str, body: &str, reason: &str) -> Disposition {
        match self.dead_letters.put(body, reason).await {
            Ok(()) => {
                tracing::warn!(message.id = message_id, reason, "message.dead_lettered");
                Disposition::Done
            }
            Err(error) => {
                tracing::error!(error = error.chain(), "message.dead_letter_failed");
                Disposition::Stays
            }
        }
    }
}

fn named(record: SqsMessage) -> Result<(String, String), InvalidRecord> {
    Ok((record.message_id.ok_or(InvalidRecord)?, record.body.unwrap_or_default()))
}
