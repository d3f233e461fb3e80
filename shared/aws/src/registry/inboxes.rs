//! The test inboxes of tenants, one item each, and the webhooks that point to one.

use hooklane_app::ports::{InboxSaved, InboxStore, TenantStore as _, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::ids::TenantId;
use hooklane_domain::inbox::{Inbox, InboxAnswer, InboxToken};
use hooklane_domain::webhook::Webhook;
use serde::Deserialize;

use super::tenants::NOT_REMOVED;
use super::{Registry, WEBHOOK_PREFIX, inbox_key, listed, partition, raise_version};
use crate::failure::corrupt;
use crate::table::{Write, from_item, number, string, value};

/// An inbox as stored.
#[derive(Deserialize)]
struct InboxItem {
    /// The last part of its URL.
    token: String,
    enabled: bool,
    status: u64,
    delay_seconds: u64,
    updated_at: Timestamp,
    revision: u64,
}

/// The pages of a tenant's webhooks that are looked through for an inbox's: about a thousand webhooks of 2 KB. Whoever
/// knows the address of an inbox must not read all of a large tenant with each request.
const MOST_PAGES: usize = 2;

impl InboxStore for Registry {
    async fn inbox(&self, tenant: &TenantId) -> Result<Option<Inbox>, Unavailable> {
        let item = self.table.get_item(&inbox_key(tenant)).await?;
        item.map(|item| read(tenant, from_item(item)?)).transpose()
    }

    async fn save_inbox(&self, inbox: &Inbox) -> Result<InboxSaved, Unavailable> {
        let tenant = inbox.token.tenant();
        // What a newer version added to the item stays. `token` and `status` are reserved words.
        let set = "SET #token = :token, enabled = :on, #status = :status, delay_seconds = :delay, \
            updated_at = :at, revision = :next";
        let write = Write::update(&inbox_key(tenant), set)
            .name("#token", "token")
            .name("#status", "status")
            .value(":token", string(&inbox.token))
            .value(":on", value("an inbox", inbox.on)?)
            .value(":status", number(inbox.answer.status()))
            .value(":delay", number(inbox.answer.delay_seconds()))
            .value(":at", value("an inbox", inbox.updated_at)?)
            .value(":next", number(inbox.revision))
            .if_revision("revision", inbox.revision.saturating_sub(1));
        // The version is raised for the condition's sake.
        let allowed = raise_version(tenant).if_holds(NOT_REMOVED);
        if self.table.transact(vec![write, allowed, listed(tenant)]).await? {
            return Ok(InboxSaved::Yes);
        }
        let tombstone = self.tenant(tenant).await?.tombstone;
        Ok(tombstone.map_or(InboxSaved::No, InboxSaved::Removed))
    }

    async fn webhooks_at(
        &self,
        tenant: &TenantId,
        url: &str,
        most: usize,
    ) -> Result<Vec<Webhook>, Unavailable> {
        let (mut found, mut after) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let query = self
                .table
                .query("pk = :pk AND begins_with(sk, :prefix)")
                .filter_expression("#url = :url")
                .expression_attribute_names("#url", "url")
                .expression_attribute_values(":pk", string(partition(tenant)))
                .expression_attribute_values(":prefix", string(WEBHOOK_PREFIX))
                .expression_attribute_values(":url", string(url))
                .scan_index_forward(false)
                .set_exclusive_start_key(after);
            let page = self.table.page(query).await?;
            for item in page.items {
                found.extend(self.open_for_list(item).await?);
                if found.len() == most {
                    return Ok(found);
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        Ok(found)
    }
}

fn read(tenant: &TenantId, item: InboxItem) -> Result<Inbox, Unavailable> {
    let wrong = |why: &str| corrupt(format!("the inbox of {tenant}"), why);
    let token: InboxToken = item.token.parse().map_err(|_| wrong("its token is none"))?;
    if token.tenant() != tenant {
        return Err(wrong("it belongs to another tenant"));
    }
    // An answer that only a newer version gives is one at once, with success.
    let answer = InboxAnswer::new(item.status, item.delay_seconds).unwrap_or_default();
    let (on, updated_at, revision) = (item.enabled, item.updated_at, item.revision);
    Ok(Inbox { token, on, answer, updated_at, revision })
}
