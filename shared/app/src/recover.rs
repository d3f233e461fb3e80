//! Sending again what a webhook missed: a job that `upkeep` works on, a slice each minute.
//!
//! `POST /webhooks/{id}/recover` is [`start`] (202), `GET …/recover` is [`progress`].

use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::isolation::recovery::{Recovery, Wanted};
use hooklane_domain::time::whole_millisecond;

use crate::ports::{Clock, Entropy, RecoveryStore, Unavailable, WatchList, WebhookStore};

#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    #[error("the tenant has no such webhook")]
    Missing,
    #[error("this webhook has had no recovery")]
    None,
    #[error("since is after until")]
    Backwards,
    /// One at a time.
    #[error("a recovery of this webhook is running")]
    Running,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Orders a recovery; at most one runs for a webhook.
pub async fn start(
    store: &(impl WebhookStore + WatchList + RecoveryStore),
    system: &(impl Clock + Entropy),
    (tenant, id): (&TenantId, WebhookId),
    wanted: Wanted,
) -> Result<Recovery, RecoverError> {
    if wanted.until < wanted.since {
        return Err(RecoverError::Backwards);
    }
    store.get(tenant, id).await?.ok_or(RecoverError::Missing)?;
    let before = store.recovery(id).await?;
    if before.as_ref().is_some_and(Recovery::is_running) {
        return Err(RecoverError::Running);
    }
    let now = whole_millisecond(system.now());
    let revision = before.map_or(0, |recovery| recovery.revision);
    let new = Recovery { revision, ..Recovery::new(tenant.clone(), id, wanted, now) };
    // The mark first, or a recovery that is written and not looked for would be lost; and once more,
    // because a look in between has found nothing to do.
    store.watch(tenant, id, 0, now).await?;
    if !store.save_recovery(&new).await? {
        return Err(RecoverError::Running);
    }
    store.watch(tenant, id, 0, now).await?;
    Ok(Recovery { revision: revision + 1, ..new })
}

/// The newest recovery of a webhook, and how far it is.
pub async fn progress(
    store: &(impl WebhookStore + RecoveryStore),
    (tenant, id): (&TenantId, WebhookId),
) -> Result<Recovery, RecoverError> {
    store.get(tenant, id).await?.ok_or(RecoverError::Missing)?;
    let recovery = store.recovery(id).await?.filter(|recovery| recovery.tenant == *tenant);
    recovery.ok_or(RecoverError::None)
}
