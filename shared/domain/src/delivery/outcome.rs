//! The outcome of an attempt, and what it means for the delivery.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::retry_after::retry_after;

/// Why an attempt got no answer. The set is closed, since alarms and statistics count by it.
///
/// The serialised names are stored: changing one needs a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorKind {
    /// The host's name did not resolve.
    Dns,
    /// The target must not be called (private address, forbidden port, …).
    Blocked,
    Connect,
    Tls,
    /// The time limit passed before a status line had arrived.
    Timeout,
    /// The answer was not HTTP, its headers were too long, or the connection broke before a status line.
    Response,
    /// The body of the request could not be written.
    Body,
    /// The webhook's filter or transform has no result for the event.
    Transform,
}

impl ErrorKind {
    pub const ALL: [Self; 8] = [
        Self::Dns,
        Self::Blocked,
        Self::Connect,
        Self::Tls,
        Self::Timeout,
        Self::Response,
        Self::Body,
        Self::Transform,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Blocked => "blocked",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Response => "response",
            Self::Body => "body",
            Self::Transform => "transform",
        }
    }
}

/// A failure without an answer; `detail` may be shown to the webhook's owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptError {
    pub kind: ErrorKind,
    pub detail: String,
}

/// The kept part of a receiver's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub status_text: String,
    /// In their order, with names in lower case. A name may come several times.
    pub headers: Vec<(String, String)>,
    /// The first 1,000 bytes, read as UTF-8.
    pub body: String,
}

/// How an attempt ended: with an answer or with an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Answered(Response),
    Error(AttemptError),
}

/// What an outcome means for the delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Success,
    /// Retry as the policy says, but at the earliest this long after the attempt's end.
    Retry {
        not_before: Option<Duration>,
    },
    /// 410: the receiver is permanently gone.
    Gone,
    /// The webhook's filter or transform fails on this event, and would fail on every attempt.
    Broken,
}

/// Whether a status means success: 2xx. The one place that decides it.
#[must_use]
pub fn is_success(status: u16) -> bool {
    (200..=299).contains(&status)
}

impl Outcome {
    /// Whether the receiver answered with success.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status().is_some_and(is_success)
    }

    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Answered(response) => Some(response.status),
            Self::Error(_) => None,
        }
    }

    #[must_use]
    pub fn error(&self) -> Option<&AttemptError> {
        match self {
            Self::Answered(_) => None,
            Self::Error(error) => Some(error),
        }
    }

    /// Whether the outcome says anything about the receiver. A request that could not be written does
    /// not.
    #[must_use]
    pub fn concerns_receiver(&self) -> bool {
        self.error().is_none_or(|e| !matches!(e.kind, ErrorKind::Body | ErrorKind::Transform))
    }

    /// Whether the target may not be called, so that nothing was sent.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.error().is_some_and(|e| e.kind == ErrorKind::Blocked)
    }

    /// 2xx is success. 3xx is a failure; redirects are never followed. 410 is final where the contract
    /// says so. 429 and 503 may have a `Retry-After` (seconds or an HTTP date, RFC 9110 §10.2.3).
    #[must_use]
    pub fn verdict(&self, gone_disables: bool, now: Timestamp) -> Verdict {
        let response = match self {
            Self::Answered(response) => response,
            Self::Error(AttemptError { kind: ErrorKind::Transform, .. }) => return Verdict::Broken,
            Self::Error(_) => return Verdict::Retry { not_before: None },
        };
        match response.status {
            status if is_success(status) => Verdict::Success,
            410 if gone_disables => Verdict::Gone,
            429 | 503 => Verdict::Retry { not_before: retry_after(&response.headers, now) },
            _ => Verdict::Retry { not_before: None },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, retry_after: Option<&str>) -> Outcome {
        let headers = retry_after.map(|v| ("Retry-After".to_owned(), v.to_owned()));
        Outcome::Answered(Response {
            status,
            status_text: String::new(),
            headers: headers.into_iter().collect(),
            body: String::new(),
        })
    }

    #[test]
    fn a_status_and_its_retry_after_decide_what_is_next() {
        let now: Timestamp = "2024-01-15T10:30:00Z".parse().unwrap();
        let after = |s| Verdict::Retry { not_before: Some(Duration::from_secs(s)) };
        let plain = Verdict::Retry { not_before: None };
        for (status, header, expected) in [
            (200, None, Verdict::Success),
            (204, None, Verdict::Success),
            (299, None, Verdict::Success),
            (301, None, plain),
            (302, None, plain),
            (400, None, plain),
            (404, None, plain),
            (410, None, Verdict::Gone),
            (500, Some("7"), plain),
            (429, None, plain),
            (429, Some("7"), after(7)),
            (503, Some(" 120 "), after(120)),
            (503, Some("Mon, 15 Jan 2024 10:31:00 GMT"), after(60)),
            (503, Some("Mon, 15 Jan 2024 10:29:00 GMT"), plain),
            (429, Some("999999999"), after(86_400)),
            (429, Some("18446744073709551616"), after(86_400)),
            (429, Some("Fri, 31 Dec 9999 23:59:59 GMT"), after(86_400)),
            (429, Some("soon"), plain),
            (429, Some("-1"), plain),
        ] {
            let verdict = answered(status, header).verdict(true, now);
            assert_eq!(verdict, expected, "{status} {header:?}");
        }
        assert_eq!(answered(410, None).verdict(false, now), plain);
    }
}
