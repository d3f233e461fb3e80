//! Reading many items: batches whose leftovers are asked for again, and pages of a list.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use hooklane_app::ports::{DeliveryFilter, DeliveryPage, Unavailable};
use hooklane_domain::delivery::{Delivery, Status};
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};

use super::delivery::to_delivery;
use super::keys::Span;
use super::{Ledger, keys};
use crate::failure::unavailable;
use crate::table::{Item, Key, string};

/// `BatchGetItem` takes so many keys.
const BATCH: usize = 100;
/// Keys that a call leaves unprocessed are asked for again this often.
const TRIES: u32 = 6;
/// A query whose filter may match little reads so many items, so that it ends.
const FILTERED_READS: i32 = 500;
/// One that lets everything through reads what was asked for, and at most so many: about what DynamoDB
/// hands out at once.
const MOST_READS: i32 = 1000;

impl Ledger {
    /// The items of these keys, read consistently, in any order; keys without an item are absent.
    pub(super) async fn read_all(&self, keys: Vec<Key>) -> Result<Vec<Item>, Unavailable> {
        let mut items = Vec::new();
        for chunk in keys.chunks(BATCH) {
            items.extend(self.read_chunk(chunk).await?);
        }
        Ok(items)
    }

    async fn read_chunk(&self, keys: &[Key]) -> Result<Vec<Item>, Unavailable> {
        let what = || self.call("BatchGetItem");
        let mut left: Vec<Item> = keys.iter().map(Key::attributes).collect();
        let mut items = Vec::new();
        for tried in 0..TRIES {
            if tried > 0 {
                tokio::time::sleep(Duration::from_millis(25 << tried)).await;
            }
            let request = KeysAndAttributes::builder()
                .set_keys(Some(left))
                .consistent_read(true)
                .build()
                .map_err(unavailable(what()))?;
            let answer = self
                .client
                .batch_get_item()
                .request_items(&self.table, request)
                .send()
                .await
                .map_err(unavailable(what()))?;
            items.extend(
                answer.responses.unwrap_or_default().remove(&self.table).unwrap_or_default(),
            );
            left = match answer.unprocessed_keys.unwrap_or_default().remove(&self.table) {
                Some(unprocessed) => unprocessed.keys,
                None => return Ok(items),
            };
            if left.is_empty() {
                return Ok(items);
            }
        }
        Err(Unavailable::new(what(), format!("{} keys stayed unprocessed", left.len())))
    }

    /// One page of a webhook's deliveries, newest first. What is not delivered is in its own index, and
    /// a span of time is one of keys; other filters are applied to what one bounded query reads.
    pub(super) async fn page(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        filter: &DeliveryFilter,
    ) -> Result<DeliveryPage, Unavailable> {
        let span = Span::of_deliveries(filter.accepted);
        let after = filter.after.as_ref().map(|id| (keys::delivery(id).sk, id));
        if span.is_empty() || after.as_ref().is_some_and(|(sk, _)| *sk < span.low) {
            return Ok(DeliveryPage { deliveries: Vec::new(), next: None });
        }
        // A query refuses to start outside of what it is to read.
        let start = after.filter(|(sk, _)| *sk < span.high).map(|(_, id)| id);
        let indexed = filter.status.and_then(|status| keys::undelivered(webhook, status));
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .scan_index_forward(false)
            .limit(reads(filter, indexed.is_some()))
            .expression_attribute_values(":low", string(span.low))
            .expression_attribute_values(":high", string(span.high))
            .set_exclusive_start_key(start.map(|id| start_key(id, filter.status)));
        let query = match indexed {
            Some(u) => query
                .index_name(keys::UNDELIVERED)
                .key_condition_expression("u = :u AND sk BETWEEN :low AND :high")
                .expression_attribute_values(":u", string(u)),
            None => query
                .consistent_read(true)
                .key_condition_expression("pk = :pk AND sk BETWEEN :low AND :high")
                .expression_attribute_values(":pk", string(keys::webhook(webhook))),
        };
        let answer = query.send().await.map_err(unavailable(self.call("Query")))?;
        let more = answer.last_evaluated_key.is_some();
        let read = answer.items.unwrap_or_default().into_iter().map(to_delivery);
        let read = read.collect::<Result<Vec<_>, _>>()?;
        let read_to = read.last().filter(|_| more).map(|delivery| delivery.id.clone());
        let mut deliveries: Vec<Delivery> =
            read.into_iter().filter(|delivery| fits(delivery, tenant, filter)).collect();
        if deliveries.len() <= filter.limit {
            return Ok(DeliveryPage { deliveries, next: read_to });
        }
        deliveries.truncate(filter.limit);
        let next = deliveries.last().map(|delivery| delivery.id.clone());
        Ok(DeliveryPage { deliveries, next })
    }
}

fn fits(delivery: &Delivery, tenant: &TenantId, filter: &DeliveryFilter) -> bool {
    delivery.tenant == *tenant
        && filter.status.is_none_or(|status| status == delivery.status())
        && filter.event_type.as_ref().is_none_or(|kind| *kind == delivery.event_type)
}

fn reads(filter: &DeliveryFilter, indexed: bool) -> i32 {
    if filter.event_type.is_some() || (filter.status.is_some() && !indexed) {
        return FILTERED_READS;
    }
    i32::try_from(filter.limit).unwrap_or(MOST_READS).min(MOST_READS)
}

/// Where a query goes on after a delivery: its keys follow from its id.
fn start_key(id: &DeliveryId, status: Option<Status>) -> HashMap<String, AttributeValue> {
    let mut key = keys::delivery(id).attributes();
    if let Some(u) = status.and_then(|status| keys::undelivered(id.webhook(), status)) {
        key.insert(keys::UNDELIVERED_KEY.to_owned(), string(u));
    }
    key
}
