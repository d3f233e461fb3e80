//! One look at one webhook: everything that is due for it.

use hooklane_app::ports::{RecoveryStore as _, Unavailable, Watch};
use hooklane_domain::isolation::recovery::Recovery;

use crate::deadline::Deadline;
use crate::deps::Deps;
use crate::disable::disable_if_hopeless;
use crate::next_look::{Findings, plan_next_look};
use crate::ports::Ports;
use crate::recover::recover;
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
    let released = release(deps, &snapshot, deadline).await?;
    (summary.released, summary.discarded) = (released.sent, released.discarded);
    let recovery = deps.registry.recovery(watch.webhook).await?;
    let mut recovering = false;
    if let Some(recovery) = recovery.filter(Recovery::is_running) {
        let progress = recover(deps, &snapshot, recovery, deadline).await?;
        (summary.recovered, recovering) = (progress.sent, progress.running);
    }
    let swept = sweep(deps, watch).await?;
    summary.swept = swept.sent;
    summary.unfinished = u64::from(released.more_due || recovering);
    let findings = Findings {
        busy: released.some_left || recovering || !snapshot.health.circuit.is_closed(),
        pointers_removed: released.pointers_removed,
        sweep: swept.next,
    };
    plan_next_look(deps, &snapshot, findings).await?;
    Ok(summary)
}
