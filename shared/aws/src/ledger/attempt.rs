//! Attempts as stored. Each failed attempt is an item of its own. The one that succeeded is an attribute
//! of its delivery; if it was late, it is an item as well.

use hooklane_app::ports::Unavailable;
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::attempt::{Attempt, Measure};
use hooklane_domain::delivery::outcome::{AttemptError, ErrorKind, Outcome, Response};
use hooklane_domain::delivery::remark::Remark;
use hooklane_domain::delivery::{Delivery, FailedAt};
use hooklane_domain::ids::{EventType, TenantId};
use hooklane_domain::time::later;
use hooklane_domain::usage::counting::ATTEMPTS_KEPT;
use serde::{Deserialize, Serialize};

use super::{Ledger, keys};
use crate::failure::corrupt;
use crate::table::{from_item, to_item};

type Headers = Vec<(String, String)>;

/// An attempt with one-letter names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredAttempt {
    /// Number.
    n: u32,
    /// When it began, in milliseconds.
    a: i64,
    /// Duration in milliseconds.
    d: u32,
    /// Request headers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    q: Headers,
    /// Status, if there was an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    s: Option<u16>,
    /// Status text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    x: String,
    /// Response headers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    h: Headers,
    /// Response body.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    b: String,
    /// Kind and detail of the error, if there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    k: Option<(ErrorKind, String)>,
    /// The names of its remarks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    r: Vec<String>,
    /// What it counts for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    m: Option<StoredMeasure>,
}

/// What an attempt counts for in the usage of its tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum StoredMeasure {
    #[serde(rename = "t")]
    Test,
    #[serde(rename = "b")]
    Body(u32),
}

/// The item of an attempt. Its event and its number are in its key.
#[derive(Serialize, Deserialize)]
pub(super) struct AttemptItem {
    /// Tenant.
    pub(super) t: TenantId,
    /// Event type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) e: Option<EventType>,
    /// When the event of its delivery was accepted, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) c: Option<u64>,
    #[serde(flatten)]
    pub(super) attempt: StoredAttempt,
    #[serde(rename = "expiresAt")]
    expires_at: i64,
}

impl StoredAttempt {
    pub(super) fn new(attempt: &Attempt) -> Self {
        let (s, x, h, b, k) = match &attempt.outcome {
            Outcome::Answered(r) => {
                (Some(r.status), r.status_text.clone(), r.headers.clone(), r.body.clone(), None)
            }
            Outcome::Error(e) => {
                (None, String::new(), Vec::new(), String::new(), Some((e.kind, e.detail.clone())))
            }
        };
        Self {
            n: attempt.number,
            a: attempt.at.as_millisecond(),
            d: attempt.duration_ms,
            q: attempt.request_headers.clone(),
            s,
            x,
            h,
            b,
            k,
            r: attempt.remarks.iter().map(|remark| remark.as_str().to_owned()).collect(),
            m: match attempt.measure {
                Measure::Unknown => None,
                Measure::Test => Some(StoredMeasure::Test),
                Measure::Body(bytes) => Some(StoredMeasure::Body(bytes)),
            },
        }
    }

    pub(super) fn read(self) -> Result<Attempt, Unavailable> {
        let outcome = match (self.s, self.k) {
            (Some(status), None) => Outcome::Answered(Response {
                status,
                status_text: self.x,
                headers: self.h,
                body: self.b,
            }),
            (None, Some((kind, detail))) => Outcome::Error(AttemptError { kind, detail }),
            _ => {
                return Err(corrupt(
                    "an attempt",
                    "it has neither an answer nor an error, or both",
                ));
            }
        };
        Ok(Attempt {
            number: self.n,
            at: Timestamp::from_millisecond(self.a).map_err(|e| corrupt("an attempt", e))?,
            duration_ms: self.d,
            request_headers: self.q,
            outcome,
            // A newer version may know more of them.
            remarks: self.r.iter().filter_map(|name| Remark::named(name)).collect(),
            measure: match self.m {
                None => Measure::Unknown,
                Some(StoredMeasure::Test) => Measure::Test,
                Some(StoredMeasure::Body(bytes)) => Measure::Body(bytes),
            },
        })
    }

    /// Makes it at least `over` bytes smaller by dropping what can be spared: first the response headers,
    /// then the end of the body, then the request headers.
    pub(super) fn shed(&mut self, over: usize) {
        let mut over = over;
        for part in [&mut self.h, &mut self.q] {
            if over == 0 {
                return;
            }
            let held: usize = part.iter().map(|(n, v)| n.len() + v.len() + 6).sum();
            let body = self.b.len();
            part.clear();
            over = over.saturating_sub(held);
            let keep = body.saturating_sub(over);
            over = over.saturating_sub(body - keep);
            let cut = (0..=keep).rev().find(|i| self.b.is_char_boundary(*i)).unwrap_or(0);
            self.b.truncate(cut);
        }
    }
}

impl Ledger {
    pub(super) async fn put_attempt(
        &self,
        delivery: &Delivery,
        attempt: &Attempt,
    ) -> Result<(), Unavailable> {
        let made = FailedAt { number: attempt.number, at: attempt.at };
        let stored = AttemptItem {
            t: delivery.tenant.clone(),
            e: Some(delivery.event_type.clone()),
            c: Some(delivery.id.accepted_ms()),
            attempt: StoredAttempt::new(attempt),
            // An attempt near the end of its event's time is kept until it was counted.
            expires_at: self
                .retention
                .expires_at(delivery.id.accepted_at())
                .max(later(attempt.at, ATTEMPTS_KEPT).as_second()),
        };
        let item = to_item(&keys::attempt(&delivery.id, made), &stored)?;
        self.table.put(item).await
    }

    pub(super) async fn read_attempts(
        &self,
        delivery: &Delivery,
    ) -> Result<Vec<Attempt>, Unavailable> {
        let wanted = delivery.failed_at.iter().map(|f| keys::attempt(&delivery.id, *f));
        let mut attempts = Vec::new();
        for item in self.table.get_all(&wanted.collect::<Vec<_>>()).await? {
            let stored: AttemptItem = from_item(item)?;
            if stored.t == delivery.tenant {
                attempts.push(stored.attempt.read()?);
            }
        }
        attempts.extend(delivery.success.clone());
        attempts.sort_by_key(|attempt| (attempt.at, attempt.number));
        Ok(attempts)
    }
}
