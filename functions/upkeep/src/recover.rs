//! Works on a recovery in bounded steps. Its progress is written after each step.

use hooklane_app::ports::{Clock as _, RecoveryStore as _, Unavailable};
use hooklane_domain::event_index::Place;
use hooklane_domain::isolation::recovery::{Recovery, Stage, Work};
use hooklane_domain::time::later;

use crate::deadline::Deadline;
use crate::deps::Deps;
use crate::ports::Ports;
use crate::snapshot::Snapshot;
use crate::tuning::{RECOVERY_STEPS, TURN_KEPT};

mod failed;
mod pace;
mod skipped;

use pace::Pace;

/// What a look did for a recovery.
#[derive(Default)]
pub(crate) struct Progress {
    pub(crate) sent: u64,
    pub(crate) running: bool,
    /// Whether another look could do more at once.
    pub(crate) more: bool,
    /// Whether its span is walked again later, for events that the index lists late.
    pub(crate) rechecks: bool,
}

/// What one step did.
struct Step {
    sent: u64,
    /// The events that are older than the webhook, among those that it subscribes to.
    older: u64,
    /// The chunks of the index that cannot be read back.
    unreadable: u64,
    next: Next,
    /// No slot of its pace is left for this minute.
    paced_out: bool,
}

/// Where the next step begins, if there is one.
enum Next {
    Stage(Option<Stage>),
    /// In the index of events.
    Walk(Option<Place>),
}

/// Takes steps until the recovery is done, the look has taken enough of them, or the time is over.
pub(crate) async fn recover<P: Ports>(
    deps: &Deps<P>,
    snapshot: &Snapshot<'_>,
    mut recovery: Recovery,
    deadline: Deadline,
) -> Result<Progress, Unavailable> {
    let (mut sent, mut has_turn, mut more) = (0, false, true);
    let Some(webhook) = &snapshot.webhook else { return end(deps, recovery).await };
    for _ in 0..RECOVERY_STEPS {
        if deadline.has_passed(&deps.system) {
            break;
        }
        let began_at = deps.now_in_milliseconds();
        let work = recovery.work(began_at, deps.index_lag);
        if work == Work::Rest {
            more = false;
            break;
        }
        if recovery.scans() && !has_turn {
            if !take_turn(deps, &recovery).await? {
                return wait_for_turn(deps, recovery, sent).await;
            }
            has_turn = true;
        }
        let scanned = recovery.scans();
        let mut pace = Pace { deps, recovery: &mut recovery };
        let step = match work {
            Work::RetryFailed { after } => failed::retry_failed(&mut pace, after).await?,
            Work::Scan { cursor } => {
                skipped::scan(&mut pace, webhook, cursor.as_deref(), deadline).await?
            }
            Work::Walk(part) => skipped::walk(&mut pace, webhook, part, deadline).await?,
            Work::Rest => None,
        };
        let Some(step) = step else { return Ok(Progress::overtaken(sent)) };
        sent += step.sent;
        let now = deps.now_in_milliseconds();
        let passed = recovery.clone().passed_over(step.older).unread(step.unreadable);
        let advanced = match step.next {
            Next::Stage(stage) => passed.advanced(step.sent, now, stage),
            Next::Walk(place) => passed.sending(step.sent).walked(began_at, now, place),
        };
        if !deps.registry.save_recovery(&advanced).await? {
            return Ok(Progress::overtaken(sent));
        }
        if scanned && !advanced.scans() {
            deps.registry.end_turn(&recovery).await?;
        }
        recovery = Recovery { revision: advanced.revision + 1, ..advanced };
        if step.paced_out {
            more = false;
            break;
        }
    }
    let running = recovery.is_running();
    let rechecks = !recovery.rechecks.is_empty();
    Ok(Progress { sent, running, more: more && running, rechecks })
}

impl Progress {
    /// Another run works on the recovery, too.
    fn overtaken(sent: u64) -> Self {
        Self { sent, running: true, more: true, rechecks: false }
    }
}

/// The webhook was deleted: there is nobody left to deliver to.
async fn end<P: Ports>(deps: &Deps<P>, recovery: Recovery) -> Result<Progress, Unavailable> {
    let ended = recovery.clone().without_webhook(deps.now_in_milliseconds());
    if !deps.registry.save_recovery(&ended).await? {
        return Ok(Progress::overtaken(0));
    }
    if recovery.scans() {
        deps.registry.end_turn(&recovery).await?;
    }
    Ok(Progress { sent: 0, running: false, more: false, rechecks: false })
}

/// Whether the recovery may look for what was skipped now: a few of a tenant's recoveries may at the same
/// time. A turn lasts until some time after this look, so that the next look keeps it.
async fn take_turn<P: Ports>(deps: &Deps<P>, recovery: &Recovery) -> Result<bool, Unavailable> {
    let now = deps.system.now();
    let times = (now, later(now, TURN_KEPT));
    deps.registry.take_turn(recovery, times, recovery.scans_at_once).await
}

/// Leaves the recovery as it is, for the next run, and notes that it waits.
async fn wait_for_turn<P: Ports>(
    deps: &Deps<P>,
    recovery: Recovery,
    sent: u64,
) -> Result<Progress, Unavailable> {
    if !recovery.waiting {
        deps.registry.save_recovery(&Recovery { waiting: true, ..recovery }).await?;
    }
    Ok(Progress { sent, running: true, more: true, rechecks: false })
}
