//! What a recovery is to do, as it is asked for.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::json::fields::{FieldErrors, Fields};
use crate::webhook::limits::RateLimit;

/// A recovery as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    pub wanted: Wanted,
    pub search: Search,
    /// The most deliveries to send in a time; `None` to send as fast as possible.
    pub rate: Option<RateLimit>,
    /// Whether to count only, and send nothing.
    pub dry_run: bool,
}

/// How to look for what was skipped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Search {
    /// By the index of the tenant's events.
    #[default]
    Index,
    /// By a scan of the whole ledger, which costs as much as the ledger is large.
    Thorough,
}

impl From<Wanted> for Order {
    fn from(wanted: Wanted) -> Self {
        Self { wanted, search: Search::Index, rate: None, dry_run: false }
    }
}

impl Order {
    /// Reads `{since, until?, include, rateLimit?, thorough?, dryRun?}`, where `until` is now by default.
    pub fn read(body: &str, now: Timestamp) -> Result<Self, FieldErrors> {
        let mut fields = Fields::of("", body)?;
        let rate = RateLimit::read(&mut fields);
        let thorough = fields.read(&["thorough"], "true or false");
        let dry_run = fields.read(&["dryRun", "dry_run"], "true or false") == Some(true);
        if dry_run && thorough == Some(true) {
            fields.error("dryRun", "cannot be combined with thorough: the count reads the index");
        }
        let wanted = Wanted::read(fields, now)?;
        let search = if thorough == Some(true) { Search::Thorough } else { Search::Index };
        Ok(Self { wanted, search, rate, dry_run })
    }
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

impl Wanted {
    /// Reads the rest of the fields, `{since, until?, include}`.
    fn read(mut fields: Fields, now: Timestamp) -> Result<Self, FieldErrors> {
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
            assert_eq!(
                Order::read(body, now),
                Ok(Wanted { since, until, status }.into()),
                "{body}"
            );
        }
        for (body, paths) in [
            ("", &[""][..]),
            ("{}", &["since", "include"]),
            (
                r#"{"since":"soon","until":[],"include":"lost","x":1}"#,
                &["since", "until", "include", "x"],
            ),
            (
                r#"{"since":1,"include":"all","rateLimit":{"requests":0,"perSeconds":1},"thorough":1}"#,
                &["rateLimit.requests", "thorough"],
            ),
        ] {
            let errors = Order::read(body, now).unwrap_err().into_vec();
            let found: Vec<_> = errors.iter().map(|e| e.path.as_str()).collect();
            assert_eq!(found, paths, "{body}");
        }
    }

    #[test]
    fn paced_recovery_an_order_has_a_rate_in_the_words_of_a_webhooks_limit() {
        let now = Timestamp::from_second(1_705_314_600).unwrap();
        let body = r#"{"since":1,"include":"all","rateLimit":{"requests":60,"perSeconds":30},"thorough":true}"#;
        let order = Order::read(body, now).unwrap();
        assert_eq!(order.rate, RateLimit::new(60, 30).ok());
        assert_eq!(order.search, Search::Thorough);
        let body = r#"{"since":1,"include":"all","rateLimit":null,"thorough":false}"#;
        let order = Order::read(body, now).unwrap();
        assert_eq!((order.rate, order.search), (None, Search::Index));
    }

    #[test]
    fn an_order_may_ask_for_the_count_alone_and_not_of_the_whole_ledger() {
        let now = Timestamp::from_second(1_705_314_600).unwrap();
        for (more, expected) in
            [("", false), (r#","dryRun":true"#, true), (r#","dry_run":false"#, false)]
        {
            let body = format!(r#"{{"since":1,"include":"all"{more}}}"#);
            assert_eq!(Order::read(&body, now).unwrap().dry_run, expected, "{body}");
        }
        let body = r#"{"since":1,"include":"all","dryRun":true,"thorough":true}"#;
        let errors = Order::read(body, now).unwrap_err().into_vec();
        assert_eq!(errors.iter().map(|e| e.path.as_str()).collect::<Vec<_>>(), ["dryRun"]);
    }
}
