//! Dead letters as the operator sees them: what each is about, and where it goes when it is sent again.

use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;

use crate::delivery::message::Message;
use crate::event::read::glimpse;
use crate::ids::{DeliveryId, EventId, EventType, TenantId, WebhookId};
use crate::time::later;
use crate::words;

mod errand;

pub use errand::{Errand, Kept};

/// The functions that put dead letters aside, by the name of what they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    Events,
    Fanout,
    Stats,
    Deliveries,
    Upkeep,
}

impl Source {
    pub const ALL: [Self; 5] =
        [Self::Events, Self::Fanout, Self::Stats, Self::Deliveries, Self::Upkeep];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Fanout => "fanout",
            Self::Stats => "stats",
            Self::Deliveries => "deliveries",
            Self::Upkeep => "upkeep",
        }
    }
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        words::parse(Self::ALL, Self::as_str, text)
    }
}

/// The id that SQS gave a letter. It is the same as long as the letter is in its queue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LetterId(String);

impl LetterId {
    /// The longest id, in bytes (*Amazon SQS Developer Guide*, "Amazon SQS queue and message identifiers").
    const MAX: usize = 100;

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LetterId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
        match (1..=Self::MAX).contains(&text.len()) && text.chars().all(is_part) {
            true => Ok(Self(text.to_owned())),
            false => Err("must be the id of a dead letter"),
        }
    }
}

/// A letter as its queue hands it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub id: LetterId,
    /// Names this receipt of it.
    pub receipt_handle: String,
    pub body: String,
    /// `None` for what AWS itself moved here.
    pub reason: Option<String>,
    /// When a function put it here. What AWS moved here keeps the time at which its message was first sent.
    pub sent_at: Timestamp,
    /// How often a queue has handed it out, this time included.
    pub receives: u32,
    /// The message group that it was sent in.
    pub group: Option<String>,
    /// The event whose record of the stream it is, if it is one.
    pub event: Option<(TenantId, EventId)>,
}

/// How long a dead-letter queue keeps a letter, since it was sent (`MessageRetentionPeriod` in `template.yaml`).
const KEPT: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// The reason of a letter that has none.
pub const MOVED: &str = "moved by AWS, without a reason";

impl Letter {
    /// Why it is here.
    #[must_use]
    pub fn why(&self) -> &str {
        self.reason.as_deref().unwrap_or(MOVED)
    }

    /// When its queue deletes it.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        later(self.sent_at, KEPT)
    }

    /// What it is about, as far as its body says.
    #[must_use]
    pub fn about(&self, source: Source) -> Subject {
        match source {
            Source::Events => Subject::of_event(&self.body),
            Source::Deliveries | Source::Upkeep => Subject::of_message(&self.body),
            Source::Fanout | Source::Stats => Subject::of_record(self.event.as_ref()),
        }
    }
}

/// What a letter is about. All of it may be missing: a letter may hold anything. A message that holds several
/// deliveries is about their webhook.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    pub tenant: Option<TenantId>,
    pub event: Option<EventId>,
    pub event_type: Option<EventType>,
    pub webhook: Option<WebhookId>,
    pub delivery: Option<DeliveryId>,
}

impl Subject {
    fn of_event(body: &str) -> Self {
        let (tenant, event, event_type) = glimpse::of(body);
        Self { tenant, event, event_type, ..Self::default() }
    }

    fn of_message(body: &str) -> Self {
        let mut each = Message::decode_each(body).unwrap_or_default();
        let Some(Message::Deliver(deliver)) = each.pop() else { return Self::default() };
        let of_all = Self {
            tenant: Some(deliver.tenant),
            webhook: Some(deliver.delivery.webhook()),
            ..Self::default()
        };
        if !each.is_empty() {
            return of_all;
        }
        Self {
            event: Some(deliver.delivery.event().clone()),
            event_type: Some(deliver.event_type),
            delivery: Some(deliver.delivery),
            ..of_all
        }
    }

    fn of_record(event: Option<&(TenantId, EventId)>) -> Self {
        let (tenant, event) = event.cloned().unzip();
        Self { tenant, event, ..Self::default() }
    }
}

#[cfg(test)]
mod tests;
