//! The markers of external ids. A marker is written and deleted in the transaction that gives its webhook the
//! id or takes it away, so that a tenant never has two webhooks with one id.

use hooklane_app::ports::Unavailable;
use hooklane_domain::ids::{ExternalId, TenantId, WebhookId};
use hooklane_domain::webhook::Webhook;
use serde::{Deserialize, Serialize};

use super::{Registry, external_key};
use crate::table::{Item, Write, text, to_item};

/// The attribute of a webhook item that has its external id.
const EXTERNAL_ID: &str = "external_id";

#[derive(Serialize, Deserialize)]
struct Marker {
    webhook: WebhookId,
}

/// The writes that take a webhook's external id from `before` to `after`.
pub(super) fn moves(
    tenant: &TenantId,
    webhook: WebhookId,
    before: Option<&ExternalId>,
    after: Option<&ExternalId>,
) -> Result<Vec<Write>, Unavailable> {
    if before == after {
        return Ok(Vec::new());
    }
    let leave = before.map(|external| Write::delete(&external_key(tenant, external)));
    let take = after.map(|external| {
        let marker = to_item(&external_key(tenant, external), &Marker { webhook })?;
        Ok(Write::put(marker).if_absent())
    });
    Ok(leave.into_iter().chain(take.transpose()?).collect())
}

/// The external id in a stored webhook.
pub(super) fn of_item(item: &Item) -> Option<ExternalId> {
    text(item, EXTERNAL_ID)?.parse().ok()
}

impl Registry {
    pub(super) async fn marked(
        &self,
        tenant: &TenantId,
        external: &ExternalId,
    ) -> Result<Option<WebhookId>, Unavailable> {
        let marker = self.table.get::<Marker>(&external_key(tenant, external)).await?;
        Ok(marker.map(|marker| marker.webhook))
    }

    /// Another webhook that has this one's external id.
    pub(super) async fn taken(&self, webhook: &Webhook) -> Result<Option<WebhookId>, Unavailable> {
        let Some(external) = &webhook.external_id else { return Ok(None) };
        let holder = self.marked(&webhook.tenant, external).await?;
        Ok(holder.filter(|holder| *holder != webhook.id))
    }
}
