//! Recovery: sending again what failed or was skipped. `upkeep` works on it, a part each minute.
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
    /// A webhook has one recovery at a time.
    #[error("a recovery of this webhook is running")]
    Running,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Starts a recovery. At most one runs for a webhook.
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
    // The mark comes before the recovery, since `upkeep` would never find one without a mark. It comes
    // again after it, since a look in between found no recovery and may have removed the mark.
    store.watch(tenant, id, 0, now).await?;
    if !store.save_recovery(&new).await? {
        return Err(RecoverError::Running);
    }
    store.watch(tenant, id, 0, now).await?;
    Ok(Recovery { revision: revision + 1, ..new })
}

/// A webhook's newest recovery and its progress.
pub async fn progress(
    store: &(impl WebhookStore + RecoveryStore),
    (tenant, id): (&TenantId, WebhookId),
) -> Result<Recovery, RecoverError> {
    store.get(tenant, id).await?.ok_or(RecoverError::Missing)?;
    let recovery = store.recovery(id).await?.filter(|recovery| recovery.tenant == *tenant);
    recovery.ok_or(RecoverError::None)
}
