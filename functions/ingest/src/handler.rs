//! From a batch of SQS records to messages, and from dispositions to the answer that Lambda reads.

use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use hooklane_app::batch::Disposition;
use hooklane_app::careful::{Careful, Work};
use hooklane_app::deadline::Deadline;
use hooklane_app::hiding::hide;
use hooklane_app::measured::Measured;
use hooklane_app::ports::{Gathered, Gathering as _, HideMessage as _};
use hooklane_aws::sqs_batch::{Answer, receive_count};
use hooklane_domain::delivery::passing_fault::hide_seconds;
use hooklane_domain::isolation::deaths::{Suspect, is_suspicious};
use hooklane_domain::metrics::{Figures, Metric};
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use crate::accept::{Refusal, accept, dead_letter};
use crate::deps::Deps;
use crate::ports::Ports;

/// A message is begun only if this much time is left, unless it is the first of its batch.
const TO_BEGIN: Duration = Duration::from_secs(10);

/// A message with more bytes comes after those with fewer.
const LARGE: usize = 32 << 10;

/// The function.
pub struct Ingest<P: Ports> {
    pub(crate) deps: Deps<P>,
}

/// A record without a message id. Lambda never sends one, and the answer could not name it.
#[derive(Debug, thiserror::Error)]
#[error("a record has no messageId")]
pub struct InvalidRecord;

/// A message as received.
struct Received {
    id: String,
    /// Lambda always sends one.
    receipt_handle: Option<String>,
    body: String,
    receives: u32,
}

impl<P: Ports> Ingest<P> {
    #[must_use]
    pub fn new(deps: Deps<P>) -> Self {
        Self { deps }
    }

    pub async fn handle(
        &self,
        event: SqsEvent,
        deadline: Deadline,
    ) -> Result<Answer, InvalidRecord> {
        let messages = event.records.into_iter().map(received).collect::<Result<Vec<_>, _>>()?;
        // The time that an event takes grows with its size, so the others do not wait for a large one.
        let mut messages = messages;
        messages.sort_by_key(|message| message.body.len() > LARGE);
        let careful = Careful {
            work: &Messages { deps: &self.deps, measured: Measured::default() },
            strikes: &self.deps.events,
            clock: &self.deps.system,
            deadline,
            needs: TO_BEGIN,
        };
        let worked = careful.batch(&messages).await;
        let ids = messages.into_iter().map(|message| message.id);
        let total = ids.len();
        let answer = Answer::of(ids.zip(worked.dispositions));
        let mut figures =
            Figures::default().with(Metric::EventsAccepted, 0).with(Metric::DeadLetters, 0);
        figures.extend(careful.work.measured.take());
        tracing::info!(
            batch.messages = total,
            batch.staying = answer.staying(),
            batch.handed_back = worked.handed_back,
            metrics = %figures,
            "batch.done"
        );
        Ok(answer)
    }
}

/// The work on the messages of a batch.
struct Messages<'a, P: Ports> {
    deps: &'a Deps<P>,
    measured: Measured,
}

impl<P: Ports> Work for Messages<'_, P> {
    type Item = Received;

    fn suspect(&self, message: &Received) -> Suspect {
        Suspect::message(&message.id)
    }

    fn is_suspicious(&self, message: &Received) -> bool {
        is_suspicious(message.receives)
    }

    fn gather(&self, _: &Received) -> Gathered {
        self.deps.events.gather()
    }

    async fn handle(&self, message: &Received) -> Disposition {
        let span = message_span(&message.id);
        accept(self.deps, &self.measured, &message.id, &message.body).instrument(span).await
    }

    async fn give_up(&self, message: &Received, reason: &str) -> Disposition {
        let span = message_span(&message.id);
        let refusal = Refusal { kind: "ended_the_function", mistakes: 1 };
        dead_letter(self.deps, &self.measured, &message.body, reason, refusal)
            .instrument(span)
            .await
    }

    async fn hand_back(&self, message: &Received) -> Disposition {
        self.put_off(message).await;
        Disposition::Stays
    }

    async fn put_off(&self, message: &Received) {
        let (Some(handle), Some(seconds)) =
            (message.receipt_handle.as_deref(), hide_seconds(message.receives))
        else {
            return;
        };
        let span = message_span(&message.id);
        hide(|| self.deps.queue.hide(handle, seconds)).instrument(span).await;
    }
}

/// The span of one message, whatever the log level: its errors are logged with these ids.
fn message_span(id: &str) -> Span {
    tracing::error_span!("message", message.id = id, event.id = Empty, tenant = Empty)
}

fn received(record: SqsMessage) -> Result<Received, InvalidRecord> {
    let receives = receive_count(&record.attributes);
    let id = record.message_id.ok_or(InvalidRecord)?;
    let (receipt_handle, body) = (record.receipt_handle, record.body.unwrap_or_default());
    Ok(Received { id, receipt_handle, body, receives })
}
