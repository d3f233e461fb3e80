//! Whose usage is counted: the tenants that had events lately, and the webhooks that they deleted. Both lists
//! are kept a little longer than the deliveries.

use hooklane_app::ports::{ActiveTenants, DeletedWebhooks, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::time::later;
use hooklane_domain::usage::counting::ATTEMPTS_KEPT;

use super::{Ledger, keys};
use crate::table::{Item, Key, Write, limit, number, string, text};

impl ActiveTenants for Ledger {
    async fn note_active(&self, tenant: &TenantId, now: Timestamp) -> Result<(), Unavailable> {
        self.note(&keys::active(tenant), now).await
    }

    async fn active(
        &self,
        after: Option<&TenantId>,
        most: usize,
    ) -> Result<Vec<TenantId>, Unavailable> {
        let items = self.noted(keys::ACTIVE, after.map(keys::active), most, true).await?;
        Ok(items.into_iter().filter_map(|item| text(&item, "sk")?.parse().ok()).collect())
    }
}

impl DeletedWebhooks for Ledger {
    async fn note_deleted(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        self.note(&keys::deleted_webhook(tenant, webhook), now).await
    }

    async fn deleted(
        &self,
        tenant: &TenantId,
        after: Option<WebhookId>,
        most: usize,
    ) -> Result<Vec<WebhookId>, Unavailable> {
        let start = after.map(|after| keys::deleted_webhook(tenant, after));
        let items = self.noted(&keys::deleted_webhooks(tenant), start, most, false).await?;
        Ok(items.into_iter().filter_map(|item| text(&item, "sk")?.parse().ok()).collect())
    }
}

impl Ledger {
    /// An item that says no more than its key. Writing it again makes it last longer.
    async fn note(&self, key: &Key, now: Timestamp) -> Result<(), Unavailable> {
        let expires = self.retention.expires_at(later(now, ATTEMPTS_KEPT));
        let note = Write::update(key, "SET expiresAt = :expires");
        self.table.write(note.value(":expires", number(expires))).await.map(drop)
    }

    /// The items of such a list. One call reads at most 1 MiB, which is more than any of its pages.
    async fn noted(
        &self,
        pk: &str,
        after: Option<Key>,
        most: usize,
        forward: bool,
    ) -> Result<Vec<Item>, Unavailable> {
        let query = self
            .table
            .query("pk = :pk")
            .expression_attribute_values(":pk", string(pk))
            .scan_index_forward(forward)
            .limit(limit(most))
            .set_exclusive_start_key(after.map(|key| key.attributes()));
        Ok(self.table.page(query).await?.items)
    }
}
