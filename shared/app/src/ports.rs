//! The ports: what the use cases need from stores, queues, receivers and the clock. A port's documentation
//! is its contract, and the conformance suite checks the fakes and the AWS adapters against it.

use std::error::Error;

use hooklane_domain::ids::TenantId;

mod attempt_log;
mod brake;
mod canary;
mod daily_counts;
mod deliveries;
mod event_index;
mod event_types;
mod events;
mod expectations;
mod figures;
mod gathering;
mod health;
mod idempotency;
mod inbox;
mod keys;
mod letters;
mod logos;
mod monitor;
mod operator_bus;
mod overview;
mod parking;
mod post;
mod queues;
mod quotas;
mod recoveries;
mod slots;
mod strikes;
mod system;
mod tenants;
mod test_attempts;
mod test_places;
mod usage;
mod watch_list;
mod webhooks;

pub use attempt_log::{AttemptLog, LogFilter, LogPage};
pub use brake::{BrakeStore, QueueDepth};
pub use canary::CanaryStore;
pub use daily_counts::DailyCounts;
pub use deliveries::{DeliveryFilter, DeliveryPage, DeliveryStore, Saved};
pub use event_index::{ChunkKey, ChunkPage, ChunkRange, EventIndex, EventIndexWriter};
pub use event_types::{Added, EventTypeStore};
pub use events::{EventPage, EventScan, EventSearch, EventStore, Put};
pub use expectations::Expectations;
pub use figures::{
    AnswerKey, Counted, CountedPage, CountedPlace, FigureMarks, FigureSource, FigureStore,
    FiguresOf,
};
pub use gathering::{Gathered, Gathering};
pub use health::HealthStore;
pub use idempotency::IdempotencyStore;
pub use inbox::{InboxLog, InboxSaved, InboxStore, RequestPage};
pub use keys::{KeyPage, KeyStore};
pub use letters::{Backlog, LetterBox, LetterCount, Ran, RunErrand, WorkQueue};
pub use logos::LogoStore;
pub use monitor::{Alarm, AlarmState, Monitor, Observed, QueueAge};
pub use operator_bus::OperatorBus;
pub use overview::{Vitals, VitalsStore, WaitingStore};
pub use parking::{ParkingStore, Pointer};
pub use post::{Destination, Post, Sent};
pub use queues::{DeadLetters, DeferQueue, DispatchQueue, HideMessage, Refused, SendEvent};
pub use quotas::QuotaStore;
pub use recoveries::RecoveryStore;
pub use slots::{SlotCounts, SlotStore};
pub use strikes::Strikes;
pub use system::{Clock, Entropy, Pause};
pub use tenants::{TenantIds, TenantPage, TenantStore};
pub use test_attempts::TestAttemptStore;
pub use test_places::{TestPlace, TestPlaces};
pub use usage::{ActiveTenants, DeletedWebhooks, UsagePage, UsageStore, WebhookIds};
pub use watch_list::{Look, Sweep, Watch, WatchList};
pub use webhooks::{
    Outline, OutlinePage, Refusal, RoutePage, RouteStore, RouteTable, WebhookSearch, WebhookStore,
    Written,
};

/// A store or queue failed to answer. Whether it did what it was asked to do is unknown.
#[derive(Debug, thiserror::Error)]
#[error("{what} failed")]
pub struct Unavailable {
    /// What was tried, for the log: never shown to a client.
    pub what: String,
    #[source]
    pub cause: Box<dyn Error + Send + Sync>,
    /// Whose item cannot be read, where that can still be told.
    tenant: Option<TenantId>,
}

/// Something stored cannot be read back: the cause of an [`Unavailable`] that will not pass by waiting.
#[derive(Debug, thiserror::Error)]
#[error("{what} is corrupt: {why}")]
pub struct Corrupt {
    pub what: String,
    pub why: String,
}

/// Something stored has a value that this version does not know, such as a new state: a newer version
/// wrote it, and can read it. The cause of an [`Unavailable`] that passes when that version comes back.
#[derive(Debug, thiserror::Error)]
#[error("{what} is of a newer version: {why}")]
pub struct Newer {
    pub what: String,
    pub why: String,
}

/// A call was throttled: the cause of an [`Unavailable`] that passes by asking for less. The call took no
/// effect.
#[derive(Debug, thiserror::Error)]
#[error("it was throttled")]
pub struct Throttled(#[source] pub Box<dyn Error + Send + Sync>);

/// A queue does not take a message, however often it is sent: the cause of an [`Unavailable`] that does not
/// pass. The message is dead-lettered.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RefusedForGood(pub String);

impl Unavailable {
    pub fn new(what: impl Into<String>, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { what: what.into(), cause: cause.into(), tenant: None }
    }

    /// The error about an item of this tenant.
    #[must_use]
    pub fn of(self, tenant: Option<TenantId>) -> Self {
        Self { tenant, ..self }
    }

    /// Whose item cannot be read, where that can still be told.
    #[must_use]
    pub fn tenant(&self) -> Option<&TenantId> {
        self.tenant.as_ref()
    }

    /// Whether what failed is known to be this tenant's.
    #[must_use]
    pub fn is_of(&self, tenant: &TenantId) -> bool {
        self.tenant.as_ref() == Some(tenant)
    }

    /// Whether something stored cannot be read back, so that another try would fail the same way.
    #[must_use]
    pub fn is_corrupt(&self) -> bool {
        self.cause.is::<Corrupt>()
    }

    /// Whether a newer version wrote what cannot be read. Such an item is left alone: it is no dead letter,
    /// and nobody writes over it.
    #[must_use]
    pub fn is_newer(&self) -> bool {
        self.cause.is::<Newer>()
    }

    /// Whether this version cannot read something stored, however often it tries.
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        self.is_corrupt() || self.is_newer()
    }

    /// Why a queue refuses a message for good, if that is what failed.
    #[must_use]
    pub fn refusal(&self) -> Option<&str> {
        self.cause.downcast_ref::<RefusedForGood>().map(|refusal| refusal.0.as_str())
    }

    /// Whether the call was throttled.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.cause.is::<Throttled>()
    }

    /// Logs the error with all its causes, once, where it is handled. The ids come from the current span.
    pub fn log(&self, event: &'static str) {
        tracing::error!(error = self.chain(), "{event}");
    }

    /// The whole chain of causes, for one line of a log.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

/// An error about something stored that cannot be read back.
pub fn corrupt(what: impl Into<String>, why: impl ToString) -> Unavailable {
    let what = what.into();
    Unavailable::new(format!("reading {what}"), Corrupt { what, why: why.to_string() })
}

/// An error about something stored that a newer version wrote.
pub fn newer(what: impl Into<String>, why: impl ToString) -> Unavailable {
    let what = what.into();
    Unavailable::new(format!("reading {what}"), Newer { what, why: why.to_string() })
}
