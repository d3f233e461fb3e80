//! The list of webhooks that `upkeep` looks after: one partition, in order of ids.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, Update};
use hooklane_app::ports::{Look, Sweep, Unavailable, Watch, WatchList};
use hooklane_domain::Timestamp;
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};
use serde::{Deserialize, Serialize};

use super::webhooks::building;
use super::{Registry, WATCHED, watch_key};
use crate::failure::{corrupt, unavailable};
use crate::table::{from_item, number, string, text};

#[derive(Deserialize)]
struct WatchItem {
    sk: WebhookId,
    tenant: TenantId,
    marked: Timestamp,
    due: Timestamp,
    sweep: SweepItem,
    #[serde(default)]
    parked: i64,
}

#[derive(Serialize, Deserialize)]
struct SweepItem {
    due: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<DeliveryId>,
    pending: bool,
}

impl SweepItem {
    fn value(sweep: &Sweep) -> Result<AttributeValue, Unavailable> {
        let item = Self { due: sweep.due_at, after: sweep.after.clone(), pending: sweep.pending };
        serde_dynamo::to_attribute_value(item).map_err(|e| corrupt("a sweep", e))
    }
}

impl WatchList for Registry {
    async fn watch(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        parked: u32,
        now: Timestamp,
    ) -> Result<u64, Unavailable> {
        let mark = self.mark(tenant, webhook, parked, now)?.build().map_err(building())?;
        let answer = self
            .table
            .client
            .update_item()
            .table_name(mark.table_name())
            .set_key(Some(mark.key().clone()))
            .update_expression(mark.update_expression())
            .set_expression_attribute_values(mark.expression_attribute_values().cloned())
            .return_values(ReturnValue::AllNew)
            .send()
            .await
            .map_err(unavailable(self.table.call("UpdateItem")))?;
        let written: WatchItem = from_item(answer.attributes.unwrap_or_default())?;
        Ok(u64::try_from(written.parked).unwrap_or(0))
    }

    async fn watched(
        &self,
        after: Option<WebhookId>,
        limit: usize,
    ) -> Result<Vec<Watch>, Unavailable> {
        let mut watches = Vec::new();
        let mut start = after.map(|id| watch_key(id).attributes());
        loop {
            let answer = self
                .table
                .client
                .query()
                .table_name(&self.table.table)
                .key_condition_expression("pk = :pk")
                .expression_attribute_values(":pk", string(WATCHED))
                .consistent_read(true)
                .limit(i32::try_from(limit).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(unavailable(self.table.call("Query")))?;
            for item in answer.items.unwrap_or_default() {
                let webhook = text(&item, "sk");
                match from_item::<WatchItem>(item) {
                    Ok(watch) => watches.push(Watch::from(watch)),
                    Err(_) => tracing::error!(webhook.id = webhook, "watch.left_out"),
                }
            }
            start = answer.last_evaluated_key;
            if watches.len() >= limit || start.is_none() {
                watches.truncate(limit);
                return Ok(watches);
            }
        }
    }

    async fn looked(&self, seen: &Watch, next: Look, released: u64) -> Result<(), Unavailable> {
        let fewer = number(-i64::try_from(released).unwrap_or(i64::MAX));
        let update = || {
            self.table
                .client
                .update_item()
                .table_name(&self.table.table)
                .set_key(Some(watch_key(seen.webhook).attributes()))
                .expression_attribute_values(":fewer", fewer.clone())
        };
        let sent = update()
            .update_expression("SET due = :due, sweep = :sweep ADD parked :fewer")
            .condition_expression("marked = :seen")
            .expression_attribute_values(":due", string(next.due_at))
            .expression_attribute_values(":sweep", SweepItem::value(&next.sweep)?)
            .expression_attribute_values(":seen", string(seen.marked_at))
            .send()
            .await;
        match sent {
            Ok(_) => return Ok(()),
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => {}
            Err(e) => return Err(unavailable(self.table.call("UpdateItem"))(e)),
        }
        let sent = update()
            .update_expression("ADD parked :fewer")
            .condition_expression("attribute_exists(pk)")
            .send()
            .await;
        match sent {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => {
                Ok(())
            }
            Err(e) => Err(unavailable(self.table.call("UpdateItem"))(e)),
        }
    }

    async fn unwatch(&self, seen: &Watch) -> Result<bool, Unavailable> {
        let deleted = self
            .table
            .client
            .delete_item()
            .table_name(&self.table.table)
            .set_key(Some(watch_key(seen.webhook).attributes()))
            .condition_expression("marked = :seen")
            .expression_attribute_values(":seen", string(seen.marked_at))
            .send()
            .await;
        match deleted {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => {
                Ok(false)
            }
            Err(e) => Err(unavailable(self.table.call("DeleteItem"))(e)),
        }
    }
}

impl From<WatchItem> for Watch {
    fn from(item: WatchItem) -> Self {
        let sweep =
            Sweep { due_at: item.sweep.due, after: item.sweep.after, pending: item.sweep.pending };
        Self {
            tenant: item.tenant,
            webhook: item.sk,
            marked_at: item.marked,
            look: Look { due_at: item.due, sweep },
            parked: u64::try_from(item.parked).unwrap_or(0),
        }
    }
}

impl Registry {
    /// The write that marks a webhook; a sweep that is on its way goes on.
    pub(super) fn mark(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        parked: u32,
        now: Timestamp,
    ) -> Result<UpdateBuilder, Unavailable> {
        let new = Watch::new(tenant.clone(), webhook, now);
        Ok(Update::builder()
            .table_name(&self.table.table)
            .set_key(Some(watch_key(webhook).attributes()))
            .update_expression(
                "SET tenant = :tenant, marked = :now, due = :now, \
                 sweep = if_not_exists(sweep, :sweep) ADD parked :parked",
            )
            .expression_attribute_values(":tenant", string(tenant))
            .expression_attribute_values(":now", string(now))
            .expression_attribute_values(":sweep", SweepItem::value(&new.look.sweep)?)
            .expression_attribute_values(":parked", number(parked)))
    }
}
