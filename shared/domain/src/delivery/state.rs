//! The states of a delivery, why it is in them, and what the API calls them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::words;

/// The state of a delivery. This type is not serialised: the ledger stores it in a different form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Waits for its next attempt, which the message `owner` makes.
    Waiting {
        next_attempt_at: Timestamp,
        owner: Option<MessageId>,
    },
    /// No message acts for it. It waits in the ledger, and its pointer says when it is due.
    Parked {
        since: Timestamp,
        /// The earliest time at which it is released.
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

/// Why a delivery is parked. The serialised names are stored: changing one needs a migration.
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
    /// Its webhook's circuit is open.
    Circuit,
    /// Its slot under its webhook's rate limit is far in the future.
    #[serde(rename = "rate limit")]
    RateLimit,
    /// Its wait is long, and the brake is on.
    Backlog,
}

/// Why a delivery failed. The serialised names are stored: changing one needs a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FailReason {
    /// Every attempt of the policy failed.
    Exhausted,
    /// The receiver answered 410.
    Gone,
    /// The event was deleted or has expired.
    EventMissing,
    /// The webhook's filter or transform has no result for the event.
    Transform,
}

/// Why a delivery was cancelled. The serialised names are stored: changing one needs a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CancelReason {
    WebhookDeleted,
    /// Its tenant asked for it.
    Requested,
    /// Its webhook was resumed and its tenant chose to discard what was parked.
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

/// The id of an SQS message that acts for a delivery. Stored as is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MessageId(pub String);

/// The message that acts next for a delivery, and its generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub generation: u32,
    pub owner: MessageId,
}
