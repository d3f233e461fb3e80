//! Webhooks, one item each. A write that changes a tenant's subscriptions raises their version in the
//! same transaction.

use std::collections::BTreeMap;

use futures::{StreamExt as _, TryStreamExt as _};
use hooklane_app::conflict::{MAX_TRIES, always_overtaken, decide_anew};
use hooklane_app::ports::{
    OutlinePage, Refusal, RoutePage, RouteStore, Unavailable, WebhookIds, WebhookSearch,
    WebhookStore, Written,
};
use hooklane_domain::Timestamp;
use hooklane_domain::access::quotas::{Room, expression_cost};
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::ids::{ExternalId, TenantId, WebhookId};
use hooklane_domain::webhook::{DisableReason, Webhook, WebhookState};

use super::external_ids::{moves, of_item};
use super::usage::{Change, cost_of, counting, signed};
use super::webhook_item::WebhookItem;
use super::{Registry, WEBHOOK_PREFIX, health_key, listed, revision_of, webhook_key};
use crate::failure::corrupt;
use crate::table::{Item, Rewrite, Write, number, string, text, value};

/// The number of webhooks of a list that are opened at the same time.
const CONCURRENCY: usize = 16;

/// A lane changes without counting the revision. A write of the whole item must not undo such a change,
/// so its condition names the lane.
const SAME_AND_SLOW: &str = "revision = :revision AND attribute_exists(slow)";
const SAME_AND_FAST: &str = "revision = :revision AND attribute_not_exists(slow)";

impl WebhookIds for Registry {
    async fn webhook_ids(
        &self,
        tenant: &TenantId,
        after: Option<WebhookId>,
        limit: usize,
    ) -> Result<Vec<WebhookId>, Unavailable> {
        self.routes.ids(tenant, after, limit).await
    }
}

impl WebhookSearch for Registry {
    async fn of_any(
        &self,
        tenants: &[TenantId],
        id: WebhookId,
    ) -> Result<Option<Webhook>, Unavailable> {
        let keys: Vec<_> = tenants.iter().map(|tenant| webhook_key(tenant, id)).collect();
        match self.table.get_all(&keys).await?.into_iter().next() {
            Some(item) => self.open_for_list(item).await,
            None => Ok(None),
        }
    }
}

impl WebhookStore for Registry {
    async fn register(&self, webhook: &Webhook, room: Room) -> Result<Written, Unavailable> {
        let (tenant, key) = (&webhook.tenant, webhook_key(&webhook.tenant, webhook.id));
        let item = self.to_item(webhook).await?;
        let change = Change { webhooks: 1, cost: signed(cost_of(&item)) };
        let written = decide_anew(MAX_TRIES, || async {
            let create = Write::put(item.clone()).if_absent();
            let list = listed(tenant);
            let mut writes = vec![create, list, counting(tenant, change, room)];
            writes.extend(moves(tenant, webhook.id, None, webhook.external_id.as_ref())?);
            if self.table.transact(writes).await? {
                return Ok(Some(Written::Yes));
            }
            if self.table.get_item(&key).await?.is_some() {
                return Ok(Some(Written::No));
            }
            if let Some(holder) = self.taken(webhook).await? {
                return Ok(Some(Written::Taken(holder)));
            }
            let refusal = self.refusal_of(tenant, change, room).await?;
            Ok(refusal.map(Written::Refused))
        });
        written.await?.ok_or_else(|| always_overtaken("registering a webhook"))
    }

    async fn refusal(&self, webhook: &Webhook, room: Room) -> Result<Option<Refusal>, Unavailable> {
        let change = Change { webhooks: 1, cost: signed(expression_cost(webhook)) };
        self.refusal_of(&webhook.tenant, change, room).await
    }

    async fn holder(
        &self,
        tenant: &TenantId,
        external: &ExternalId,
    ) -> Result<Option<WebhookId>, Unavailable> {
        self.marked(tenant, external).await
    }

    async fn get(&self, tenant: &TenantId, id: WebhookId) -> Result<Option<Webhook>, Unavailable> {
        match self.table.get_together(&webhook_key(tenant, id)).await? {
            Some(item) => self.open(item).await.map(|w| Some(w).filter(|w| w.tenant == *tenant)),
            None => Ok(None),
        }
    }

    async fn some(
        &self,
        tenant: &TenantId,
        ids: &[WebhookId],
    ) -> Result<Vec<Webhook>, Unavailable> {
        let keys: Vec<_> = ids.iter().map(|id| webhook_key(tenant, *id)).collect();
        let items = self.table.get_all(&keys).await?;
        let opened: BTreeMap<_, _> = futures::stream::iter(items)
            .map(|item| self.open_for_list(item))
            .buffered(CONCURRENCY)
            .try_filter_map(async |opened| Ok(opened.map(|webhook| (webhook.id, webhook))))
            .try_collect()
            .await?;
        Ok(ids.iter().filter_map(|id| opened.get(id).cloned()).collect())
    }

    async fn outlines(
        &self,
        tenant: &TenantId,
        after: Option<WebhookId>,
        limit: usize,
    ) -> Result<OutlinePage, Unavailable> {
        self.routes.outlines(tenant, after, limit).await
    }

    async fn replace(
        &self,
        seen: &Webhook,
        webhook: &Webhook,
        room: Room,
    ) -> Result<Written, Unavailable> {
        let (tenant, key) = (&webhook.tenant, webhook_key(&webhook.tenant, webhook.id));
        let item =
            self.to_item(&Webhook { revision: seen.revision + 1, ..webhook.clone() }).await?;
        let same = match seen.lane {
            Lane::Fast => SAME_AND_FAST,
            Lane::Slow => SAME_AND_SLOW,
        };
        let written = decide_anew(MAX_TRIES, || async {
            // What was counted when this revision was written, perhaps by another version.
            let before = if seen.filter.is_none() && seen.transform.is_none() {
                0
            } else {
                let stored = self.table.get_item(&key).await?;
                stored.as_ref().map_or(0, cost_of)
            };
            let change = Change { webhooks: 0, cost: signed(cost_of(&item)) - signed(before) };
            let put = Rewrite::of::<WebhookItem>(item.clone()).write();
            let put = put.if_holds(same).value(":revision", number(seen.revision));
            let mut writes = vec![put, counting(tenant, change, room)];
            let (old, new) = (seen.external_id.as_ref(), webhook.external_id.as_ref());
            writes.extend(moves(tenant, webhook.id, old, new)?);
            if self.table.transact(writes).await? {
                return Ok(Some(Written::Yes));
            }
            let Some(stored) = self.table.get_item(&key).await? else {
                return Ok(Some(Written::No));
            };
            let is_slow = stored.contains_key("slow");
            if revision_of(&stored) != Some(seen.revision) || is_slow != (seen.lane == Lane::Slow) {
                return Ok(Some(Written::No));
            }
            if let Some(holder) = self.taken(webhook).await? {
                return Ok(Some(Written::Taken(holder)));
            }
            let refusal = self.refusal_of(tenant, change, room).await?;
            Ok(refusal.map(Written::Refused))
        });
        written.await?.ok_or_else(|| always_overtaken("changing a webhook"))
    }

    async fn delete(
        &self,
        tenant: &TenantId,
        id: WebhookId,
        revision: Option<u64>,
    ) -> Result<bool, Unavailable> {
        let key = webhook_key(tenant, id);
        let deleted = decide_anew(MAX_TRIES, || async {
            let Some(stored) = self.table.get_item(&key).await? else { return Ok(Some(false)) };
            let Some(current) = revision_of(&stored) else {
                return Err(corrupt(format!("{id}"), "it has no revision"));
            };
            if revision.is_some_and(|revision| revision != current) {
                return Ok(Some(false));
            }
            let delete = Write::delete(&key).if_revision("revision", current);
            // Nothing is added, so there need be no room.
            let (change, room) = (
                Change { webhooks: -1, cost: -signed(cost_of(&stored)) },
                Room::none(Timestamp::UNIX_EPOCH),
            );
            // The webhook's health goes with it, in the same transaction.
            let health = Write::delete(&health_key(id));
            let mut writes = vec![delete, health, counting(tenant, change, room)];
            writes.extend(moves(tenant, id, of_item(&stored).as_ref(), None)?);
            if self.table.transact(writes).await? {
                return Ok(Some(true));
            }
            match self.refusal_of(tenant, change, room).await? {
                // The removal of the tenant deletes it.
                Some(_) => Ok(Some(false)),
                None => Ok(None),
            }
        });
        deleted.await?.ok_or_else(|| always_overtaken("deleting a webhook"))
    }

    async fn disable(
        &self,
        seen: &Webhook,
        reason: DisableReason,
        at: Timestamp,
    ) -> Result<bool, Unavailable> {
        let state = |state: WebhookState| value("a webhook's state", state);
        let update = "SET #state = :disabled, updated_at = :at ADD revision :one";
        let update = Write::update(&webhook_key(&seen.tenant, seen.id), update)
            .if_holds("#state = :active AND revision = :revision")
            .name("#state", "state")
            .value(":revision", number(seen.revision))
            .value(":active", state(WebhookState::Active)?)
            .value(":disabled", state(WebhookState::Disabled { at, reason })?)
            .value(":at", string(at))
            .value(":one", number(1));
        self.change(&seen.tenant, vec![update]).await
    }
}

impl RouteStore for Registry {
    async fn version(&self, tenant: &TenantId) -> Result<u64, Unavailable> {
        self.routes.version(tenant).await
    }

    async fn routes(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
    ) -> Result<RoutePage, Unavailable> {
        self.routes.routes(tenant, after).await
    }
}

impl Registry {
    /// The webhook of an item, or `None` if it cannot be read back: it must not hide the others of its
    /// list.
    pub(super) async fn open_for_list(&self, item: Item) -> Result<Option<Webhook>, Unavailable> {
        let key = text(&item, "sk").unwrap_or_default();
        match self.open(item).await {
            Err(error) if error.is_unreadable() => {
                let id = key.trim_start_matches(WEBHOOK_PREFIX);
                let span = tracing::error_span!("webhook", webhook.id = id);
                span.in_scope(|| error.log("webhook.unreadable"));
                Ok(None)
            }
            opened => opened.map(Some),
        }
    }
}
