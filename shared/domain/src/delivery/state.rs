//! The states of a delivery, why it is in them, and what the API calls them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::words;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Waits for its next attempt, for which `owner` acts.
    Waiting {
        next_attempt_at: Timestamp,
        owner: Option<MessageId>,
    },
    /// No message acts for it: its pointer in the ledger brings it back when its webhook takes
    /// deliveries again.
    Parked {
        since: Timestamp,
        /// It is not released before this time.
        due: Timestamp,
        reason: ParkReason,
    },
    Delivered {
        at: Timestamp,
    },
    Failed {
        at: Timestamp,
        reason: FailReason,
    },
    Cancelled {
        at: Timestamp,
        reason: CancelReason,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParkReason {
    /// Its webhook is inactive or disabled.
    Inactive,
    /// Its webhook is paused.
    Paused,
    /// Its tenant is paused.
    #[serde(rename = "tenant paused")]
    TenantPaused,
    /// Its webhook's receiver fails, and is only probed.
    Circuit,
    /// Its slot under its webhook's rate limit is far away.
    #[serde(rename = "rate limit")]
    RateLimit,
    /// It waits long, and the retry queue holds too many that wait.
    Backlog,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FailReason {
    /// Every attempt of the policy failed.
    Exhausted,
    /// The receiver answered 410.
    Gone,
    /// The event was deleted or has expired.
    EventMissing,
    /// The webhook's filter or transform has no result on the event.
    Transform,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CancelReason {
    WebhookDeleted,
    /// By its tenant.
    Requested,
    /// Its webhook was resumed without what had been parked.
    Discarded,
}

/// What the API calls the state of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Waits for its first attempt.
    Pending,
    Retrying,
    Delivered,
    Failed,
    Cancelled,
}

impl Status {
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Retrying, Self::Delivered, Self::Failed, Self::Cancelled];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Retrying => "retrying",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl std::str::FromStr for Status {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        words::parse(Self::ALL, Self::as_str, text)
    }
}

/// The SQS message that acts for a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MessageId(pub String);

/// Which message acts next, and its generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub generation: u32,
    pub owner: MessageId,
}
