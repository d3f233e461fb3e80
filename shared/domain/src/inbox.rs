//! The test inbox of a tenant: a URL of its own that keeps the newest requests, so that a tenant sees what a
//! webhook sends without a receiver. What arrives there is checked, kept and shown, and nothing else: it
//! becomes no event and no delivery.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::ids::TenantId;
use crate::json::fields::{FieldErrors, Fields};

mod flow;
mod request;
mod token;
mod verdict;

pub use flow::{Admission, Flow, MOST_PER_DAY, MOST_PER_MINUTE};
pub use request::{Arrival, InvalidNumber, KeptRequest, MOST_BODY_BYTES, RequestNumber};
pub use token::{InboxToken, InvalidToken};
pub use verdict::{SecretAge, TOLERANCE, Verdict};

/// The number of requests that an inbox keeps. A further one takes the place of the oldest.
pub const KEPT: u64 = 100;

/// How long an inbox keeps a request.
pub const KEPT_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A tenant's inbox. It has none until it turns one on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbox {
    /// The last part of its URL, which also names its tenant.
    pub token: InboxToken,
    /// Whether it takes requests.
    pub on: bool,
    pub answer: InboxAnswer,
    pub updated_at: Timestamp,
    /// Counts its writes, from 1.
    pub revision: u64,
}

/// What an inbox answers with. Never a redirect, so that it leads nobody anywhere.
///
/// Nor with 5xx, nor late by more than two seconds: the operator's alarms would take both for faults of the API,
/// whose address it shares. Any status but 2xx is a failure to a delivery, so nothing is missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InboxAnswer {
    status: u16,
    delay_seconds: u8,
}

const MAX_DELAY_SECONDS: u8 = 2;

/// An answer that no inbox gives; may be shown to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAnswer {
    #[error("must be a status from 200 to 299 or from 400 to 499")]
    Status,
    #[error("must be a whole number of seconds from 0 to {MAX_DELAY_SECONDS}")]
    Delay,
}

impl InboxAnswer {
    pub fn new(status: u64, delay_seconds: u64) -> Result<Self, InvalidAnswer> {
        let status = u16::try_from(status).ok();
        let status = status.filter(|status| matches!(status, 200..=299 | 400..=499));
        let delay = u8::try_from(delay_seconds).ok().filter(|delay| *delay <= MAX_DELAY_SECONDS);
        Ok(Self {
            status: status.ok_or(InvalidAnswer::Status)?,
            delay_seconds: delay.ok_or(InvalidAnswer::Delay)?,
        })
    }

    #[must_use]
    pub fn status(self) -> u16 {
        self.status
    }

    #[must_use]
    pub fn delay_seconds(self) -> u8 {
        self.delay_seconds
    }

    #[must_use]
    pub fn delay(self) -> Duration {
        Duration::from_secs(self.delay_seconds.into())
    }
}

impl Default for InboxAnswer {
    /// 200 at once.
    fn default() -> Self {
        Self { status: 200, delay_seconds: 0 }
    }
}

/// A change that a tenant asks for. What is left out stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InboxChange {
    pub on: Option<bool>,
    pub status: Option<u64>,
    pub delay_seconds: Option<u64>,
}

impl InboxChange {
    /// Reads `{"enabled": …, "answer": {"status": …, "delaySeconds": …}}`.
    pub fn read(body: &str) -> Result<Self, FieldErrors> {
        let mut fields = Fields::of("", body)?;
        let on = fields.read(&["enabled"], "true or false");
        let (mut status, mut delay_seconds) = (None, None);
        if let Some(field) = fields.take(&["answer"]) {
            match Fields::of(&field.path, field.raw.get()) {
                Ok(mut answer) => {
                    status = answer.read_whole(&["status"], "a whole number");
                    delay_seconds = answer.read_whole(&["delaySeconds"], "a whole number");
                    let now = InboxAnswer::default();
                    for (name, tried) in [
                        ("status", InboxAnswer::new(status.unwrap_or(200), 0)),
                        (
                            "delaySeconds",
                            InboxAnswer::new(now.status.into(), delay_seconds.unwrap_or(0)),
                        ),
                    ] {
                        if let Err(why) = tried {
                            answer.error(name, why.to_string());
                        }
                    }
                    if let Err(errors) = answer.finish() {
                        fields.merge(errors);
                    }
                }
                Err(errors) => fields.merge(errors),
            }
        }
        fields.finish()?;
        Ok(Self { on, status, delay_seconds })
    }

    /// The inbox after the change; a new one if there was none.
    pub fn apply(
        self,
        seen: Option<Inbox>,
        tenant: &TenantId,
        random: [u8; 32],
        now: Timestamp,
    ) -> Result<Inbox, InvalidAnswer> {
        let seen = seen.unwrap_or_else(|| Inbox {
            token: InboxToken::new(tenant.clone(), random),
            on: false,
            answer: InboxAnswer::default(),
            updated_at: now,
            revision: 0,
        });
        let answer = InboxAnswer::new(
            self.status.unwrap_or_else(|| seen.answer.status.into()),
            self.delay_seconds.unwrap_or_else(|| seen.answer.delay_seconds.into()),
        )?;
        let on = self.on.unwrap_or(seen.on);
        Ok(Inbox { on, answer, updated_at: now, revision: seen.revision + 1, ..seen })
    }
}

impl Inbox {
    /// The inbox under another URL. From then on the old one leads to none.
    #[must_use]
    pub fn moved(self, random: [u8; 32], now: Timestamp) -> Self {
        Self {
            token: InboxToken::new(self.token.tenant().clone(), random),
            updated_at: now,
            revision: self.revision + 1,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_success_or_a_refusal_and_never_a_redirect() {
        for status in 0..=1_000 {
            let good = matches!(status, 200..=299 | 400..=499);
            assert_eq!(InboxAnswer::new(status, 0).is_ok(), good, "{status}");
        }
        assert_eq!(InboxAnswer::new(65_736, 0), Err(InvalidAnswer::Status), "200 in sixteen bits");
        for (delay, good) in [(0, true), (2, true), (3, false), (256, false), (u64::MAX, false)] {
            assert_eq!(InboxAnswer::new(200, delay).is_ok(), good, "{delay}");
        }
    }

    #[test]
    fn a_change_is_read_strictly() {
        let read = |body: &str| {
            InboxChange::read(body).map_err(|errors| {
                let errors = errors.as_slice().iter();
                errors.map(|e| format!("{} {}", e.path, e.message)).collect::<Vec<_>>()
            })
        };
        assert_eq!(read("{}"), Ok(InboxChange::default()));
        assert_eq!(
            read(r#"{"enabled":true,"answer":{"status":410,"delaySeconds":2}}"#),
            Ok(InboxChange { on: Some(true), status: Some(410), delay_seconds: Some(2) })
        );
        for (body, wrong) in [
            (r#"{"enabled":1}"#, "enabled must be true or false"),
            (
                r#"{"answer":{"status":302}}"#,
                "answer.status must be a status from 200 to 299 or from 400 to 499",
            ),
            (
                r#"{"answer":{"status":500}}"#,
                "answer.status must be a status from 200 to 299 or from 400 to 499",
            ),
            (
                r#"{"answer":{"delaySeconds":3}}"#,
                "answer.delaySeconds must be a whole number of seconds from 0 to 2",
            ),
            (r#"{"answer":{"location":"x"}}"#, "answer.location is not a known field"),
            (r#"{"url":"x"}"#, "url is not a known field"),
        ] {
            assert_eq!(read(body), Err(vec![wrong.to_owned()]), "{body}");
        }
    }

    #[test]
    fn a_change_keeps_what_it_does_not_name() {
        let (tenant, now) = ("acme".parse().unwrap(), Timestamp::UNIX_EPOCH);
        let on = InboxChange { on: Some(true), ..InboxChange::default() };
        let first = on.apply(None, &tenant, [1; 32], now).unwrap();
        assert!(first.on && first.revision == 1 && first.answer == InboxAnswer::default());
        let slow = InboxChange { delay_seconds: Some(1), ..InboxChange::default() };
        let second = slow.apply(Some(first.clone()), &tenant, [2; 32], now).unwrap();
        assert!(second.on && second.revision == 2 && second.token == first.token);
        assert_eq!((second.answer.status(), second.answer.delay_seconds()), (200, 1));
        let moved = second.clone().moved([3; 32], now);
        assert_ne!(moved.token, second.token);
        assert_eq!(moved.token.tenant(), &tenant);
        assert_eq!((moved.answer, moved.revision), (second.answer, 3));
    }
}
