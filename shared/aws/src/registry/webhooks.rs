//! Webhooks, each one item; what changes a tenant's subscriptions raises their version in the same
//! transaction.

use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem, Update};
use futures::{StreamExt as _, TryStreamExt as _};
use hooklane_app::ports::{RouteStore, RouteTable, Unavailable, WebhookStore};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::webhook::{DisableReason, Webhook, WebhookState};

use super::{Registry, directory_key, health_key, webhook_key};
use crate::failure::{corrupt, unavailable};
use crate::table::{number, string};

/// So many items of a list are opened at once.
const CONCURRENCY: usize = 16;

/// Holds where the stored webhook is the one that was read.
const SAME_REVISION: &str = "revision = :revision";
/// Its lane moves outside its revision, and a write of the whole item must not move it back.
const SAME_AND_SLOW: &str = "revision = :revision AND attribute_exists(slow)";
const SAME_AND_FAST: &str = "revision = :revision AND attribute_not_exists(slow)";

impl WebhookStore for Registry {
    async fn create(&self, webhook: &Webhook) -> Result<(), Unavailable> {
        let put = Put::builder()
            .table_name(&self.table.table)
            .set_item(Some(self.to_item(webhook).await?))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(building())?;
        let list = Put::builder()
            .table_name(&self.table.table)
            .set_item(Some(directory_key(&webhook.tenant).attributes()))
            .build()
            .map_err(building())?;
        let changes = [put, list].map(|put| TransactWriteItem::builder().put(put).build());
        if self.table.change(&webhook.tenant, &changes).await? {
            return Ok(());
        }
        // An id is a ULID made a moment ago: one that is taken was taken by this call's own try.
        Ok(())
    }

    async fn get(&self, tenant: &TenantId, id: WebhookId) -> Result<Option<Webhook>, Unavailable> {
        let answer = self
            .table
            .client
            .get_item()
            .table_name(&self.table.table)
            .set_key(Some(webhook_key(tenant, id).attributes()))
            .consistent_read(true)
            .send()
            .await
            .map_err(unavailable(self.table.call("GetItem")))?;
        match answer.item {
            Some(item) => self.open(item).await.map(|w| Some(w).filter(|w| w.tenant == *tenant)),
            None => Ok(None),
        }
    }

    async fn list(&self, tenant: &TenantId) -> Result<Vec<Webhook>, Unavailable> {
        self.table
            .webhook_items(tenant, None)
            .map(|item| async { self.open(item?).await })
            .buffered(CONCURRENCY)
            .filter_map(async |opened| readable(opened))
            .try_collect()
            .await
    }

    async fn update(&self, webhook: &Webhook) -> Result<bool, Unavailable> {
        let written = Webhook { revision: webhook.revision + 1, ..webhook.clone() };
        let put = Put::builder()
            .table_name(&self.table.table)
            .set_item(Some(self.to_item(&written).await?))
            .condition_expression(match webhook.lane {
                Lane::Fast => SAME_AND_FAST,
                Lane::Slow => SAME_AND_SLOW,
            })
            .expression_attribute_values(":revision", number(webhook.revision))
            .build()
            .map_err(building())?;
        let change = TransactWriteItem::builder().put(put).build();
        self.table.change(&webhook.tenant, &[change]).await
    }

    async fn delete(
        &self,
        tenant: &TenantId,
        id: WebhookId,
        revision: Option<u64>,
    ) -> Result<bool, Unavailable> {
        let delete = Delete::builder()
            .table_name(&self.table.table)
            .set_key(Some(webhook_key(tenant, id).attributes()));
        let delete = match revision {
            None => delete.condition_expression("attribute_exists(pk)"),
            Some(revision) => delete
                .condition_expression(SAME_REVISION)
                .expression_attribute_values(":revision", number(revision)),
        };
        // Its health goes with it.
        let health = Delete::builder()
            .table_name(&self.table.table)
            .set_key(Some(health_key(id).attributes()));
        let deletions = [delete.build(), health.build()]
            .into_iter()
            .map(|delete| delete.map(|delete| TransactWriteItem::builder().delete(delete).build()));
        let deletions = deletions.collect::<Result<Vec<_>, _>>().map_err(building())?;
        self.table.change(tenant, &deletions).await
    }

    async fn disable(
        &self,
        seen: &Webhook,
        reason: DisableReason,
        at: Timestamp,
    ) -> Result<bool, Unavailable> {
        let state = |state| {
            serde_dynamo::to_attribute_value(state).map_err(|e| corrupt("a webhook's state", e))
        };
        let update = Update::builder()
            .table_name(&self.table.table)
            .set_key(Some(webhook_key(&seen.tenant, seen.id).attributes()))
            .update_expression("SET #state = :disabled, updated_at = :at ADD revision :one")
            .condition_expression("#state = :active AND revision = :revision")
            .expression_attribute_values(":revision", number(seen.revision))
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":active", state(WebhookState::Active)?)
            .expression_attribute_values(":disabled", state(WebhookState::Disabled { at, reason })?)
            .expression_attribute_values(":at", string(at))
            .expression_attribute_values(":one", number(1))
            .build()
            .map_err(building())?;
        self.table
            .change(&seen.tenant, &[TransactWriteItem::builder().update(update).build()])
            .await
    }
}

impl RouteStore for Registry {
    async fn version(&self, tenant: &TenantId) -> Result<u64, Unavailable> {
        self.table.version(tenant).await
    }

    async fn table(&self, tenant: &TenantId) -> Result<RouteTable, Unavailable> {
        self.table.table(tenant).await
    }
}

pub(super) fn building<E: std::error::Error + Send + Sync + 'static>()
-> impl FnOnce(E) -> Unavailable {
    unavailable("building a transaction".to_owned())
}

/// One webhook that cannot be read back must not hide the others of its list.
fn readable(opened: Result<Webhook, Unavailable>) -> Option<Result<Webhook, Unavailable>> {
    match opened {
        Err(error) if error.is_corrupt() => {
            tracing::error!(error = error.chain(), "webhook.unreadable");
            None
        }
        opened => Some(opened),
    }
}
