//! A delivery, and how attempts move it from state to state.

use std::time::Duration;

use jiff::Timestamp;

use crate::delivery::attempt::{Attempt, LastAttempt};
use crate::delivery::failures::{DeliveryFailures, Failure};
use crate::delivery::retry::Next;
use crate::delivery::state::{CancelReason, FailReason, MessageId, State, Status, Turn};
use crate::ids::{DeliveryId, EventType, TenantId};
use crate::time::later;

/// The number of failed attempts whose times a delivery keeps: more than any policy makes, and few
/// enough for the item to stay within one write unit.
const MAX_FAILED_TIMES: usize = 32;

/// A delivery as the ledger stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub id: DeliveryId,
    pub tenant: TenantId,
    pub event_type: EventType,
    pub state: State,
    /// Counts the messages sent for this delivery, so that an older message is recognised.
    pub generation: u32,
    /// The number of attempts made.
    pub attempts: u32,
    /// The retries used of the policy; a retry by hand resets them.
    pub retries: u8,
    /// The failed attempts. Each has an item of its own, whose key derives from this.
    pub failed_at: Vec<FailedAt>,
    /// How often attempts failed, by what failed. Versions before this one did not count.
    pub failures: DeliveryFailures,
    /// How often it took a slot under its webhook's rate limit and had to wait for it.
    pub slot_waits: u32,
    pub last: Option<LastAttempt>,
    /// The attempt that succeeded.
    pub success: Option<Attempt>,
    /// The slot that it holds for its next attempt, under its webhook's rate limit.
    pub slot: Option<Timestamp>,
    /// How often its owner had been received when this wait was written; 0 for a new message. `None`
    /// where nobody noted it. It tells receipts that ended without a trace ([`crate::isolation::deaths`]).
    pub receives: Option<u32>,
    /// When the ledger deletes its item, even while it is parked. Only the ledger sets it.
    pub expires_at: Option<Timestamp>,
    /// Counts the writes of its item; 0 where it has no item yet. Every write is conditional on the
    /// revision that the decision was based on.
    pub revision: u32,
}

/// The number and time of a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailedAt {
    pub number: u32,
    pub at: Timestamp,
}

impl Delivery {
    /// A delivery that has no item yet.
    #[must_use]
    pub fn unwritten(id: DeliveryId, tenant: TenantId, event_type: EventType) -> Self {
        let next_attempt_at = id.accepted_at();
        Self {
            id,
            tenant,
            event_type,
            state: State::Waiting { next_attempt_at, owner: None },
            generation: 0,
            attempts: 0,
            retries: 0,
            failed_at: Vec::new(),
            failures: DeliveryFailures::default(),
            slot_waits: 0,
            last: None,
            success: None,
            slot: None,
            receives: None,
            expires_at: None,
            revision: 0,
        }
    }

    /// What the API calls its state.
    #[must_use]
    pub fn status(&self) -> Status {
        match &self.state {
            State::Waiting { .. } | State::Parked { .. } if self.attempts == 0 => Status::Pending,
            State::Waiting { .. } | State::Parked { .. } => Status::Retrying,
            State::Delivered { .. } => Status::Delivered,
            State::Failed { .. } => Status::Failed,
            State::Cancelled { .. } => Status::Cancelled,
        }
    }

    /// Whether it has ended, so that no message acts for it any more.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(
            self.state,
            State::Delivered { .. } | State::Failed { .. } | State::Cancelled { .. }
        )
    }

    /// When its next attempt is due, where it waits for one.
    #[must_use]
    pub fn next_attempt_at(&self) -> Option<Timestamp> {
        match &self.state {
            State::Waiting { next_attempt_at, .. } => Some(*next_attempt_at),
            _ => None,
        }
    }

    /// Whether it waits in the ledger instead of in a queue.
    #[must_use]
    pub fn is_parked(&self) -> bool {
        matches!(self.state, State::Parked { .. })
    }

    /// When it ended.
    #[must_use]
    pub fn done_at(&self) -> Option<Timestamp> {
        match &self.state {
            State::Delivered { at } | State::Failed { at, .. } | State::Cancelled { at, .. } => {
                Some(*at)
            }
            State::Waiting { .. } | State::Parked { .. } => None,
        }
    }

    /// The number of the next attempt.
    #[must_use]
    pub fn next_number(&self) -> u32 {
        self.attempts + 1
    }

    /// The delivery after `attempt`, where `next` is what the policy says. Where it waits, `turn` acts
    /// for it.
    #[must_use]
    pub fn after(mut self, attempt: &Attempt, next: Next, turn: Turn) -> Self {
        let ended = ended_at(attempt);
        self.note(attempt);
        self.receives = None;
        self.state = match next {
            Next::Delivered => {
                self.success = Some(attempt.clone());
                State::Delivered { at: ended }
            }
            Next::RetryAt(next_attempt_at) => {
                self.retries = self.retries.saturating_add(1);
                self.generation = turn.generation;
                self.receives = Some(0);
                State::Waiting { next_attempt_at, owner: Some(turn.owner) }
            }
            Next::Exhausted => State::Failed { at: ended, reason: FailReason::Exhausted },
            Next::Gone => State::Failed { at: ended, reason: FailReason::Gone },
            Next::Broken => State::Failed { at: ended, reason: FailReason::Transform },
        };
        self
    }

    /// Adds an attempt that was decided from an older revision than `self`. Its POST has happened, so a
    /// success always ends the delivery as delivered. A failure is kept, and the newer state stays.
    /// `None` where there is nothing to add.
    #[must_use]
    pub fn merged(mut self, attempt: &Attempt, next: Next) -> Option<Self> {
        match (next, &self.state) {
            (Next::Delivered, State::Delivered { .. }) => None,
            (Next::Delivered, _) => {
                self.note(attempt);
                self.success = Some(attempt.clone());
                self.receives = None;
                self.state = State::Delivered { at: ended_at(attempt) };
                Some(self)
            }
            _ => {
                let failed = FailedAt { number: attempt.number, at: attempt.at };
                if self.failed_at.contains(&failed) {
                    return None;
                }
                let last = self.last.take();
                self.note(attempt);
                self.last = last.filter(|l| l.at > attempt.at).or(self.last);
                Some(self)
            }
        }
    }

    /// Counts an attempt and keeps its summary.
    fn note(&mut self, attempt: &Attempt) {
        self.slot = None;
        self.attempts = self.attempts.saturating_add(1);
        self.last = Some(attempt.summary());
        if let Some(failure) = Failure::of(&attempt.outcome) {
            self.failures.add(failure, 1);
            self.failed_at.push(FailedAt { number: attempt.number, at: attempt.at });
            let over = self.failed_at.len().saturating_sub(MAX_FAILED_TIMES);
            self.failed_at.drain(..over);
        }
    }

    /// The delivery, with how often `message` has been received where it is the owner.
    #[must_use]
    pub fn received(mut self, message: &MessageId, receives: u32) -> Self {
        if matches!(&self.state, State::Waiting { owner: Some(owner), .. } if owner == message) {
            self.receives = Some(receives);
        }
        self
    }

    /// The delivery cancelled.
    #[must_use]
    pub fn cancelled(mut self, at: Timestamp, reason: CancelReason) -> Self {
        self.state = State::Cancelled { at, reason };
        self.receives = None;
        self
    }

    /// The delivery failed without another attempt.
    #[must_use]
    pub fn failed(mut self, at: Timestamp, reason: FailReason) -> Self {
        self.state = State::Failed { at, reason };
        self.receives = None;
        self
    }
}

fn ended_at(attempt: &Attempt) -> Timestamp {
    later(attempt.at, Duration::from_millis(attempt.duration_ms.into()))
}

#[cfg(test)]
mod tests;
