//! What is kept of a delivery that has not ended, and how one has ended.

use hooklane_domain::Timestamp;
use hooklane_domain::delivery::{
    CancelReason, Delivery, FailReason, MessageId, ParkReason, State, Status,
};

use crate::time::{Millis, at};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Item {
    wait: Wait,
    generation: u32,
    attempts: u32,
    pub(crate) revision: u32,
    retries: u8,
    pub(crate) was_parked: bool,
}

#[derive(Debug, Clone, Copy)]
enum Wait {
    InQueue { due: Millis, owner: Option<u64> },
    Parked { since: Millis, due: Millis, reason: ParkReason },
}

/// How a delivery has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Delivered,
    Failed,
    Cancelled,
}

impl Item {
    /// What is kept of a delivery, or how it has ended.
    pub(crate) fn of(delivery: &Delivery, revision: u32, was_parked: bool) -> Result<Self, End> {
        let wait = match &delivery.state {
            State::Waiting { next_attempt_at, owner } => Wait::InQueue {
                due: next_attempt_at.as_millisecond(),
                owner: owner.as_ref().and_then(|owner| owner.0.parse().ok()),
            },
            State::Parked { since, due, reason } => Wait::Parked {
                since: since.as_millisecond(),
                due: due.as_millisecond(),
                reason: *reason,
            },
            State::Delivered { .. } => return Err(End::Delivered),
            State::Failed { .. } => return Err(End::Failed),
            State::Cancelled { .. } => return Err(End::Cancelled),
        };
        let Delivery { generation, attempts, retries, .. } = *delivery;
        let was_parked = was_parked || matches!(wait, Wait::Parked { .. });
        Ok(Self { wait, generation, attempts, revision, retries, was_parked })
    }

    pub(crate) fn fill(&self, unwritten: Delivery) -> Delivery {
        let state = match self.wait {
            Wait::InQueue { due, owner } => State::Waiting {
                next_attempt_at: at(due),
                owner: owner.map(|owner| MessageId(owner.to_string())),
            },
            Wait::Parked { since, due, reason } => {
                State::Parked { since: at(since), due: at(due), reason }
            }
        };
        Delivery {
            state,
            generation: self.generation,
            attempts: self.attempts,
            retries: self.retries,
            revision: self.revision,
            ..unwritten
        }
    }

    /// When the next attempt is due, if a message acts for it.
    pub(crate) fn next_attempt(&self) -> Option<Millis> {
        match self.wait {
            Wait::InQueue { due, .. } => Some(due),
            Wait::Parked { .. } => None,
        }
    }

    /// When it is due and its generation, if it is parked.
    pub(crate) fn parked(&self) -> Option<(Millis, u32)> {
        match self.wait {
            Wait::InQueue { .. } => None,
            Wait::Parked { due, .. } => Some((due, self.generation)),
        }
    }

    pub(crate) fn status(&self) -> Status {
        if self.attempts == 0 { Status::Pending } else { Status::Retrying }
    }
}

impl End {
    /// The state of a delivery that has ended so. When and why is not kept.
    pub(crate) fn state(self, at: Timestamp) -> State {
        match self {
            Self::Delivered => State::Delivered { at },
            Self::Failed => State::Failed { at, reason: FailReason::Exhausted },
            Self::Cancelled => State::Cancelled { at, reason: CancelReason::Requested },
        }
    }
}
