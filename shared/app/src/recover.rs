//! Recovery: sending again what failed or was skipped. `upkeep` works on it, a part each minute.
//!
//! `POST /webhooks/{id}/recover` is [`start`] (202), or [`estimate`] with `dryRun` (200); `GET …/recover` is [`progress`].

use hooklane_domain::Timestamp;
use hooklane_domain::access::quotas::{Day, Exceeded, QuotaName, Quotas};
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::isolation::recovery::{Order, Recovery, Search};
use hooklane_domain::isolation::slots::Paced;
use hooklane_domain::time::whole_millisecond;

use crate::ports::{
    Clock, DailyCounts, Entropy, RecoveryStore, Unavailable, WatchList, WebhookStore,
};

mod estimate;

pub use estimate::{Estimate, estimate};

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
    /// The tenant has started as many recoveries as it may today.
    #[error("{over}")]
    Quota {
        over: Exceeded,
        /// Until the quota has room again.
        seconds: i64,
    },
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// A recovery, and what its webhook says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    pub recovery: Recovery,
    /// When the webhook was registered. Events that were accepted before are never sent to it.
    pub registered_at: Timestamp,
}

impl Progress {
    /// Whether it asks for events that are older than the webhook.
    #[must_use]
    pub fn begins_too_early(&self) -> bool {
        self.recovery.wanted.since < self.registered_at
    }
}

/// Starts a recovery. At most one runs for a webhook.
pub async fn start(
    (store, counts): (&(impl WebhookStore + WatchList + RecoveryStore), &impl DailyCounts),
    system: &(impl Clock + Entropy),
    quotas: &Quotas,
    (tenant, id): (&TenantId, WebhookId),
    order: impl Into<Order>,
) -> Result<Progress, RecoverError> {
    let Order { wanted, search, rate, dry_run: _ } = order.into();
    if wanted.until < wanted.since {
        return Err(RecoverError::Backwards);
    }
    let webhook = store.get(tenant, id).await?.ok_or(RecoverError::Missing)?;
    let before = store.recovery(id).await?;
    if before.as_ref().is_some_and(Recovery::is_running) {
        return Err(RecoverError::Running);
    }
    let now = whole_millisecond(system.now());
    let limit = quotas.of(QuotaName::RecoveriesPerDay);
    let counted = counts.count_one(tenant, QuotaName::RecoveriesPerDay, Day::at(now), limit);
    if counted.await?.is_none() {
        let over = Exceeded { quota: QuotaName::RecoveriesPerDay, limit, used: limit };
        let seconds = Day::at(now).ends_at() - now.as_second();
        return Err(RecoverError::Quota { over, seconds });
    }
    // What the recoveries before still look for goes on with this one.
    let (revision, rechecks) =
        before.map_or((0, Vec::new()), |recovery| (recovery.revision, recovery.rechecks));
    let new = Recovery {
        revision,
        rechecks,
        walk: matches!(search, Search::Index).then(Default::default),
        paced: rate.map(Paced::new),
        scans_at_once: quotas.of(QuotaName::ConcurrentScans),
        ..Recovery::new(tenant.clone(), id, wanted, now)
    };
    // The mark comes before the recovery, since `upkeep` would never find one without a mark. It comes
    // again after it, since a look in between found no recovery and may have removed the mark.
    store.watch(tenant, id, 0, now).await?;
    if !store.save_recovery(&new).await? {
        return Err(RecoverError::Running);
    }
    store.watch(tenant, id, 0, now).await?;
    let recovery = Recovery { revision: revision + 1, ..new };
    Ok(Progress { recovery, registered_at: webhook.created_at })
}

/// The times that stopping is tried if `upkeep` writes its progress meanwhile.
const STOP_TRIES: usize = 5;

/// Ends a webhook's recovery. What was sent stays sent, and so does the part that `upkeep` has under way: it finds
/// the recovery ended when it writes how far it is. Stopping one that has ended changes nothing.
pub async fn stop(
    store: &(impl WebhookStore + RecoveryStore),
    clock: &impl Clock,
    (tenant, id): (&TenantId, WebhookId),
) -> Result<Progress, RecoverError> {
    for _ in 0..STOP_TRIES {
        let Progress { recovery, registered_at } = progress(store, (tenant, id)).await?;
        let stopped = recovery.clone().stopped(whole_millisecond(clock.now()));
        if stopped == recovery {
            return Ok(Progress { recovery, registered_at });
        }
        if store.save_recovery(&stopped).await? {
            // Otherwise others of the tenant wait until the turn is over by itself.
            if recovery.scans() {
                store.end_turn(&recovery).await?;
            }
            let recovery = Recovery { revision: stopped.revision + 1, ..stopped };
            return Ok(Progress { recovery, registered_at });
        }
    }
    Err(Unavailable::new("stopping a recovery", "others wrote it at each try").into())
}

/// A webhook's newest recovery and its progress.
pub async fn progress(
    store: &(impl WebhookStore + RecoveryStore),
    (tenant, id): (&TenantId, WebhookId),
) -> Result<Progress, RecoverError> {
    let webhook = store.get(tenant, id).await?.ok_or(RecoverError::Missing)?;
    let recovery = store.recovery(id).await?.filter(|recovery| recovery.tenant == *tenant);
    let recovery = recovery.ok_or(RecoverError::None)?;
    Ok(Progress { recovery, registered_at: webhook.created_at })
}

#[cfg(test)]
mod tests;
