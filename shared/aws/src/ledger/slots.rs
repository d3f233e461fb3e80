//! The slots that a webhook's rate limit has handed out. They are one item; each slot costs one
//! conditional write.

use aws_sdk_dynamodb::types::ReturnValue;
use hooklane_app::conflict::decide_anew;
use hooklane_app::ports::{SlotCounts, SlotStore, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::ids::WebhookId;
use hooklane_domain::isolation::slots::{grant, spacing};
use hooklane_domain::webhook::limits::RateLimit;
use serde::Deserialize;

use super::{Ledger, keys};
use crate::failure::corrupt;
use crate::table::{Write, from_item, number, string};

/// The next slot and the counts.
#[derive(Deserialize)]
struct SlotsItem {
    /// When the next slot begins, in microseconds.
    n: i64,
    /// Slots taken.
    #[serde(default)]
    k: u64,
    /// Slots that had to be waited for.
    #[serde(default)]
    w: u64,
    /// When the last slot that had to be waited for was asked for, in microseconds.
    #[serde(default)]
    h: Option<i64>,
    /// The limit that the next slot was computed for, as requests/seconds.
    #[serde(default)]
    l: Option<String>,
}

impl SlotsItem {
    fn counts(&self) -> Result<SlotCounts, Unavailable> {
        let next = self.l.as_deref().and_then(limit_of).map(|limit| Ok((limit, time(self.n)?)));
        Ok(SlotCounts {
            taken: self.k,
            waited: self.w,
            last_waited_at: self.h.map(time).transpose()?,
            next: next.transpose()?,
        })
    }
}

fn time(micros: i64) -> Result<Timestamp, Unavailable> {
    Timestamp::from_microsecond(micros).map_err(|e| corrupt("a slot", e))
}

/// A limit as it is stored.
fn text_of(limit: RateLimit) -> String {
    format!("{}/{}", limit.requests(), limit.per_seconds())
}

fn limit_of(text: &str) -> Option<RateLimit> {
    let (requests, per_seconds) = text.split_once('/')?;
    RateLimit::new(requests.parse().ok()?, per_seconds.parse().ok()?).ok()
}

/// How often both updates are tried, because another caller may take a slot between the two.
const TRIES: u32 = 6;

/// No slot is ahead, so one is free now.
const FREE: &str = "attribute_not_exists(n) OR n <= :now OR l <> :limit";
/// Slots are ahead: the next one is taken.
const QUEUED: &str = "n > :now AND l = :limit";

impl SlotStore for Ledger {
    async fn take_slot(
        &self,
        webhook: WebhookId,
        limit: RateLimit,
        now: Timestamp,
    ) -> Result<Timestamp, Unavailable> {
        let taken = decide_anew(TRIES, || async {
            match self.take_free(webhook, limit, now).await? {
                Some(slot) => Ok(Some(slot)),
                None => self.take_queued(webhook, limit, now).await,
            }
        });
        taken
            .await?
            .ok_or_else(|| Unavailable::new("taking a slot", "other callers were faster each time"))
    }

    async fn slots_taken(&self, webhook: WebhookId) -> Result<SlotCounts, Unavailable> {
        let stored = self.table.get::<SlotsItem>(&keys::slots(webhook)).await?;
        stored.map_or_else(|| Ok(SlotCounts::default()), |slots| slots.counts())
    }
}

impl Ledger {
    async fn take_free(
        &self,
        webhook: WebhookId,
        limit: RateLimit,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Unavailable> {
        let granted = grant(None, now, limit);
        let update = "SET n = :next, l = :limit, expiresAt = :expires ADD k :one";
        let next = granted.next.as_microsecond();
        let taken = self.take(webhook, limit, now, (update, FREE), ":next", next).await?;
        Ok(taken.map(|_| granted.slot))
    }

    async fn take_queued(
        &self,
        webhook: WebhookId,
        limit: RateLimit,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Unavailable> {
        let update = "SET n = n + :spacing, h = :now, expiresAt = :expires ADD k :one, w :one";
        let spacing = i64::try_from(spacing(limit).as_micros()).unwrap_or(i64::MAX);
        let taken = self.take(webhook, limit, now, (update, QUEUED), ":spacing", spacing).await?;
        taken.map(|item| time(item.n - spacing)).transpose()
    }

    async fn take(
        &self,
        webhook: WebhookId,
        limit: RateLimit,
        now: Timestamp,
        (update, condition): (&str, &str),
        by_name: &str,
        by: i64,
    ) -> Result<Option<SlotsItem>, Unavailable> {
        let take = Write::update(&keys::slots(webhook), update)
            .if_holds(condition)
            .value(":now", number(now.as_microsecond()))
            .value(":limit", string(text_of(limit)))
            .value(":expires", number(self.retention.expires_at(now)))
            .value(":one", number(1))
            .value(by_name, number(by));
        let taken = self.table.write_returning(take, ReturnValue::UpdatedNew).await?;
        taken.map(from_item).transpose()
    }
}
