//! A recovery: the tenant's request to send again what failed or was skipped, and how far it is.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::quotas::{QuotaName, Quotas};
use crate::ids::{DeliveryId, TenantId, WebhookId};
use crate::json::fields::{FieldErrors, Fields};

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

/// Which deliveries to send again: of events that were accepted from `since` to `until`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    pub since: Timestamp,
    pub until: Timestamp,
    pub status: WantedStatus,
}

/// Whether to send what failed, what was skipped, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WantedStatus {
    /// Deliveries that failed.
    Failed,
    /// Events that the webhook subscribes to and that have no delivery, because too many were parked or
    /// the webhook was inactive.
    Skipped,
    Any,
}

impl std::str::FromStr for WantedStatus {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "failed" => Ok(Self::Failed),
            "skipped" => Ok(Self::Skipped),
            "all" | "any" => Ok(Self::Any),
            _ => Err("must be failed, skipped or all"),
        }
    }
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
            revision: 0,
        }
    }

    /// Whether its next step reads the whole ledger.
    #[must_use]
    pub fn scans(&self) -> bool {
        matches!(self.stage, Stage::Skipped { .. })
    }

    #[must_use]
    pub fn is_running(&self) -> bool {
        !matches!(self.stage, Stage::Done { .. })
    }

    /// The recovery, ended before it was complete, because working on it has ended `upkeep` too often.
    #[must_use]
    pub fn given_up(self, now: Timestamp) -> Self {
        Self { stage: Stage::Done { at: now }, ..self }
    }

    /// The recovery after a step that met `events` which are older than the webhook.
    #[must_use]
    pub fn passed_over(self, events: u64) -> Self {
        Self { older: self.older.saturating_add(events), ..self }
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

impl Wanted {
    /// Reads `{since, until?, include}`, where `until` is now by default.
    pub fn read(body: &str, now: Timestamp) -> Result<Self, FieldErrors> {
        let mut fields = Fields::of("", body)?;
        let since = fields.time(&["since"]);
        let until = fields.time(&["until"]);
        if since.is_none() && !fields.has_error("since") {
            fields.error("since", "is required");
        }
        let names = ["include", "status"];
        if !fields.has(&names) {
            fields.error("include", "is required");
        }
        let status = fields.parse(&names);
        fields.finish()?;
        match (since, status) {
            (Some(since), Some(status)) => Ok(Self { since, until: until.unwrap_or(now), status }),
            _ => Err(FieldErrors::one("", "must be {since, until?, include}")),
        }
    }

    /// Whether an event that was accepted then is in the range.
    #[must_use]
    pub fn includes(&self, accepted_at: Timestamp) -> bool {
        (self.since..=self.until).contains(&accepted_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_read_with_every_mistake_at_once() {
        let now = Timestamp::from_second(1_705_314_600).unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (noon, later) = (at("2024-01-15T10:00:00Z"), at("2024-01-15T10:10:00Z"));
        for (body, since, until, status) in [
            (
                r#"{"since":"2024-01-15T10:00:00Z","include":"failed"}"#,
                noon,
                now,
                WantedStatus::Failed,
            ),
            (
                r#"{"since":1705312800,"until":"2024-01-15T11:10:00+01:00","status":"any"}"#,
                noon,
                later,
                WantedStatus::Any,
            ),
            (
                r#"{"since":1705312800,"until":"2024-01-15T11:10:00+01:00","include":"all"}"#,
                noon,
                later,
                WantedStatus::Any,
            ),
            (
                r#"{"since":1705312800,"until":1705312800,"include":"skipped"}"#,
                noon,
                noon,
                WantedStatus::Skipped,
            ),
        ] {
            assert_eq!(Wanted::read(body, now), Ok(Wanted { since, until, status }), "{body}");
        }
        for (body, paths) in [
            ("", &[""][..]),
            ("{}", &["since", "include"]),
            (
                r#"{"since":"soon","until":[],"include":"lost","x":1}"#,
                &["since", "until", "include", "x"],
            ),
        ] {
            let errors = Wanted::read(body, now).unwrap_err().into_vec();
            let found: Vec<_> = errors.iter().map(|e| e.path.as_str()).collect();
            assert_eq!(found, paths, "{body}");
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
