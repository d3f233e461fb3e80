//! Which message acts for a delivery next, and how a delivery is parked.

use jiff::Timestamp;

use super::{Delivery, ParkReason, State, Turn};
use crate::time::next_whole_millisecond;

impl Delivery {
    /// The same wait, for which another message acts from now on. A parked delivery is due now, or at
    /// its release where that is later. A delivery that has ended stays as it is.
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
        self.receives = Some(0);
        self
    }

    /// Due at once, and a new message acts for it, because the owner was lost.
    #[must_use]
    pub fn resent(mut self, turn: Turn, now: Timestamp) -> Self {
        self.state = State::Waiting { next_attempt_at: now, owner: Some(turn.owner) };
        self.generation = turn.generation;
        self.receives = Some(0);
        self
    }

    /// Due at once, and a new message acts for it. The policy restarts, because somebody asked for a
    /// retry.
    #[must_use]
    pub fn retried(mut self, turn: Turn, now: Timestamp) -> Self {
        self.state = State::Waiting { next_attempt_at: now, owner: Some(turn.owner) };
        self.generation = turn.generation;
        self.receives = Some(0);
        self.retries = 0;
        self.slot = None;
        self
    }

    /// Parked, and due as soon as its webhook takes deliveries again.
    #[must_use]
    pub fn parked(self, since: Timestamp, reason: ParkReason) -> Self {
        self.parked_until(since, since, reason)
    }

    /// Parked at least until `due`.
    #[must_use]
    pub fn parked_until(mut self, since: Timestamp, due: Timestamp, reason: ParkReason) -> Self {
        self.state = State::Parked { since, due, reason };
        self.receives = None;
        self
    }

    /// Waits for the slot that it took; `turn` acts for it.
    #[must_use]
    pub fn slotted(mut self, slot: Timestamp, turn: Turn) -> Self {
        // Stored times are whole milliseconds, and an attempt must not be earlier than its slot.
        let slot = next_whole_millisecond(slot);
        self.state = State::Waiting { next_attempt_at: slot, owner: Some(turn.owner) };
        self.generation = turn.generation;
        self.receives = Some(0);
        self.slot_waits = self.slot_waits.saturating_add(u32::from(self.slot != Some(slot)));
        self.slot = Some(slot);
        self
    }
}
