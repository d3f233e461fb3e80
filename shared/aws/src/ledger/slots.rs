//! What a webhook's rate limit has handed out: one item, moved on by one conditional write for a slot.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::ReturnValue;
use hooklane_app::ports::{SlotCounts, SlotStore, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::ids::WebhookId;
use hooklane_domain::isolation::slots::{grant, spacing};
use hooklane_domain::webhook::limits::RateLimit;
use serde::Deserialize;

use super::{Ledger, keys};
use crate::failure::{corrupt, unavailable};
use crate::table::{from_item, number, string};

/// Where its next slot begins, in microseconds, and the counts.
#[derive(Deserialize)]
struct SlotsItem {
    /// Next.
    n: i64,
    /// Taken.
    #[serde(default)]
    k: u64,
    /// Waited for.
    #[serde(default)]
    w: u64,
    /// When the last one that had to be waited for was asked for, in microseconds.
    #[serde(default)]
    h: Option<i64>,
    /// The limit: requests and seconds.
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

/// How a limit is written.
fn text_of(limit: RateLimit) -> String {
    format!("{}/{}", limit.requests(), limit.per_seconds())
}

fn limit_of(text: &str) -> Option<RateLimit> {
    let (requests, per_seconds) = text.split_once('/')?;
    RateLimit::new(requests.parse().ok()?, per_seconds.parse().ok()?).ok()
}

/// Whoever asks meets others: those who find slots behind them and those who find them ahead.
const TRIES: u32 = 12;

/// There is no slot ahead, so this one is now.
const FREE: &str = "attribute_not_exists(n) OR n <= :now OR l <> :limit";
/// There is: it is the next one that is taken.
const QUEUED: &str = "n > :now AND l = :limit";

impl SlotStore for Ledger {
    async fn take_slot(
        &self,
        webhook: WebhookId,
        limit: RateLimit,
        now: Timestamp,
    ) -> Result<Timestamp, Unavailable> {
        for tried in 0..TRIES {
            let slot = if tried % 2 == 0 {
                self.take_free(webhook, limit, now).await?
            } else {
                self.take_queued(webhook, limit, now).await?
            };
            if let Some(slot) = slot {
                return Ok(slot);
            }
        }
        Err(Unavailable::new(self.call("UpdateItem"), "the slots change all the time"))
    }

    async fn slots_taken(&self, webhook: WebhookId) -> Result<SlotCounts, Unavailable> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::slots(webhook).attributes()))
            .consistent_read(true)
            .send()
            .await
            .map_err(unavailable(self.call("GetItem")))?;
        let Some(item) = answer.item else { return Ok(SlotCounts::default()) };
        from_item::<SlotsItem>(item)?.counts()
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
        let sent = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::slots(webhook).attributes()))
            .update_expression(update)
            .condition_expression(condition)
            .expression_attribute_values(":now", number(now.as_microsecond()))
            .expression_attribute_values(":limit", string(text_of(limit)))
            .expression_attribute_values(":expires", number(self.retention.expires_at(now)))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(by_name, number(by))
            .return_values(ReturnValue::UpdatedNew)
            .send()
            .await;
        match sent {
            Ok(answer) => from_item(answer.attributes.unwrap_or_default()).map(Some),
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => {
                Ok(None)
            }
            Err(e) => Err(unavailable(self.call("UpdateItem"))(e)),
        }
    }
}
