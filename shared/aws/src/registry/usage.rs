//! What a tenant has, counted in its item: the webhooks and the steps of their expressions. The counts are
//! written in the same transaction as the webhook, on the condition that there is room, so they are exact
//! with concurrent requests.
//!
//! The item of a tenant that had webhooks before there were counts has none. They are counted once, before
//! the first write that needs them. No such write is made before the item has counts, so the count is exact.

use futures::TryStreamExt as _;
use hooklane_app::conflict::MAX_TRIES;
use hooklane_app::ports::{Refusal, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::access::quotas::{Room, Usage};
use hooklane_domain::access::tenant::Tombstone;
use hooklane_domain::ids::TenantId;
use serde::Deserialize;

use super::{Registry, VERSION, tenant_key};
use crate::table::{Item, Write, number};

/// The attribute of a tenant item with the number of the tenant's webhooks.
const WEBHOOKS: &str = "webhook_count";
/// The attribute of a webhook item with the steps that its expressions can need, and of a tenant item with
/// their sum. Webhooks that were stored before this was counted have none, and count when they change.
pub(super) const COST: &str = "expression_cost";

/// A count that was verified less than this ago is believed. Otherwise everything is counted again before a
/// request is refused because of it. Without the limit each refused request would read all webhooks.
const BELIEVED_MS: i64 = 3_600_000;

/// The part of the tenant item that is about counting.
#[derive(Default, Deserialize)]
pub(super) struct Counts {
    #[serde(default)]
    version: u64,
    #[serde(default)]
    webhook_count: Option<i64>,
    #[serde(default)]
    expression_cost: Option<i64>,
    /// When everything was counted last, in milliseconds.
    #[serde(default)]
    counted_at: i64,
    #[serde(default)]
    tombstone: Option<Tombstone>,
}

impl Counts {
    pub(super) fn usage(&self) -> Option<Usage> {
        let count = |n: i64| u64::try_from(n).unwrap_or(0);
        Some(Usage {
            webhooks: count(self.webhook_count?),
            expression_cost: count(self.expression_cost.unwrap_or(0)),
        })
    }
}

/// A change of the counts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Change {
    pub(super) webhooks: i64,
    pub(super) cost: i64,
}

impl Change {
    fn more(self) -> Usage {
        let more = |n: i64| u64::try_from(n).unwrap_or(0);
        Usage { webhooks: more(self.webhooks), expression_cost: more(self.cost) }
    }
}

/// The write that counts a change and raises the version of the tenant's subscriptions. Its condition is
/// that the tenant was not removed, that its item has counts, and that there is room for what is added.
pub(super) fn counting(tenant: &TenantId, change: Change, room: Room) -> Write {
    let update = format!("ADD #version :one, {WEBHOOKS} :webhooks, {COST} :cost");
    let mut counted = format!("attribute_exists({WEBHOOKS})");
    let mut write = Write::update(&tenant_key(tenant), &update)
        .name("#version", VERSION)
        .value(":one", number(1))
        .value(":webhooks", number(change.webhooks))
        .value(":cost", number(change.cost));
    if change.webhooks > 0 {
        counted += &format!(" AND {WEBHOOKS} < :most");
        write = write.value(":most", number(room.webhooks));
    }
    if change.cost > 0 {
        counted += &format!(" AND {COST} <= :room");
        write = write.value(":room", number(signed(room.expression_cost) - change.cost));
    }
    // A tenant without a version never had a webhook, so its counts begin with this one.
    let may_be_first = change.webhooks > 0 && change.cost <= signed(room.expression_cost);
    let counted = if may_be_first {
        format!("(({counted}) OR attribute_not_exists(#version))")
    } else {
        counted
    };
    write.if_holds(&format!("attribute_not_exists(tombstone) AND {counted}"))
}

pub(super) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Registry {
    /// Why a change that was refused is refused: `None` if nothing forbids it, so that it can be tried again.
    /// Counts that are missing are made first, and old ones verified.
    pub(super) async fn refusal_of(
        &self,
        tenant: &TenantId,
        change: Change,
        room: Room,
    ) -> Result<Option<Refusal>, Unavailable> {
        for _ in 0..MAX_TRIES {
            let counts: Counts = self.table.get(&tenant_key(tenant)).await?.unwrap_or_default();
            if let Some(tombstone) = counts.tombstone {
                return Ok(Some(Refusal::Removed(tombstone)));
            }
            let Some(used) = counts.usage() else {
                if counts.version == 0 && room.forbids(Usage::default(), change.more()).is_none() {
                    return Ok(None);
                }
                self.count_all(tenant, &counts, room.now).await?;
                continue;
            };
            let Some(over) = room.forbids(used, change.more()) else { return Ok(None) };
            let age = room.now.as_millisecond().saturating_sub(counts.counted_at);
            if (0..BELIEVED_MS).contains(&age) {
                return Ok(Some(Refusal::Over(over)));
            }
            if self.count_all(tenant, &counts, room.now).await? == Some(used) {
                return Ok(Some(Refusal::Over(over)));
            }
        }
        Err(hooklane_app::conflict::always_overtaken("counting a tenant's webhooks"))
    }

    /// Counts all webhooks of a tenant and writes the result, unless one of them has changed since `seen` was
    /// read. Returns what was written.
    async fn count_all(
        &self,
        tenant: &TenantId,
        seen: &Counts,
        now: Timestamp,
    ) -> Result<Option<Usage>, Unavailable> {
        let items = self.routes.webhook_items(tenant, Some("expression_cost"));
        let count = async |sum: Usage, item: Item| {
            let webhooks = sum.webhooks + 1;
            let expression_cost = sum.expression_cost.saturating_add(cost_of(&item));
            Ok(Usage { webhooks, expression_cost })
        };
        let usage = items.try_fold(Usage::default(), count).await?;
        let update = format!("SET {WEBHOOKS} = :webhooks, {COST} = :cost, counted_at = :now");
        let mut same = "attribute_not_exists(tombstone)".to_owned();
        let mut write = Write::update(&tenant_key(tenant), &update)
            .name("#version", VERSION)
            .value(":webhooks", number(usage.webhooks))
            .value(":cost", number(usage.expression_cost))
            .value(":now", number(now.as_millisecond()));
        match seen.version {
            0 => same += " AND attribute_not_exists(#version)",
            version => {
                same += " AND #version = :version";
                write = write.value(":version", number(version));
            }
        }
        match seen.webhook_count {
            None => same += &format!(" AND attribute_not_exists({WEBHOOKS})"),
            Some(count) => {
                same += &format!(" AND {WEBHOOKS} = :seen");
                write = write.value(":seen", number(count));
            }
        }
        Ok(self.table.write(write.if_holds(&same)).await?.then_some(usage))
    }
}

/// The steps that a stored webhook counts for.
pub(super) fn cost_of(item: &Item) -> u64 {
    let cost = item.get(COST).and_then(|value| value.as_n().ok());
    cost.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}
