//! What ends the function that processes it: how such a message, record or webhook is recognised, and
//! when it is given up.
//!
//! A function that dies leaves no note. What can be seen afterwards is that a message was received more
//! often than what is written explains. A passing fault looks the same, so that alone is only a reason to
//! be careful: a *suspect* is processed after the others and apart from them, a strike is written before,
//! and it is removed if the processing ends in any way but the function's end. So strikes count deaths
//! in a row, and what is not a suspect costs no write.

use std::time::Duration;

use jiff::SignedDuration;

use crate::delivery::receipt::Receipt;
use crate::delivery::waiting::MAX_VISIBILITY_SECONDS;
use crate::delivery::{Delivery, State};
use crate::ids::{DeliveryId, WebhookId};

/// What has this many strikes is not processed any more.
pub const MAX_STRIKES: u32 = 5;
/// A message that was received this much more often than explained is a suspect. One unexplained receipt
/// is no reason: every passing fault leaves one.
const UNEXPLAINED: u32 = 2;
/// A stream record of a batch of its own is a suspect when it is older than this. Halving a batch that
/// fails ends in such batches, and a young one is only the first event for a while.
pub const RECORD_IS_OLD: Duration = Duration::from_secs(60);
/// Strikes are forgotten after this time. Deaths in a row are minutes apart.
pub const FORGOTTEN_AFTER: Duration = Duration::from_secs(24 * 3600);

/// What may have ended its function, by a name that is unique among all of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Suspect(String);

impl Suspect {
    /// A message of a queue, by its SQS `messageId`.
    #[must_use]
    pub fn message(id: &str) -> Self {
        Self(format!("message#{id}"))
    }

    /// One delivery of a message that holds several.
    #[must_use]
    pub fn delivery(message: &str, delivery: &DeliveryId) -> Self {
        Self(format!("message#{message}#{delivery}"))
    }

    /// A message that only a newer version can read, by its SQS `messageId`. Its count is how often it was
    /// met. It is apart from the strikes of the same message, which are for deaths.
    #[must_use]
    pub fn newer_message(id: &str) -> Self {
        Self(format!("newer#{id}"))
    }

    /// A record of the ledger's stream that is fanned out, by its sequence number.
    #[must_use]
    pub fn record(sequence_number: &str) -> Self {
        Self(format!("record#{sequence_number}"))
    }

    /// A record of the ledger's stream whose event is indexed, by its sequence number. Apart from the one
    /// that is fanned out: what ends one function may not end the other.
    #[must_use]
    pub fn indexing(sequence_number: &str) -> Self {
        Self(format!("index#{sequence_number}"))
    }

    /// A run of `upkeep`: while one is under way, and if it has not ended as it should.
    #[must_use]
    pub fn run() -> Self {
        Self("run".to_owned())
    }

    /// The look of `upkeep` at a webhook.
    #[must_use]
    pub fn look(webhook: WebhookId) -> Self {
        Self(format!("look#{webhook}"))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why something is given up, for its dead letter.
#[must_use]
pub fn given_up() -> String {
    format!("its processing has ended the function {MAX_STRIKES} times")
}

/// Whether a message that nothing is written about is a suspect.
#[must_use]
pub fn is_suspicious(receives: u32) -> bool {
    receives > UNEXPLAINED
}

/// Whether a message that was received `receives` times, this receipt included, is a suspect. `current`
/// is its delivery as it is stored.
#[must_use]
pub fn is_suspicious_for(current: &Delivery, receipt: &Receipt, receives: u32) -> bool {
    explained(current, receipt)
        .is_some_and(|explained| receives >= explained.saturating_add(UNEXPLAINED))
}

/// How often the message was received if no receipt of it was interrupted, this one included. `None` if
/// its delivery was written by a version that did not note it.
fn explained(current: &Delivery, receipt: &Receipt) -> Option<u32> {
    match &current.state {
        State::Waiting { owner: Some(owner), next_attempt_at } if *owner == receipt.message => {
            let since = current.last.as_ref().map_or(current.id.accepted_at(), |last| last.at);
            let waited = next_attempt_at.duration_since(since).max(SignedDuration::ZERO);
            // A message can be hidden for twelve hours, so a longer wait takes several receipts.
            let steps = waited.as_secs() / i64::from(MAX_VISIBILITY_SECONDS);
            let steps = u32::try_from(steps).unwrap_or(u32::MAX);
            Some(current.receives?.saturating_add(1).saturating_add(steps))
        }
        _ => Some(1),
    }
}

#[cfg(test)]
mod tests;
