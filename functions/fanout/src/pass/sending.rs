//! Sending the messages of a pass, and what becomes of those that are not sent.

use hooklane_app::ports::{DispatchQueue as _, Refused, Unavailable};
use hooklane_domain::delivery::message::Message;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::metrics::Metric;
use tracing::{Instrument as _, Span};

use super::Pass;
use super::burying::DeadRecord;
use crate::outbox::Parcel;
use crate::ports::Ports;
use crate::spans::{self, batch_failed};

impl<P: Ports> Pass<'_, P> {
    /// Sends a parcel. `span` is of the record that filled it. Until it is sent, none of its records is: what
    /// panics on the way leaves them to come back.
    pub(super) async fn send(&mut self, parcel: Parcel, span: &Span) -> Result<(), Unavailable> {
        let whole: Vec<_> =
            parcel.records.iter().copied().filter(|index| self.sent_whole.remove(index)).collect();
        let (queues, messages) = (&self.fanout.queues, &parcel.messages);
        let sent = async {
            match parcel.lane {
                Lane::Fast => queues.dispatch_together(messages, &parcel.alone).await,
                Lane::Slow => queues.dispatch(Lane::Slow, messages).await,
            }
        };
        let sent = sent.instrument(span.clone()).await;
        let refused = sent.map_err(|error| batch_failed(error, span))?;
        self.sent_whole.extend(whole);
        let sent = parcel.messages.len() - refused.len();
        self.sent += sent;
        self.figures.add(Metric::DeliveriesQueued, sent as u64);
        for Refused { index, reason } in refused {
            self.bury_refused(&parcel.messages[index], parcel.records[index], &reason);
        }
        Ok(())
    }

    /// The queue refuses a message, and would refuse it each time its record came back. The other webhooks
    /// of the event have theirs. One letter for each record is enough: it fans out again as a whole.
    fn bury_refused(&mut self, message: &Message, index: usize, reason: &str) {
        if self.dead.iter().any(|dead| dead.index == index) {
            return;
        }
        let Message::Deliver(deliver) = message;
        let webhook = deliver.delivery.webhook();
        let reason = format!("the message for the webhook {webhook} cannot be sent: {reason}");
        let (raw, span) = (&*self.batch.records[index], spans::of_record(None));
        self.dead.push(DeadRecord { index, raw, reason, span, suspect: None });
    }

    /// Sends what waits. What cannot be sent fails the batch and comes back with it.
    pub(super) async fn send_rest(&mut self) {
        for parcel in self.outbox.take_rest() {
            if let Err(error) = self.send(parcel, &Span::none()).await {
                self.failed.get_or_insert(error);
            }
        }
    }
}
