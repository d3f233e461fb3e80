//! The health item. Everything that decisions depend on is one attribute, written under a revision. The
//! number of skipped deliveries is another attribute, which is raised without one.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use hooklane_app::ports::{HealthStore, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::isolation::circuit::{Circuit, Streak};
use hooklane_domain::isolation::health::{Change, Health, MeanResponseTime, Report};
use hooklane_domain::isolation::slots::Paced;
use serde::{Deserialize, Serialize};

use super::watches::mark;
use super::{HEALTH_PREFIX, Registry, health_key, webhook_key};
use crate::table::{Item, Key, Rewrite, Write, from_item, number, to_item};

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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    release: Option<Paced>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    skipped_before: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    disabling_reported: Option<Timestamp>,
}

/// What a change of the health writes.
#[derive(Serialize, Deserialize)]
struct WrittenHealth {
    health: Body,
    revision: u64,
}

impl HealthItem {
    fn into_health(self) -> Health {
        let body = self.health;
        Health {
            circuit: body.circuit,
            streak: body.streak,
            pace: body.pace,
            slow: body.slow,
            owed: body.owed,
            disabled_reported: body.disabled_reported,
            disabling_reported: body.disabling_reported,
            discard_until: body.discard_until,
            release: body.release,
            skipped_before: body.skipped_before,
            skipped: self.skipped,
            revision: self.revision,
        }
    }
}

impl HealthStore for Registry {
    async fn health(&self, webhook: WebhookId) -> Result<Health, Unavailable> {
        let item = self.table.get_together(&health_key(webhook)).await?;
        let item: HealthItem = item.map(from_item).transpose()?.unwrap_or_default();
        Ok(item.into_health())
    }

    async fn healths(&self, webhooks: &[WebhookId]) -> Result<Vec<Health>, Unavailable> {
        let keys: Vec<_> = webhooks.iter().map(|id| health_key(*id)).collect();
        let found = Healths::of(self.table.get_all(&keys).await?);
        Ok(webhooks.iter().map(|id| found.get(*id).unwrap_or_default()).collect())
    }

    async fn save_health(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        change: &Change,
    ) -> Result<bool, Unavailable> {
        let mut writes = vec![health_update(webhook, &change.health)?];
        if let Some(now) = change.watch {
            writes.push(mark(tenant, webhook, 0, now)?);
        }
        if let Some(lane) = change.lane {
            writes.push(lane_update(tenant, webhook, lane));
        }
        match writes.as_slice() {
            // A write alone costs half as much as in a transaction.
            [only] => self.table.write(only.clone()).await,
            _ => self.table.transact(writes).await,
        }
    }

    async fn skip(&self, webhook: WebhookId) -> Result<(), Unavailable> {
        let update = Write::update(&health_key(webhook), "ADD skipped :one");
        self.table.write(update.value(":one", number(1))).await.map(drop)
    }
}

/// The healths that were read, by the keys of their items; `None` where one cannot be read back: it must not hide
/// the others.
pub(super) struct Healths(HashMap<Key, Option<Health>>);

impl Healths {
    pub(super) fn of(items: Vec<Item>) -> Self {
        let read = |item: Item| {
            let key = Key::of(&item)?;
            let health = from_item::<HealthItem>(item).map(HealthItem::into_health);
            let unreadable = |error: Unavailable| {
                let span = tracing::error_span!("webhook", webhook.id = webhook_of(&key));
                span.in_scope(|| error.log("health.unreadable"));
            };
            Some((key.clone(), health.map_err(unreadable).ok()))
        };
        Self(items.into_iter().filter_map(read).collect())
    }

    /// A webhook's health, the default if it has no item.
    pub(super) fn get(&self, webhook: WebhookId) -> Option<Health> {
        self.0.get(&health_key(webhook)).cloned().unwrap_or_else(|| Some(Health::default()))
    }
}

fn webhook_of(key: &Key) -> &str {
    key.pk.trim_start_matches(HEALTH_PREFIX)
}

fn health_update(webhook: WebhookId, health: &Health) -> Result<Write, Unavailable> {
    let body = Body {
        circuit: health.circuit,
        streak: health.streak,
        pace: health.pace,
        slow: health.slow,
        owed: health.owed.clone(),
        disabled_reported: health.disabled_reported,
        disabling_reported: health.disabling_reported,
        discard_until: health.discard_until,
        release: health.release,
        skipped_before: health.skipped_before,
    };
    let written = WrittenHealth { health: body, revision: health.revision + 1 };
    let rewrite = Rewrite::of::<WrittenHealth>(to_item(&health_key(webhook), &written)?);
    // The item may be there without a health, with a number of skipped deliveries.
    let rewrite = if health.revision == 0 { rewrite } else { rewrite.map::<Body>("health") };
    Ok(rewrite.write().if_revision("revision", health.revision))
}

/// Sets the lane of a webhook, if it exists, without counting its revision. The version of the tenant's
/// subscriptions stays as well: `delivery` moves what `fanout` sends to the lane before.
fn lane_update(tenant: &TenantId, webhook: WebhookId, lane: Lane) -> Write {
    let key = webhook_key(tenant, webhook);
    let update = match lane {
        Lane::Fast => Write::update(&key, "REMOVE slow"),
        Lane::Slow => {
            Write::update(&key, "SET slow = :slow").value(":slow", AttributeValue::Bool(true))
        }
    };
    update.if_present()
}
