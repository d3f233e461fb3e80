//! Pointers to parked deliveries. A pointer is written in one transaction with its delivery.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use hooklane_app::ports::{ParkingStore, Pointer, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};
use serde::{Deserialize, Serialize};

use super::pages::MOST_QUERIES;
use super::{Ledger, keys};
use crate::failure::corrupt;
use crate::table::{self, Item, Rewrite, Write, from_item, number, string, text, to_item};

#[derive(Serialize, Deserialize)]
struct PointerItem {
    /// Delivery.
    i: DeliveryId,
    /// Tenant.
    t: TenantId,
    /// When it is due, in milliseconds.
    d: i64,
    /// The generation under which it was parked.
    g: u32,
    #[serde(rename = "expiresAt")]
    expires_at: i64,
}

impl Ledger {
    pub(super) fn pointer_write(
        &self,
        delivery: &Delivery,
        due: Timestamp,
    ) -> Result<Write, Unavailable> {
        let pointer = PointerItem {
            i: delivery.id.clone(),
            t: delivery.tenant.clone(),
            d: due.as_millisecond(),
            g: delivery.generation,
            expires_at: self.retention.expires_at(delivery.id.accepted_at()),
        };
        let item = to_item(&keys::parked(&delivery.id, due), &pointer)?;
        // A delivery may be parked again under the key of a pointer that is still there.
        Ok(Rewrite::of::<PointerItem>(item).write())
    }

    fn query_pointers(&self, webhook: WebhookId, due_by: Timestamp) -> QueryFluentBuilder {
        // `$` follows `#` in ASCII, so this is greater than every key of that millisecond.
        let to = format!("{}$", keys::parked_at(due_by));
        self.table
            .query("pk = :pk AND sk < :to")
            .expression_attribute_values(":pk", string(keys::parking(webhook)))
            .expression_attribute_values(":to", string(to))
    }
}

/// The number of pointers that a further query reads at least, to get past those that cannot be read.
const LEAST_READ: usize = 100;

/// The key of a pointer ends with the event's id.
fn log_left_out(webhook: WebhookId, key: &str) {
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
        // Pointers that cannot be read must not hide the others, and the work stays bounded.
        for _ in 0..MOST_QUERIES {
            let reads = if start.is_none() { limit } else { limit.max(LEAST_READ) };
            let query = self.query_pointers(webhook, due_by).limit(table::limit(reads));
            let page = self.table.page(query.set_exclusive_start_key(start)).await?;
            for item in page.items {
                let key = text(&item, "sk").unwrap_or_default();
                match read(item) {
                    Ok(pointer) => pointers.push(pointer),
                    Err(_) => log_left_out(webhook, &key),
                }
            }
            start = page.next;
            if pointers.len() >= limit || start.is_none() {
                break;
            }
        }
        pointers.truncate(limit);
        Ok(pointers)
    }

    async fn count_parked(&self, webhook: WebhookId, most: u16) -> Result<u64, Unavailable> {
        self.table.count(self.query_pointers(webhook, Timestamp::MAX).limit(most.into())).await
    }

    async fn unpark(&self, pointer: &Pointer) -> Result<(), Unavailable> {
        let delete = Write::delete(&keys::parked(&pointer.delivery, pointer.due))
            .if_holds("g = :g")
            .value(":g", number(pointer.generation));
        // If the condition does not hold, it is gone already, or the delivery was parked again under it.
        self.table.write(delete).await.map(drop)
    }
}

fn read(item: Item) -> Result<Pointer, Unavailable> {
    let item: PointerItem = from_item(item)?;
    let due = Timestamp::from_millisecond(item.d).map_err(|e| corrupt("a pointer", e))?;
    Ok(Pointer { delivery: item.i, tenant: item.t, due, generation: item.g })
}
