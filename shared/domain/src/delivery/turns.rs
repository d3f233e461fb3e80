//! Who acts for a delivery next, or what it waits for without anybody acting.

use jiff::Timestamp;

use super::{Delivery, ParkReason, State, Turn};
use crate::time::next_whole_millisecond;

impl Delivery {
    /// The same wait under another message, without an attempt having been made; what was parked is
    /// due at `now`, or when it was to be released if that is later. What has come to its end stays as it is.
    #[must_use]
    pub fn handed_to(mut self, turn: Turn, now: Timestamp) -> Self {
        if self.is_done() {
            return self;
        }
        let next_attempt_at = match self.state {
            State::Waiting { next_attempt_at, .. } => next_attempt_at,
            State::Parked { due, .. } => due.max(now),
            _ => now,
        };
        self.state = State::Waiting { next_attempt_at, owner: Some(turn.owner) };
        self.generation = turn.generation;
        self
    }

    /// Due at once under a new message, because the one that acted for it is lost.
    #[must_use]
    pub fn resent(mut self, turn: Turn, now: Timestamp) -> Self {
        self.state = State::Waiting { next_attempt_at: now, owner: Some(turn.owner) };
        self.generation = turn.generation;
        self
    }

    /// Due at once under a new message, the policy starting anew: somebody asked for it.
    #[must_use]
    pub fn retried(mut self, turn: Turn, now: Timestamp) -> Self {
        self.state = State::Waiting { next_attempt_at: now, owner: Some(turn.owner) };
        self.generation = turn.generation;
        self.retries = 0;
        self.slot = None;
        self
    }

    /// Waits, without a message, until its webhook takes deliveries again.
    #[must_use]
    pub fn parked(self, since: Timestamp, reason: ParkReason) -> Self {
        self.parked_until(since, since, reason)
    }

    /// Waits, without a message, at least until `due`.
    #[must_use]
    pub fn parked_until(mut self, since: Timestamp, due: Timestamp, reason: ParkReason) -> Self {
        self.state = State::Parked { since, due, reason };
        self
    }

    /// Waits for the slot that it took, by `turn`, without an attempt having been made.
    #[must_use]
    pub fn slotted(mut self, slot: Timestamp, turn: Turn) -> Self {
        // What is stored counts in whole milliseconds, and a slot is not to be early.
        let slot = next_whole_millisecond(slot);
        self.state = State::Waiting { next_attempt_at: slot, owner: Some(turn.owner) };
        self.generation = turn.generation;
        self.slot = Some(slot);
        self
    }
}
