//! One look at one webhook: everything that is due for it.

use hooklane_app::ports::{RecoveryStore as _, Unavailable, Watch};
use hooklane_domain::isolation::recovery::Recovery;

use crate::deadline::Deadline;
use crate::deps::Deps;
use crate::disable::disable_if_hopeless;
use crate::next_look::{Findings, plan_next_look};
use crate::ports::Ports;
use crate::recover::{Progress, recover};
use crate::release::release;
use crate::report::report;
use crate::snapshot::Snapshot;
use crate::summary::Summary;
use crate::sweep::sweep;

/// Does what is due, in an order in which each step may be the last of the run.
pub(crate) async fn look<P: Ports>(
    deps: &Deps<P>,
    watch: &Watch,
    deadline: Deadline,
) -> Result<Summary, Unavailable> {
    let mut summary = Summary { looked: 1, ..Summary::default() };
    let mut snapshot = Snapshot::read(deps, watch).await?;
    summary.disabled = u64::from(disable_if_hopeless(deps, &mut snapshot).await?);
    summary.reported = report(deps, &mut snapshot).await?;
    let released = release(deps, &mut snapshot, deadline).await?;
    (summary.released, summary.discarded) = (released.sent, released.discarded);
    let recovered = recover_on(deps, &snapshot, deadline).await;
    let (progress, left_alone) = match recovered {
        Ok(progress) => (progress, false),
        // A newer version goes on with it. The webhook stays on the watch list until then.
        Err(error) if error.is_newer() => {
            error.log("recovery.left_alone");
            (Progress::default(), true)
        }
        Err(error) => return Err(error),
    };
    summary.recovered = progress.sent;
    let swept = sweep(deps, watch).await?;
    summary.swept = swept.sent;
    summary.unfinished = u64::from(released.more_due || progress.more);
    let findings = Findings {
        busy: released.some_left
            || progress.running
            || left_alone
            || !snapshot.health.circuit.is_closed(),
        rechecks: progress.rechecks,
        pointers_removed: released.pointers_removed,
        sweep: swept.next,
    };
    plan_next_look(deps, &snapshot, findings).await?;
    Ok(summary)
}

/// Goes on with the webhook's recovery, if one is open.
async fn recover_on<P: Ports>(
    deps: &Deps<P>,
    snapshot: &Snapshot<'_>,
    deadline: Deadline,
) -> Result<Progress, Unavailable> {
    let recovery = deps.registry.recovery(snapshot.watch.webhook).await?;
    match recovery.filter(Recovery::is_open) {
        Some(recovery) => recover(deps, snapshot, recovery, deadline).await,
        None => Ok(Progress::default()),
    }
}
