//! Telling the platform's bus of the operational events of a pass.
//!
//! It comes after the messages of all tenants. A fault that passes fails the batch, as one of a queue does, and
//! the records come back. That delays what follows on the shard, which must not wait for a bus: so a record
//! that is older than a minute becomes a dead letter instead.

use std::time::Duration;

use hooklane_app::ports::{Clock as _, OperatorBus as _, Refused, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::isolation::notice::Notice;
use hooklane_domain::time::later;
use tracing::Span;

use super::Pass;
use super::burying::DeadRecord;
use crate::ports::Ports;
use crate::spans::{self, batch_failed};
use crate::tenants::Entry;

/// The bus is not called any more with less time than this: two calls at their slowest, and the dead letters.
const TO_TELL: Duration = Duration::from_secs(12);
/// An event that the bus cannot take is tried again until it is this old.
const PATIENCE: Duration = Duration::from_secs(60);

/// An event that the bus is to be told of.
pub(super) struct Owed {
    index: usize,
    accepted_at: Timestamp,
    notice: Notice,
    span: Span,
}

impl<P: Ports> Pass<'_, P> {
    /// Notes an event for the bus, if there is one and the event is an operational event.
    pub(super) fn owe(&mut self, entry: &Entry) {
        if self.fanout.bus.is_none() {
            return;
        }
        if let Some(notice) = Notice::of(&entry.event) {
            let (index, accepted_at) = (entry.index, entry.event.accepted_at);
            let span = spans::of_record(Some(&entry.event));
            self.owed.push(Owed { index, accepted_at, notice, span });
        }
    }

    /// Tells the bus what is owed. What it refuses, and what has waited too long, is dead-lettered; what it
    /// cannot take now fails the batch.
    pub(super) async fn tell(&mut self) {
        let mut owed = std::mem::take(&mut self.owed);
        // A record that is handed back comes again, and with it those after it.
        owed.retain(|owed| self.left.is_none_or(|left| owed.index < left));
        let Some(bus) = self.fanout.bus.as_ref().filter(|_| !owed.is_empty()) else { return };
        let notices: Vec<_> = owed.iter().map(|owed| owed.notice.clone()).collect();
        let told = if self.deadline.leaves(TO_TELL, &self.fanout.system) {
            bus.tell(&notices).await
        } else {
            Err(Unavailable::new("telling the platform's bus", "no time was left"))
        };
        match told {
            Ok(refused) => {
                self.told += owed.len() - refused.len();
                for Refused { index, reason } in refused {
                    self.bury_untold(&owed[index], &reason);
                }
            }
            Err(error) => self.not_told(&owed, error),
        }
    }

    fn not_told(&mut self, owed: &[Owed], error: Unavailable) {
        let now = self.fanout.system.now();
        let (waiting, late): (Vec<_>, Vec<_>) =
            owed.iter().partition(|owed| later(owed.accepted_at, PATIENCE) > now);
        for owed in late {
            self.bury_untold(owed, &error.chain());
        }
        let Some(first) = waiting.first() else { return };
        for owed in &waiting {
            self.sent_whole.remove(&owed.index);
        }
        let error = batch_failed(error, &first.span);
        self.failed.get_or_insert(error);
    }

    /// The webhooks of the event have their messages. Put back, the record is fanned out again as a whole.
    fn bury_untold(&mut self, owed: &Owed, reason: &str) {
        if self.dead.iter().any(|dead| dead.index == owed.index) {
            return;
        }
        let reason = format!("the platform's bus was not told: {reason}");
        let (raw, span) = (&*self.batch.records[owed.index], owed.span.clone());
        self.dead.push(DeadRecord { index: owed.index, raw, reason, span, suspect: None });
    }
}
