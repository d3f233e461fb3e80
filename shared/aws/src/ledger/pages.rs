//! Pages of a webhook's deliveries.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use hooklane_app::ports::{DeliveryFilter, DeliveryPage, Unavailable, WaitingStore};
use hooklane_domain::delivery::{Delivery, Status};
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};

use super::delivery::to_delivery;
use super::keys::KeyRange;
use super::{Ledger, keys};
use crate::failure::corrupt;
use crate::table::{Item, string};

/// The number of items that a query reads whose filter may match few of them, so that it ends.
const FILTERED_READS: i32 = 500;
/// The number of items that a query without such a filter reads at most: about one page of DynamoDB's.
const MOST_READS: i32 = 1000;
/// The number of queries that one call makes at most to get past items that cannot be read.
pub(super) const MOST_QUERIES: usize = 10;

impl Ledger {
    /// One page of a webhook's deliveries, newest first. Statuses of undelivered deliveries have an index,
    /// and a range of time is a range of keys. Every other filter is applied to what a query has read, so
    /// that the work is bounded.
    pub(super) async fn page(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        filter: &DeliveryFilter,
    ) -> Result<DeliveryPage, Unavailable> {
        let range = KeyRange::of_deliveries(filter.accepted);
        let after = filter.after.as_ref().map(|id| (keys::delivery(id).sk, id));
        if range.is_empty() || after.as_ref().is_some_and(|(sk, _)| *sk < range.low) {
            return Ok(DeliveryPage::default());
        }
        // DynamoDB refuses a query that starts outside its range.
        let start = after.filter(|(sk, _)| *sk < range.high).map(|(_, id)| id);
        let mut start = start.map(|id| start_key(id, filter.status));
        let mut unreadable = 0;
        for _ in 0..MOST_QUERIES {
            let query =
                self.query_deliveries(webhook, filter, &range).set_exclusive_start_key(start);
            let page = self.table.page(query).await?;
            let read = Read::of(page.items, webhook);
            unreadable += read.unreadable;
            start = page.next;
            // If no key of a page can be read, there is no cursor to go on from: the next page is read.
            if read.last.is_some() || start.is_none() {
                let read_to = read.last.filter(|_| start.is_some());
                let fitting = read.found.into_iter().filter(|found| fits(found, tenant, filter));
                return Ok(cut(fitting.collect(), filter.limit, read_to, unreadable));
            }
        }
        Err(corrupt("a list of deliveries", "page after page of it has no key that can be read"))
    }

    fn query_deliveries(
        &self,
        webhook: WebhookId,
        filter: &DeliveryFilter,
        range: &KeyRange,
    ) -> QueryFluentBuilder {
        let indexed = filter.status.and_then(|status| keys::undelivered(webhook, status));
        let reads = reads(filter, indexed.is_some());
        let query = match indexed {
            Some(u) => self
                .table
                .query_index(keys::UNDELIVERED, "u = :u AND sk BETWEEN :low AND :high")
                .expression_attribute_values(":u", string(u)),
            None => self
                .table
                .query("pk = :pk AND sk BETWEEN :low AND :high")
                .expression_attribute_values(":pk", string(keys::webhook(webhook))),
        };
        query
            .scan_index_forward(false)
            .limit(reads)
            .expression_attribute_values(":low", string(&range.low))
            .expression_attribute_values(":high", string(&range.high))
    }
}

/// The statuses of deliveries that wait for an attempt. The index has both.
const WAITING: [Status; 2] = [Status::Retrying, Status::Pending];

impl WaitingStore for Ledger {
    async fn count_waiting(&self, webhook: WebhookId, most: u16) -> Result<u64, Unavailable> {
        let counts = WAITING.map(|status| async move {
            let Some(u) = keys::undelivered(webhook, status) else { return Ok(0) };
            let query = self.table.query_index(keys::UNDELIVERED, "u = :u");
            let query = query.expression_attribute_values(":u", string(u)).limit(most.into());
            self.table.count(query).await
        });
        let counts = futures::future::try_join_all(counts).await?;
        Ok(counts.into_iter().sum::<u64>().min(most.into()))
    }
}

/// What a query read. A delivery that cannot be read back is left out and counted.
struct Read {
    found: Vec<Delivery>,
    unreadable: usize,
    /// The last delivery whose key can be read, even if the rest of it cannot.
    last: Option<DeliveryId>,
}

impl Read {
    fn of(items: Vec<Item>, webhook: WebhookId) -> Self {
        let mut read = Self { found: Vec::new(), unreadable: 0, last: None };
        for item in items {
            let id = keys::delivery_of(&item);
            match to_delivery(item) {
                Ok(delivery) => read.found.push(delivery),
                Err(_) => {
                    read.unreadable += 1;
                    log_left_out(webhook, id.as_ref());
                }
            }
            read.last = id.or(read.last);
        }
        read
    }
}

/// The line has ids only. Reading the delivery alone gives the reason.
fn log_left_out(webhook: WebhookId, id: Option<&DeliveryId>) {
    let id = id.map(tracing::field::display);
    tracing::error!(webhook.id = %webhook, delivery.id = id, "delivery.left_out");
}

/// At most `limit` of the deliveries found. If some are cut off, the next page starts with them.
fn cut(
    mut deliveries: Vec<Delivery>,
    limit: usize,
    read_to: Option<DeliveryId>,
    unreadable: usize,
) -> DeliveryPage {
    if deliveries.len() <= limit {
        return DeliveryPage { deliveries, unreadable, next: read_to };
    }
    deliveries.truncate(limit);
    let next = deliveries.last().map(|delivery| delivery.id.clone());
    DeliveryPage { deliveries, unreadable, next }
}

fn fits(delivery: &Delivery, tenant: &TenantId, filter: &DeliveryFilter) -> bool {
    delivery.tenant == *tenant
        && filter.status.is_none_or(|status| status == delivery.status())
        && filter.parked.is_none_or(|parked| parked == delivery.is_parked())
        && filter.event_type.as_ref().is_none_or(|kind| *kind == delivery.event_type)
}

fn reads(filter: &DeliveryFilter, indexed: bool) -> i32 {
    let filtered = filter.event_type.is_some() || filter.parked.is_some();
    if filtered || (filter.status.is_some() && !indexed) {
        return FILTERED_READS;
    }
    i32::try_from(filter.limit).unwrap_or(MOST_READS).min(MOST_READS)
}

/// The key from which a query goes on after a delivery.
fn start_key(id: &DeliveryId, status: Option<Status>) -> HashMap<String, AttributeValue> {
    let mut key = keys::delivery(id).attributes();
    if let Some(u) = status.and_then(|status| keys::undelivered(id.webhook(), status)) {
        key.insert(keys::UNDELIVERED_KEY.to_owned(), string(u));
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(sk: &str, tenant: AttributeValue) -> Item {
        let webhook = WebhookId::new(hooklane_domain::Timestamp::UNIX_EPOCH, 1);
        let pair = vec![AttributeValue::N("5".to_owned()), AttributeValue::Null(true)];
        let state = HashMap::from([("w".to_owned(), AttributeValue::L(pair))]);
        HashMap::from([
            ("pk".to_owned(), string(keys::webhook(webhook))),
            ("sk".to_owned(), string(sk)),
            ("t".to_owned(), tenant),
            ("e".to_owned(), string("order.created")),
            ("s".to_owned(), AttributeValue::M(state)),
            ("g".to_owned(), AttributeValue::N("0".to_owned())),
            ("n".to_owned(), AttributeValue::N("0".to_owned())),
            ("r".to_owned(), AttributeValue::N("0".to_owned())),
            ("v".to_owned(), AttributeValue::N("1".to_owned())),
            ("expiresAt".to_owned(), AttributeValue::N("7".to_owned())),
        ])
    }

    #[test]
    fn a_corrupt_delivery_is_left_out_and_the_list_goes_on_after_it() {
        let webhook = WebhookId::new(hooklane_domain::Timestamp::UNIX_EPOCH, 1);
        let (good, bad) = (string("acme"), AttributeValue::Bool(true));
        for (items, found, unreadable, last) in [
            (vec![("DL#000000000000003#a", &good)], 1, 0, Some("a")),
            (vec![("DL#000000000000003#a", &bad)], 0, 1, Some("a")),
            (
                vec![("DL#000000000000003#a", &good), ("DL#000000000000002#b", &bad)],
                1,
                1,
                Some("b"),
            ),
            (
                vec![("DL#000000000000003#a", &bad), ("DL#000000000000002#b", &good)],
                1,
                1,
                Some("b"),
            ),
            // If its key cannot be read, the list goes on after the one before.
            (vec![("DL#000000000000003#a", &good), ("DL#x", &good)], 1, 1, Some("a")),
            (vec![("DL#x", &good)], 0, 1, None),
            (vec![], 0, 0, None),
        ] {
            let items = items.into_iter().map(|(sk, tenant)| item(sk, tenant.clone())).collect();
            let read = Read::of(items, webhook);
            assert_eq!((read.found.len(), read.unreadable), (found, unreadable));
            assert_eq!(read.last.map(|id| id.event().to_string()).as_deref(), last);
        }
    }
}
