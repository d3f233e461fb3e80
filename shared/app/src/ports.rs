//! What the use cases need from outside. Each port's contract stands in its documentation; the
//! conformance suite holds the fakes and the real adapters to it.

use std::error::Error;

mod claims;
mod deliveries;
mod event_types;
mod events;
mod expectations;
mod health;
mod parking;
mod post;
mod queues;
mod quotas;
mod surroundings;
mod tenants;
mod testing;
mod upkeep;
mod webhooks;

pub use claims::Claims;
pub use deliveries::{
    AttemptLog, Deliveries, DeliveryFilter, DeliveryPage, LogFilter, LogPage, Saved,
};
pub use event_types::EventTypes;
pub use events::{Events, Put};
pub use expectations::Expectations;
pub use health::{Healths, Look, Sweep, Watch, Watches};
pub use parking::{Parking, Pointer, SlotCounts, Slots};
pub use post::{Destination, Post, Sent};
pub use queues::{DeadLetters, Dispatch, Waits};
pub use quotas::Quotas;
pub use surroundings::Surroundings;
pub use tenants::{TenantPage, Tenants};
pub use testing::{Samples, TestAttempts};
pub use upkeep::{Brakes, EventPage, EventWalk, InFlight, Recoveries};
pub use webhooks::{RouteTable, Routes, Webhooks};

/// A store or queue could not do what it was asked to, now. Nothing is known about whether it did.
#[derive(Debug, thiserror::Error)]
#[error("{what} failed")]
pub struct Unavailable {
    /// What was tried, for the log: never shown to a client.
    pub what: String,
    #[source]
    pub cause: Box<dyn Error + Send + Sync>,
}

/// What a table or queue holds cannot be read back: the cause of an [`Unavailable`] that does not pass.
#[derive(Debug, thiserror::Error)]
#[error("{what} is corrupt: {why}")]
pub struct Corrupt {
    pub what: String,
    pub why: String,
}

impl Unavailable {
    pub fn new(what: impl Into<String>, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { what: what.into(), cause: cause.into() }
    }

    /// Whether what is stored cannot be read back: asking again would end the same.
    #[must_use]
    pub fn is_corrupt(&self) -> bool {
        self.cause.is::<Corrupt>()
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
