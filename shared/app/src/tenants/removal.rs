//! Removing a tenant.

use futures::future::try_join_all;
use hooklane_domain::access::tenant::Tombstone;
use hooklane_domain::ids::TenantId;
use hooklane_domain::time::whole_millisecond;
use jiff::SignedDuration;

use crate::ports::{Clock, DeletedWebhooks, TenantStore, Unavailable, WebhookIds};

/// How far a removal came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// There is nothing to remove.
    Missing,
    Done,
    /// The tenant is removed, but some of its webhooks or event types are still to be deleted. The next call
    /// goes on.
    Unfinished,
}

/// One request calls [`TenantStore::clear`] this often at most, so that it ends in time.
const MAX_CLEARS: usize = 40;

/// Removes a tenant. Its id cannot be used again until everything of it has expired, where everything is kept
/// for `retention`.
///
/// The tombstone comes first. The transaction that adds something for a tenant checks that there is none, so
/// whatever was added before is deleted here, and nothing is added after.
pub async fn remove(
    (tenants, ledger): (&(impl TenantStore + WebhookIds), &impl DeletedWebhooks),
    system: &impl Clock,
    retention: SignedDuration,
    id: &TenantId,
) -> Result<Removal, Unavailable> {
    let begun = tenants.tenant(id).await?.tombstone;
    let is_unfinished = begun.is_some_and(|tombstone| !tombstone.emptied);
    if !is_unfinished {
        if !tenants.is_listed(id).await? {
            return Ok(Removal::Missing);
        }
        tenants.bury(id, Tombstone::new(whole_millisecond(system.now()), retention)).await?;
    }
    note_webhooks((tenants, ledger), system, id).await?;
    for _ in 0..MAX_CLEARS {
        if tenants.clear(id).await? {
            return Ok(Removal::Done);
        }
    }
    Ok(Removal::Unfinished)
}

/// The webhooks that are noted at the same time.
const NOTED_AT_ONCE: usize = 50;

/// Notes all webhooks of a tenant before any is deleted, since what they used still counts. Nothing is added
/// to them meanwhile.
async fn note_webhooks(
    (tenants, ledger): (&impl WebhookIds, &impl DeletedWebhooks),
    system: &impl Clock,
    id: &TenantId,
) -> Result<(), Unavailable> {
    let mut after = None;
    loop {
        let webhooks = tenants.webhook_ids(id, after, NOTED_AT_ONCE).await?;
        let now = system.now();
        try_join_all(webhooks.iter().map(|webhook| ledger.note_deleted(id, *webhook, now))).await?;
        after = webhooks.last().copied();
        if webhooks.len() < NOTED_AT_ONCE {
            return Ok(());
        }
    }
}
