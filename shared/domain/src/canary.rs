//! The canary: an event that `upkeep` sends through the whole pipeline every few minutes, to an inbox of
//! Hooklane's own. It shows that events arrive, also while nobody publishes any.
//!
//! It enters by the event queue and takes the way of every event: ledger, fan-out, delivery queue. It belongs to a
//! tenant whom no client can name, and its webhook is not in the registry: `fanout` and `delivery` know it by
//! its id. `delivery` notes the arrival instead of making a request.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::delivery::waiting::Lane;
use crate::event::{Content, NewEvent};
use crate::ids::{EventId, EventType, TenantId, WebhookId};
use crate::json::RawJson;
use crate::time::whole_millisecond;
use crate::webhook::Route;
use crate::webhook::subscription::Subscription;

/// A canary that arrives within this time arrives in time; or until the next one is sent, if that is earlier.
/// A message that met a fault that passes comes back within a minute.
pub const IN_TIME: Duration = Duration::from_secs(120);
/// Runs of `upkeep` begin about a minute apart. A canary is sent by the run that is nearest to its time.
const HALF_A_RUN: SignedDuration = SignedDuration::from_secs(30);

/// How often a canary is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    every: Duration,
}

/// The newest canary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canary {
    /// It has a random part, so nobody else can make a canary arrive.
    pub id: EventId,
    /// By the clock of `upkeep`, in whole milliseconds.
    pub sent_at: Timestamp,
    /// By the clock of `delivery`, in whole milliseconds.
    pub arrived_at: Option<Timestamp>,
    /// Whether the one before it arrived in time; `None` if there was none.
    pub before: Option<bool>,
}

/// What is known of the newest canary whose time is over or that has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Sighting {
    /// Whether it arrived in time.
    pub arrived: bool,
    /// Milliseconds from its sending to its arrival, late or not; `None` where it has not arrived, or where
    /// only the one before it was seen.
    pub took_ms: Option<u64>,
}

impl Sighting {
    /// Seconds from its sending to its arrival.
    #[must_use]
    pub fn seconds(&self) -> Option<f64> {
        let ms = self.took_ms.map(|ms| u32::try_from(ms).unwrap_or(u32::MAX));
        ms.map(|ms| f64::from(ms) / 1_000.0)
    }
}

/// What a run of `upkeep` does about canaries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// `None` as long as nothing is known: before the first one arrives or its time is over.
    pub sighting: Option<Sighting>,
    /// The canary to send, if one is due.
    pub next: Option<Canary>,
}

impl Schedule {
    /// A canary every so many minutes; `None` for 0, which means never.
    #[must_use]
    pub fn of_minutes(minutes: u32) -> Option<Self> {
        let every = Duration::from_secs(u64::from(minutes) * 60);
        (minutes > 0).then_some(Self { every })
    }

    /// What to say of the newest canary, and whether to send another. `random` is for its id.
    #[must_use]
    pub fn look(self, newest: Option<&Canary>, now: Timestamp, random: u128) -> Look {
        let next = |before| Canary {
            id: EventId::of_canary(now, random),
            sent_at: whole_millisecond(now),
            arrived_at: None,
            before,
        };
        // One that is much older was sent before canaries were turned off or `upkeep` stood still. Nobody
        // watched whether it arrived.
        let Some(newest) = newest.filter(|newest| !self.is_forgotten(newest, now)) else {
            return Look { sighting: None, next: Some(next(None)) };
        };
        let seen = self.sighting(newest, now);
        let standing = newest.before.map(|arrived| Sighting { arrived, took_ms: None });
        let due = age(newest, now) + HALF_A_RUN >= signed(self.every);
        // Its time is over when the next one is sent.
        let arrived = seen.is_some_and(|seen| seen.arrived);
        Look { sighting: seen.or(standing), next: due.then(|| next(Some(arrived))) }
    }

    /// What is known of a canary; `None` while it may still arrive in time.
    fn sighting(self, canary: &Canary, now: Timestamp) -> Option<Sighting> {
        let in_time = signed(self.every.min(IN_TIME));
        match canary.arrived_at {
            Some(at) => {
                // Two clocks: it may seem to arrive before it was sent.
                let took = at.duration_since(canary.sent_at).max(SignedDuration::ZERO);
                let took_ms = u64::try_from(took.as_millis()).ok();
                Some(Sighting { arrived: took <= in_time, took_ms })
            }
            None => {
                (age(canary, now) >= in_time).then_some(Sighting { arrived: false, took_ms: None })
            }
        }
    }

    fn is_forgotten(self, canary: &Canary, now: Timestamp) -> bool {
        age(canary, now).abs() > signed(self.every) * 2 + signed(IN_TIME)
    }
}

fn age(canary: &Canary, now: Timestamp) -> SignedDuration {
    now.duration_since(canary.sent_at)
}

fn signed(time: Duration) -> SignedDuration {
    SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX)
}

/// The message of a canary in the event queue. What a later version adds inside is ignored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    hooklane: Sent,
}

#[derive(Serialize, Deserialize)]
struct Sent {
    canary: EventId,
}

/// The beginning of such a message, so that no other message is read twice.
const OPENING: &str = "{\"hooklane\":";

/// The message that sends a canary into the event queue.
#[must_use]
pub fn message(canary: &Canary) -> String {
    format!("{OPENING}{{\"canary\":\"{}\"}}}}", canary.id)
}

/// The event of a message of the event queue, if it is a canary's. No other event has its tenant.
#[must_use]
pub fn event_of(body: &str) -> Option<NewEvent> {
    if !body.starts_with(OPENING) {
        return None;
    }
    let Body { hooklane: Sent { canary } } = serde_json::from_str(body).ok()?;
    let content = Content {
        event_type: event_type(),
        data: RawJson::parse("{}").ok()?,
        metadata: None,
        timestamp: None,
        version: None,
        test: false,
    };
    let is_canary = canary.is_canary();
    is_canary.then(|| NewEvent { id: Some(canary), tenant: TenantId::canary(), content })
}

/// The webhook that gets canaries. It is in no registry, and no other webhook has this id: ids begin with the
/// time of their making.
#[must_use]
pub fn webhook() -> WebhookId {
    WebhookId::new(Timestamp::UNIX_EPOCH, 0)
}

/// Its route, which `fanout` adds to those that the registry has for the canary's tenant: none.
#[must_use]
pub fn route() -> Route {
    Route {
        webhook: webhook(),
        events: vec![Subscription::Exactly(event_type())],
        filter: None,
        transforms: false,
        test_mode: false,
        lane: Lane::Fast,
        created_at: Timestamp::UNIX_EPOCH,
    }
}

fn event_type() -> EventType {
    match "hooklane.canary".parse() {
        Ok(event_type) => event_type,
        Err(_) => unreachable!("the type is well-formed"),
    }
}

#[cfg(test)]
mod tests;
