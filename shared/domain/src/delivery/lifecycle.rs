//! A delivery: one event on its way to one webhook, and the states it goes through.

use std::time::Duration;

use jiff::Timestamp;

use crate::delivery::attempt::{Attempt, LastAttempt};
use crate::delivery::retry::Next;
use crate::delivery::state::{CancelReason, FailReason, State, Status, Turn};
use crate::ids::{DeliveryId, EventType, TenantId};
use crate::time::later;

/// So many times of failed attempts stay with a delivery: more than any policy makes, and few enough
/// to keep the item within one write unit.
const MAX_FAILED_TIMES: usize = 32;

/// A delivery as the ledger knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub id: DeliveryId,
    pub tenant: TenantId,
    pub event_type: EventType,
    pub state: State,
    /// Raised with every new message for this delivery, so that older messages know they are old.
    pub generation: u32,
    /// Attempts made in all.
    pub attempts: u32,
    /// Retries used of the policy; a manual retry starts anew.
    pub retries: u8,
    /// When attempts failed; each is an item of its own, whose key follows from this.
    pub failed_at: Vec<FailedAt>,
    pub last: Option<LastAttempt>,
    /// The attempt that succeeded.
    pub success: Option<Attempt>,
    /// The slot of its webhook's rate limit that it holds for its next attempt.
    pub slot: Option<Timestamp>,
    /// When the ledger forgets what is written of it, parked or not; the ledger alone sets it.
    pub expires_at: Option<Timestamp>,
    /// Counts the writes of this item; 0 is one that has not been written. Every write is conditional
    /// on the revision it was decided from.
    pub revision: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailedAt {
    pub number: u32,
    pub at: Timestamp,
}

impl Delivery {
    /// One of which nothing is written yet.
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
            last: None,
            success: None,
            slot: None,
            expires_at: None,
            revision: 0,
        }
    }

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

    /// Whether no message is to act for it any more.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(
            self.state,
            State::Delivered { .. } | State::Failed { .. } | State::Cancelled { .. }
        )
    }

    #[must_use]
    pub fn next_attempt_at(&self) -> Option<Timestamp> {
        match &self.state {
            State::Waiting { next_attempt_at, .. } => Some(*next_attempt_at),
            _ => None,
        }
    }

    /// Whether it waits without a message.
    #[must_use]
    pub fn is_parked(&self) -> bool {
        matches!(self.state, State::Parked { .. })
    }

    /// When it came to its end.
    #[must_use]
    pub fn done_at(&self) -> Option<Timestamp> {
        match &self.state {
            State::Delivered { at } | State::Failed { at, .. } | State::Cancelled { at, .. } => {
                Some(*at)
            }
            State::Waiting { .. } | State::Parked { .. } => None,
        }
    }

    /// The number the next attempt has.
    #[must_use]
    pub fn next_number(&self) -> u32 {
        self.attempts + 1
    }

    /// After `attempt`, with what the policy says is next; a wait is `turn`'s to act for.
    #[must_use]
    pub fn after(mut self, attempt: &Attempt, next: Next, turn: Turn) -> Self {
        let ended = ended_at(attempt);
        self.note(attempt);
        self.state = match next {
            Next::Delivered => {
                self.success = Some(attempt.clone());
                State::Delivered { at: ended }
            }
            Next::RetryAt(next_attempt_at) => {
                self.retries = self.retries.saturating_add(1);
                self.generation = turn.generation;
                State::Waiting { next_attempt_at, owner: Some(turn.owner) }
            }
            Next::Exhausted => State::Failed { at: ended, reason: FailReason::Exhausted },
            Next::Gone => State::Failed { at: ended, reason: FailReason::Gone },
            Next::Broken => State::Failed { at: ended, reason: FailReason::Transform },
        };
        self
    }

    /// An attempt that was decided from an older state than `self`: its POST has happened, so a
    /// success always ends `delivered`, and a failure is kept and yields to the newer state.
    /// `None` where there is nothing to add.
    #[must_use]
    pub fn merged(mut self, attempt: &Attempt, next: Next) -> Option<Self> {
        match (next, &self.state) {
            (Next::Delivered, State::Delivered { .. }) => None,
            (Next::Delivered, _) => {
                self.note(attempt);
                self.success = Some(attempt.clone());
                self.state = State::Delivered { at: ended_at(attempt) };
                Some(self)
            }
            _ => {
                let seen = FailedAt { number: attempt.number, at: attempt.at };
                if self.failed_at.contains(&seen) {
                    return None;
                }
                let last = self.last.take();
                self.note(attempt);
                self.last = last.filter(|l| l.at > attempt.at).or(self.last);
                Some(self)
            }
        }
    }

    fn note(&mut self, attempt: &Attempt) {
        self.slot = None;
        self.attempts = self.attempts.saturating_add(1);
        self.last = Some(attempt.summary());
        if !attempt.outcome.is_success() {
            self.failed_at.push(FailedAt { number: attempt.number, at: attempt.at });
            let over = self.failed_at.len().saturating_sub(MAX_FAILED_TIMES);
            self.failed_at.drain(..over);
        }
    }

    #[must_use]
    pub fn cancelled(mut self, at: Timestamp, reason: CancelReason) -> Self {
        self.state = State::Cancelled { at, reason };
        self
    }

    #[must_use]
    pub fn failed(mut self, at: Timestamp, reason: FailReason) -> Self {
        self.state = State::Failed { at, reason };
        self
    }
}

fn ended_at(attempt: &Attempt) -> Timestamp {
    later(attempt.at, Duration::from_millis(attempt.duration_ms.into()))
}

#[cfg(test)]
mod tests;
