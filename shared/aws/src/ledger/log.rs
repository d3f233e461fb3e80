//! The log of a webhook's attempts, in order of time.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use hooklane_app::ports::{AttemptLog, LogFilter, LogPage, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::attempt_log::{LogEntry, LogPosition};
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};

use super::Ledger;
use super::attempt::AttemptItem;
use super::keys::{self, KeyRange};
use super::pages::MOST_QUERIES;
use crate::failure::corrupt;
use crate::table::{Item, from_item, limit, string};

/// The number of attempts that one query reads at most; each is a few KiB.
const MOST: usize = 200;

impl AttemptLog for Ledger {
    async fn kept(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        filter: &LogFilter,
    ) -> Result<LogPage, Unavailable> {
        let began = match &filter.from {
            Some(from) => filter.began.before(from.end()),
            None => filter.began,
        };
        let range = KeyRange::of_attempts(began);
        if range.is_empty() {
            return Ok(LogPage::default());
        }
        // A query must start within its range. The range ends after this place, which may still be before
        // its beginning.
        let start = match &filter.from {
            Some(LogPosition::After(key)) => Some(keys::logged(webhook, key)),
            Some(LogPosition::Before(_)) | None => None,
        };
        if start.as_ref().is_some_and(|start| start.sk < range.low) {
            return Ok(LogPage::default());
        }
        let mut start = start.filter(|start| start.sk < range.high).map(|start| start.attributes());
        let mut page = LogPage::default();
        for _ in 0..MOST_QUERIES {
            let query = self.query_attempts(webhook, filter, &range);
            let read = self.table.page(query.set_exclusive_start_key(start)).await?;
            for item in read.items {
                read_into(&mut page, tenant, webhook, item);
            }
            start = read.next;
            // If no key of a page can be read, there is no position to go on from: the next page is read.
            if page.next.is_some() || start.is_none() {
                page.next = page.next.filter(|_| start.is_some());
                return Ok(page);
            }
        }
        Err(corrupt("a log of attempts", "page after page of it has no key that can be read"))
    }
}

impl Ledger {
    fn query_attempts(
        &self,
        webhook: WebhookId,
        filter: &LogFilter,
        range: &KeyRange,
    ) -> QueryFluentBuilder {
        self.table
            .query("pk = :pk AND sk BETWEEN :low AND :high")
            .scan_index_forward(false)
            .limit(limit(filter.limit.min(MOST)))
            .expression_attribute_values(":pk", string(keys::webhook(webhook)))
            .expression_attribute_values(":low", string(&range.low))
            .expression_attribute_values(":high", string(&range.high))
    }
}

/// Adds an item to a page. One that cannot be read back is left out and counted.
fn read_into(page: &mut LogPage, tenant: &TenantId, webhook: WebhookId, item: Item) {
    let key = keys::place_of_attempt(&item);
    match to_entry(webhook, item) {
        Ok((owner, entry)) if owner == *tenant => page.entries.push(entry),
        Ok(_) => {}
        Err(_) => {
            page.unreadable += 1;
            let event = key.as_ref().map(|key| tracing::field::display(&key.event));
            tracing::error!(webhook.id = %webhook, event.id = event, "attempt.left_out");
        }
    }
    page.next = key.map(LogPosition::After).or(page.next.take());
}

fn to_entry(webhook: WebhookId, item: Item) -> Result<(TenantId, LogEntry), Unavailable> {
    let place = keys::place_of_attempt(&item)
        .ok_or_else(|| corrupt("an attempt", "its key is not that of an attempt"))?;
    let event = place.event;
    let item: AttemptItem = from_item(item)?;
    let accepted = item
        .c
        .map(|ms| Timestamp::from_millisecond(i64::try_from(ms).unwrap_or(i64::MAX)))
        .transpose()
        .map_err(|e| corrupt("an attempt", e))?;
    let delivery = accepted.map(|at| DeliveryId::new(webhook, at, event.clone()));
    let entry = LogEntry { event, event_type: item.e, delivery, attempt: item.attempt.read()? };
    Ok((item.t, entry))
}
