//! The health item. What is decided from it is one attribute, written under its revision; the count of
//! what was skipped is another, that anybody may raise.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use hooklane_app::ports::{HealthStore, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::isolation::circuit::{Circuit, Streak};
use hooklane_domain::isolation::health::{Change, Health, MeanResponseTime, Report};
use serde::{Deserialize, Serialize};

use super::webhooks::building;
use super::{Registry, health_key, webhook_key};
use crate::failure::{corrupt, unavailable};
use crate::table::{from_item, number};

#[derive(Default, Deserialize)]
struct HealthItem {
    #[serde(default)]
    health: Body,
    #[serde(default)]
    revision: u64,
    #[serde(default)]
    skipped: u64,
}

#[derive(Default, Serialize, Deserialize)]
struct Body {
    circuit: Circuit,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    streak: Option<Streak>,
    pace: MeanResponseTime,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    slow: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    owed: Vec<Report>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    disabled_reported: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    discard_until: Option<Timestamp>,
}

impl HealthStore for Registry {
    async fn health(&self, webhook: WebhookId) -> Result<Health, Unavailable> {
        let answer = self
            .table
            .client
            .get_item()
            .table_name(&self.table.table)
            .set_key(Some(health_key(webhook).attributes()))
            .consistent_read(true)
            .send()
            .await
            .map_err(unavailable(self.table.call("GetItem")))?;
        let item: HealthItem = match answer.item {
            Some(item) => from_item(item)?,
            None => HealthItem::default(),
        };
        let body = item.health;
        Ok(Health {
            circuit: body.circuit,
            streak: body.streak,
            pace: body.pace,
            slow: body.slow,
            owed: body.owed,
            disabled_reported: body.disabled_reported,
            discard_until: body.discard_until,
            skipped: item.skipped,
            revision: item.revision,
        })
    }

    async fn save_health(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        change: &Change,
    ) -> Result<bool, Unavailable> {
        let update = self.health_update(webhook, &change.health)?;
        let mut changes = vec![update.build().map_err(building())?];
        if let Some(now) = change.watch {
            let mark = self.mark(tenant, webhook, 0, now)?;
            changes.push(mark.build().map_err(building())?);
        }
        if let Some(lane) = change.lane {
            changes.push(self.lane_update(tenant, webhook, lane).build().map_err(building())?);
        }
        let changes: Vec<_> =
            changes.into_iter().map(|u| TransactWriteItem::builder().update(u).build()).collect();
        match (change.lane, changes.as_slice()) {
            (Some(_), changes) => self.table.change(tenant, changes).await,
            (None, [only]) => self.update_alone(only).await,
            (None, _) => self.table.transact(changes).await,
        }
    }

    async fn skip(&self, webhook: WebhookId) -> Result<(), Unavailable> {
        self.table
            .client
            .update_item()
            .table_name(&self.table.table)
            .set_key(Some(health_key(webhook).attributes()))
            .update_expression("ADD skipped :one")
            .expression_attribute_values(":one", number(1))
            .send()
            .await
            .map_err(unavailable(self.table.call("UpdateItem")))?;
        Ok(())
    }
}

impl Registry {
    fn health_update(
        &self,
        webhook: WebhookId,
        health: &Health,
    ) -> Result<UpdateBuilder, Unavailable> {
        let body = Body {
            circuit: health.circuit,
            streak: health.streak,
            pace: health.pace,
            slow: health.slow,
            owed: health.owed.clone(),
            disabled_reported: health.disabled_reported,
            discard_until: health.discard_until,
        };
        let body = serde_dynamo::to_attribute_value(body)
            .map_err(|e| corrupt("the health of a webhook", e))?;
        let update = Update::builder()
            .table_name(&self.table.table)
            .set_key(Some(health_key(webhook).attributes()))
            .update_expression("SET health = :health, revision = :next")
            .expression_attribute_values(":health", body)
            .expression_attribute_values(":next", number(health.revision + 1));
        Ok(match health.revision {
            0 => update.condition_expression("attribute_not_exists(revision)"),
            revision => update
                .condition_expression("revision = :revision")
                .expression_attribute_values(":revision", number(revision)),
        })
    }

    /// The lane of a webhook that is there, outside its revision.
    fn lane_update(&self, tenant: &TenantId, webhook: WebhookId, lane: Lane) -> UpdateBuilder {
        let update = Update::builder()
            .table_name(&self.table.table)
            .set_key(Some(webhook_key(tenant, webhook).attributes()))
            .condition_expression("attribute_exists(pk)");
        match lane {
            Lane::Fast => update.update_expression("REMOVE slow"),
            Lane::Slow => update.update_expression("SET slow = :slow").expression_attribute_values(
                ":slow",
                aws_sdk_dynamodb::types::AttributeValue::Bool(true),
            ),
        }
    }

    /// One update costs half of what it does in a transaction.
    async fn update_alone(&self, change: &TransactWriteItem) -> Result<bool, Unavailable> {
        let Some(update) = change.update() else { return Ok(false) };
        let sent = self
            .table
            .client
            .update_item()
            .table_name(update.table_name())
            .set_key(Some(update.key().clone()))
            .update_expression(update.update_expression())
            .set_condition_expression(update.condition_expression().map(str::to_owned))
            .set_expression_attribute_values(update.expression_attribute_values().cloned())
            .send()
            .await;
        match sent {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => {
                Ok(false)
            }
            Err(e) => Err(unavailable(self.table.call("UpdateItem"))(e)),
        }
    }
}
