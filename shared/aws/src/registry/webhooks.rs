//! Webhooks, one item each. A write that changes a tenant's subscriptions raises their version in the
//! same transaction.

use futures::{StreamExt as _, TryStreamExt as _};
use hooklane_app::ports::{RoutePage, RouteStore, Unavailable, WebhookStore};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::webhook::{DisableReason, Webhook, WebhookState};

use super::{Registry, WEBHOOK_PREFIX, directory_key, health_key, webhook_key};
use crate::table::{Item, Write, number, string, text, value};

/// The number of webhooks of a list that are opened at the same time.
const CONCURRENCY: usize = 16;

/// A lane changes without counting the revision. A write of the whole item must not undo such a change,
/// so its condition names the lane.
const SAME_AND_SLOW: &str = "revision = :revision AND attribute_exists(slow)";
const SAME_AND_FAST: &str = "revision = :revision AND attribute_not_exists(slow)";

impl WebhookStore for Registry {
    async fn create(&self, webhook: &Webhook) -> Result<bool, Unavailable> {
        let create = Write::put(self.to_item(webhook).await?).if_absent();
        let list = Write::put(directory_key(&webhook.tenant).attributes());
        self.change(&webhook.tenant, vec![create, list]).await
    }

    async fn get(&self, tenant: &TenantId, id: WebhookId) -> Result<Option<Webhook>, Unavailable> {
        match self.table.get_item(&webhook_key(tenant, id)).await? {
            Some(item) => self.open(item).await.map(|w| Some(w).filter(|w| w.tenant == *tenant)),
            None => Ok(None),
        }
    }

    async fn list(&self, tenant: &TenantId) -> Result<Vec<Webhook>, Unavailable> {
        self.routes
            .webhook_items(tenant, None)
            .map(|item| async { self.open_for_list(item?).await })
            .buffered(CONCURRENCY)
            .try_filter_map(async |opened| Ok(opened))
            .try_collect()
            .await
    }

    async fn update(&self, webhook: &Webhook) -> Result<bool, Unavailable> {
        let written = Webhook { revision: webhook.revision + 1, ..webhook.clone() };
        let same = match webhook.lane {
            Lane::Fast => SAME_AND_FAST,
            Lane::Slow => SAME_AND_SLOW,
        };
        let put = Write::put(self.to_item(&written).await?)
            .if_holds(same)
            .value(":revision", number(webhook.revision));
        self.change(&webhook.tenant, vec![put]).await
    }

    async fn delete(
        &self,
        tenant: &TenantId,
        id: WebhookId,
        revision: Option<u64>,
    ) -> Result<bool, Unavailable> {
        let delete = Write::delete(&webhook_key(tenant, id));
        let delete = match revision {
            None => delete.if_present(),
            Some(revision) => delete.if_revision("revision", revision),
        };
        // The webhook's health goes with it, in the same transaction.
        self.change(tenant, vec![delete, Write::delete(&health_key(id))]).await
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
    async fn open_for_list(&self, item: Item) -> Result<Option<Webhook>, Unavailable> {
        let key = text(&item, "sk").unwrap_or_default();
        match self.open(item).await {
            Err(error) if error.is_corrupt() => {
                let id = key.trim_start_matches(WEBHOOK_PREFIX);
                let span = tracing::error_span!("webhook", webhook.id = id);
                span.in_scope(|| error.log("webhook.unreadable"));
                Ok(None)
            }
            opened => opened.map(Some),
        }
    }
}
