//! A recovery: the tenant's request to send again what failed or was skipped, and how far it is.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::quotas::{QuotaName, Quotas};
use crate::event_index::Place;
use crate::ids::{DeliveryId, TenantId, WebhookId};
use crate::isolation::slots::Paced;
use crate::time::later;

pub mod index_walk;
mod order;

use index_walk::{Part, Position, Recheck};
pub use order::{Order, Search, Wanted, WantedStatus};

/// Seconds from one part of a recovery to the next, as `upkeep` runs once a minute. When all of them are done
/// depends on what is found, so this is when it is worth looking again.
pub const STEP_SECONDS: i64 = 60;

/// A recovery of a webhook. At most one runs at a time, and the newest is kept.
///
/// Stored as is, with all its parts: renaming a field or a variant needs a migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovery {
    pub tenant: TenantId,
    pub webhook: WebhookId,
    pub wanted: Wanted,
    pub requested_at: Timestamp,
    pub stage: Stage,
    /// The number of deliveries sent so far.
    pub sent: u64,
    /// The number of events that it did not send because they are older than the webhook, although the
    /// webhook subscribes to their type.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub older: u64,
    /// Whether it waits because as many recoveries of its tenant as may read the ledger at once do so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waiting: bool,
    /// How many recoveries of its tenant may read the ledger at once, as its quota was at the request.
    #[serde(default = "scans_at_once", skip_serializing_if = "is_usual")]
    pub scans_at_once: u64,
    /// How far its walk through the index of events is; `None` if it reads the whole ledger instead. The
    /// stage's cursor is then always empty, so a version that knows no walks reads the ledger from its start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub walk: Option<Position>,
    /// The spans of this recovery and of those before it that are walked again for late events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rechecks: Vec<Recheck>,
    /// The number of chunks of the index that it met and that cannot be read back.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unreadable: u64,
    /// How fast it sends; `None` if as fast as it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paced: Option<Paced>,
    /// Whether somebody ended it before it was complete.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stopped: bool,
    /// Counts the writes; 0 where it has no item yet.
    pub revision: u64,
}

/// The limit of recoveries that were requested before there was a quota.
fn scans_at_once() -> u64 {
    Quotas::default().of(QuotaName::ConcurrentScans)
}

/// Not stored where it is the default, so that an item is as it was before there was a quota.
fn is_usual(scans: &u64) -> bool {
    *scans == scans_at_once()
}

/// Not stored where it is zero, so that an item is as it was before this was counted.
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// How far a recovery is. Its position is where it continues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// It reads the failed deliveries, newest first.
    Failed {
        after: Option<DeliveryId>,
    },
    /// It reads the events and looks for those without a delivery.
    Skipped {
        cursor: Option<String>,
    },
    Done {
        at: Timestamp,
    },
}

/// What a recovery does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Retry the failed deliveries after one, newest first.
    RetryFailed { after: Option<DeliveryId> },
    /// Read the whole ledger from a cursor on.
    Scan { cursor: Option<String> },
    /// Read a part of the index of events.
    Walk(Part),
    /// Nothing yet, or nothing any more.
    Rest,
}

impl Recovery {
    /// A recovery that has not started.
    #[must_use]
    pub fn new(
        tenant: TenantId,
        webhook: WebhookId,
        wanted: Wanted,
        requested_at: Timestamp,
    ) -> Self {
        let stage = match wanted.status {
            WantedStatus::Failed | WantedStatus::Any => Stage::Failed { after: None },
            WantedStatus::Skipped => Stage::Skipped { cursor: None },
        };
        Self {
            tenant,
            webhook,
            wanted,
            requested_at,
            stage,
            sent: 0,
            older: 0,
            waiting: false,
            scans_at_once: scans_at_once(),
            walk: None,
            rechecks: Vec::new(),
            unreadable: 0,
            paced: None,
            stopped: false,
            revision: 0,
        }
    }

    /// Whether its next step reads the ledger or its index for what was skipped.
    #[must_use]
    pub fn scans(&self) -> bool {
        matches!(self.stage, Stage::Skipped { .. })
    }

    /// What is to be done next. `lag` is how long the index usually takes to list an event.
    #[must_use]
    pub fn work(&self, now: Timestamp, lag: Duration) -> Work {
        match (&self.stage, &self.walk) {
            (Stage::Failed { after }, _) => Work::RetryFailed { after: after.clone() },
            (Stage::Skipped { cursor }, None) => Work::Scan { cursor: cursor.clone() },
            (Stage::Skipped { .. }, Some(position)) => {
                let (since, until) = self.span();
                let begin = later(until, lag);
                if position.began_at.is_none() && now < begin {
                    return Work::Rest;
                }
                let after = position.after.clone();
                Work::Walk(Part { since, until, after, written_since: None })
            }
            (Stage::Done { .. }, _) => match self.due_recheck(now) {
                Some(place) => Work::Walk(self.rechecks[place].part()),
                None => Work::Rest,
            },
        }
    }

    /// The recovery after a step of the walk that [`Recovery::work`] asked for at `began_at`, which goes on
    /// after a place.
    #[must_use]
    pub fn walked(mut self, began_at: Timestamp, now: Timestamp, next: Option<Place>) -> Self {
        if self.is_running() {
            let span = self.span();
            let position = self.walk.get_or_insert_default();
            let begun = *position.began_at.get_or_insert(began_at);
            let ended = next.is_none();
            position.after = next;
            if ended {
                let new = Recheck::of_walk(span, begun);
                self.rechecks = index_walk::with(self.rechecks, new);
                self.stage = Stage::Done { at: now };
            }
        } else if let Some(place) = self.due_recheck(began_at) {
            let stepped = self.rechecks.remove(place).stepped(began_at, next);
            if let Some(stepped) = stepped {
                self.rechecks.insert(place, stepped);
            }
        }
        Self { waiting: false, ..self }
    }

    /// When it is certain that the index had all events of its span: the last walk for late ones. `None` if
    /// there is none to come.
    #[must_use]
    pub fn rechecks_end_at(&self) -> Option<Timestamp> {
        self.rechecks.iter().map(Recheck::ends_at).max()
    }

    fn due_recheck(&self, now: Timestamp) -> Option<usize> {
        self.rechecks.iter().position(|recheck| recheck.due_at() <= now)
    }

    /// From when to when events are looked for in the index. What is accepted after the request is not
    /// missed yet.
    fn span(&self) -> (Timestamp, Timestamp) {
        (self.wanted.since, self.wanted.until.min(self.requested_at))
    }

    /// Whether there is anything left to do, now or later.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.is_running() || !self.rechecks.is_empty()
    }

    #[must_use]
    pub fn is_running(&self) -> bool {
        !matches!(self.stage, Stage::Done { .. })
    }

    /// The recovery, ended before it was complete, because working on it has ended `upkeep` too often.
    #[must_use]
    pub fn given_up(self, now: Timestamp) -> Self {
        Self { stage: Stage::Done { at: now }, rechecks: Vec::new(), ..self }
    }

    /// The recovery after somebody stopped it: it sends nothing more, and looks for nothing that comes late. One
    /// that was complete stays so.
    #[must_use]
    pub fn stopped(self, now: Timestamp) -> Self {
        let stopped = self.stopped || self.is_running();
        Self { stopped, waiting: false, ..self.without_webhook(now) }
    }

    /// The recovery of a webhook that was deleted: there is nobody left to deliver to.
    #[must_use]
    pub fn without_webhook(self, now: Timestamp) -> Self {
        if self.is_running() { self.given_up(now) } else { Self { rechecks: Vec::new(), ..self } }
    }

    /// The recovery after a step that met `events` which are older than the webhook.
    #[must_use]
    pub fn passed_over(self, events: u64) -> Self {
        Self { older: self.older.saturating_add(events), ..self }
    }

    /// The recovery after a step that met chunks of the index which cannot be read back.
    #[must_use]
    pub fn unread(self, chunks: u64) -> Self {
        Self { unreadable: self.unreadable.saturating_add(chunks), ..self }
    }

    /// The recovery after a step that sent deliveries.
    #[must_use]
    pub fn sending(self, deliveries: u64) -> Self {
        Self { sent: self.sent.saturating_add(deliveries), ..self }
    }

    /// The recovery after a step that sent `sent` deliveries. `goes_on` is where the stage continues;
    /// `None` where it is complete.
    #[must_use]
    pub fn advanced(self, sent: u64, now: Timestamp, goes_on: Option<Stage>) -> Self {
        let stage = match (goes_on, &self.stage, self.wanted.status) {
            (Some(stage), _, _) => stage,
            (None, Stage::Failed { .. }, WantedStatus::Any) => Stage::Skipped { cursor: None },
            (None, _, _) => Stage::Done { at: now },
        };
        Self { stage, sent: self.sent.saturating_add(sent), waiting: false, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_that_is_stopped_has_nothing_left_to_do() {
        let at = |s| Timestamp::from_second(s).unwrap();
        let wanted = Wanted { since: at(1), until: at(2), status: WantedStatus::Skipped };
        let new = Recovery::new("t".parse().unwrap(), WebhookId::new(at(0), 1), wanted, at(3));
        let new = Recovery { walk: Some(Position::default()), waiting: true, ..new };
        let walked = new.clone().walked(at(4), at(5), None);
        assert!(!walked.is_running() && walked.is_open(), "late events are looked for");
        for (before, stopped, ended_at) in [(new, true, at(9)), (walked, false, at(5))] {
            let after = before.sending(7).stopped(at(9));
            assert_eq!((after.stopped, after.waiting, after.is_open()), (stopped, false, false));
            assert_eq!((&after.stage, after.sent), (&Stage::Done { at: ended_at }, 7));
            assert_eq!(after.work(at(1_000_000), Duration::ZERO), Work::Rest);
            assert_eq!(after.clone().stopped(at(10)), after, "once more changes nothing");
        }
    }

    #[test]
    fn a_recovery_goes_through_the_stages_of_its_status() {
        let at = |s| Timestamp::from_second(s).unwrap();
        let done = Stage::Done { at: at(9) };
        let skipped = Stage::Skipped { cursor: None };
        let failed = Stage::Failed { after: None };
        for (status, first, second) in [
            (WantedStatus::Failed, &failed, &done),
            (WantedStatus::Skipped, &skipped, &done),
            (WantedStatus::Any, &failed, &skipped),
        ] {
            let wanted = Wanted { since: at(1), until: at(2), status };
            let webhook = WebhookId::new(at(0), 1);
            let recovery = Recovery::new("t".parse().unwrap(), webhook, wanted, at(3));
            assert_eq!(&recovery.stage, first, "{status:?}");
            let goes_on = Stage::Skipped { cursor: Some("x".to_owned()) };
            let same = recovery.clone().advanced(2, at(9), Some(goes_on.clone()));
            assert_eq!((same.sent, same.stage), (2, goes_on));
            let next = recovery.advanced(1, at(9), None);
            assert_eq!((&next.stage, next.sent), (second, 1), "{status:?}");
            assert_eq!(next.is_running(), next.stage != done);
        }
    }
}
