//! After a look: when the next one is due, or whether there is none.

use std::time::Duration;

use hooklane_app::ports::{
    Clock as _, DeliveryFilter, DeliveryStore as _, Look, Sweep, Unavailable, Watch, WatchList as _,
};
use hooklane_domain::delivery::Status;
use hooklane_domain::time::later;

use crate::deps::Deps;
use crate::ports::Ports;
use crate::snapshot::Snapshot;
use crate::tuning::{LOOK_REST, MARK_FRESH, MARK_RESPECTED};

/// What a look found out about the next one.
pub(crate) struct Findings {
    /// Something is left to do, so the next run looks again.
    pub(crate) busy: bool,
    /// A recovery looks for late events again later.
    pub(crate) rechecks: bool,
    pub(crate) pointers_removed: u64,
    pub(crate) sweep: Sweep,
}

/// Writes when the next look is due, or takes the webhook off the watch list.
pub(crate) async fn plan_next_look<P: Ports>(
    deps: &Deps<P>,
    snapshot: &Snapshot<'_>,
    findings: Findings,
) -> Result<(), Unavailable> {
    let now = deps.system.now();
    let (watch, busy) = (snapshot.watch, findings.busy);
    // The health of a deleted webhook does not matter any more.
    let idle = !busy && !findings.rechecks;
    let healthy = snapshot.webhook.is_none() || snapshot.health.is_clean();
    let mark_has_aged = later(watch.marked_at, MARK_RESPECTED) <= now;
    if idle && healthy && mark_has_aged && !has_waiting(deps, watch).await? {
        deps.registry.unwatch(watch).await?;
        return Ok(());
    }
    let mark_is_fresh = later(watch.marked_at, MARK_FRESH) > now;
    let rest = if busy || mark_is_fresh { Duration::ZERO } else { LOOK_REST };
    // A webhook that is not busy has nothing parked, whatever the count says.
    let removed = findings.pointers_removed;
    let removed = if busy { removed } else { watch.parked.max(removed) };
    let look = Look { due_at: later(now, rest), sweep: findings.sweep, apart: false };
    deps.registry.looked(watch, look, removed).await
}

/// Whether a delivery of the webhook waits, by the index. The index lags; the age that a mark must have
/// makes up for that.
async fn has_waiting<P: Ports>(deps: &Deps<P>, watch: &Watch) -> Result<bool, Unavailable> {
    for status in [Status::Retrying, Status::Pending] {
        let filter = DeliveryFilter { status: Some(status), limit: 1, ..DeliveryFilter::default() };
        let page = deps.ledger.list(&watch.tenant, watch.webhook, &filter).await?;
        // A delivery that cannot be read may be waiting, too.
        if !page.deliveries.is_empty() || page.unreadable > 0 || page.next.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
