//! Pointers to parked deliveries. A pointer is written with its delivery, in one transaction.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::Select;
use hooklane_app::ports::{ParkingStore, Pointer, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};
use serde::{Deserialize, Serialize};

use super::pages::MOST_QUERIES;
use super::{Ledger, keys};
use crate::failure::{corrupt, unavailable};
use crate::table::{Item, from_item, number, string, text, to_item};

#[derive(Serialize, Deserialize)]
struct PointerItem {
    /// Delivery.
    i: DeliveryId,
    /// Tenant.
    t: TenantId,
    /// Due, in milliseconds.
    d: i64,
    /// The generation it was parked under.
    g: u32,
    #[serde(rename = "expiresAt")]
    expires_at: i64,
}

impl Ledger {
    pub(super) fn pointer_item(
        &self,
        delivery: &Delivery,
        due: Timestamp,
    ) -> Result<Item, Unavailable> {
        let pointer = PointerItem {
            i: delivery.id.clone(),
            t: delivery.tenant.clone(),
            d: due.as_millisecond(),
            g: delivery.generation,
            expires_at: self.retention.expires_at(delivery.id.accepted_at()),
        };
        to_item(&keys::parked(&delivery.id, due), &pointer)
    }
}

impl Ledger {
    fn query_pointers(&self, webhook: WebhookId, due_by: Timestamp) -> QueryFluentBuilder {
        // `$` follows `#` in ASCII: up to the last event of the last millisecond.
        let to = format!("{}$", keys::parked_at(due_by));
        self.client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk < :to")
            .expression_attribute_values(":pk", string(keys::parking(webhook)))
            .expression_attribute_values(":to", string(to))
            .consistent_read(true)
    }
}

/// Past what cannot be read, a query takes at least so many.
const LEAST_READ: usize = 100;

/// Its key ends with the event.
fn tell_unreadable(webhook: WebhookId, key: &str) {
    let event = key.rsplit('#').next().unwrap_or_default();
    tracing::error!(webhook.id = %webhook, event.id = event, "pointer.left_out");
}

impl ParkingStore for Ledger {
    async fn parked(
        &self,
        webhook: WebhookId,
        due_by: Timestamp,
        limit: usize,
    ) -> Result<Vec<Pointer>, Unavailable> {
        let mut pointers = Vec::new();
        let mut start = None;
        // Past those that cannot be read, but not without end.
        for _ in 0..MOST_QUERIES {
            let reads = if start.is_none() { limit } else { limit.max(LEAST_READ) };
            let answer = self
                .query_pointers(webhook, due_by)
                .limit(i32::try_from(reads).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(unavailable(self.call("Query")))?;
            for item in answer.items.unwrap_or_default() {
                let key = text(&item, "sk").unwrap_or_default();
                match read(item) {
                    Ok(pointer) => pointers.push(pointer),
                    Err(_) => tell_unreadable(webhook, &key),
                }
            }
            start = answer.last_evaluated_key;
            if pointers.len() >= limit || start.is_none() {
                break;
            }
        }
        pointers.truncate(limit);
        Ok(pointers)
    }

    async fn count_parked(&self, webhook: WebhookId, most: u16) -> Result<u64, Unavailable> {
        let answer = self
            .query_pointers(webhook, Timestamp::MAX)
            .select(Select::Count)
            .limit(most.into())
            .send()
            .await
            .map_err(unavailable(self.call("Query")))?;
        Ok(u64::try_from(answer.count).unwrap_or(0))
    }

    async fn unpark(&self, pointer: &Pointer) -> Result<(), Unavailable> {
        let deleted = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(keys::parked(&pointer.delivery, pointer.due).attributes()))
            .condition_expression("g = :g")
            .expression_attribute_values(":g", number(pointer.generation))
            .send()
            .await;
        match deleted {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => {
                Ok(())
            }
            Err(e) => Err(unavailable(self.call("DeleteItem"))(e)),
        }
    }
}

fn read(item: Item) -> Result<Pointer, Unavailable> {
    let item: PointerItem = from_item(item)?;
    let due = Timestamp::from_millisecond(item.d).map_err(|e| corrupt("a pointer", e))?;
    Ok(Pointer { delivery: item.i, tenant: item.t, due, generation: item.g })
}
