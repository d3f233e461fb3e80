//! Looks that may end the function.

use std::time::Duration;

use hooklane_app::careful::{Panicked, forgive, unless_it_panics};
use hooklane_app::ports::{
    Clock as _, Look, RecoveryStore as _, Strikes as _, Unavailable, Watch, WatchList as _,
};
use hooklane_domain::isolation::deaths::{MAX_STRIKES, Suspect};
use hooklane_domain::isolation::recovery::Recovery;
use hooklane_domain::time::later;

use crate::care::Care;
use crate::deadline::Deadline;
use crate::deps::Deps;
use crate::look::look;
use crate::ports::Ports;
use crate::summary::Summary;

/// A webhook whose looks have ended the function too often is not looked at for this time.
pub(crate) const PUT_OFF: Duration = Duration::from_secs(3_600);

/// Looks at a webhook, unless its looks have ended the function too often.
pub(crate) async fn guarded_look<P: Ports>(
    deps: &Deps<P>,
    watch: &Watch,
    deadline: Deadline,
    care: Care,
) -> Result<Summary, Unavailable> {
    let suspect = Suspect::look(watch.webhook);
    if care == Care::OneByOne {
        if deps.ledger.strikes(&suspect).await? >= MAX_STRIKES {
            return put_off(deps, watch).await;
        }
        deps.ledger.strike(&suspect, deps.system.now()).await?;
    }
    let looked = match unless_it_panics(look(deps, watch, deadline)).await {
        Ok(looked) => looked,
        Err(Panicked) => {
            if care == Care::Usual {
                deps.ledger.strike(&suspect, deps.system.now()).await?;
            }
            return if deps.ledger.strikes(&suspect).await? >= MAX_STRIKES {
                put_off(deps, watch).await
            } else {
                Err(Unavailable::new("looking at a webhook", "it panicked"))
            };
        }
    };
    if care == Care::OneByOne {
        forgive(&deps.ledger, &suspect).await;
    }
    looked
}

/// Ends the recovery of the webhook, which is the only work of a look that grows with what a tenant wrote,
/// and looks at it again after a while. Its strikes stay until they are forgotten, and looks are made apart
/// until one ends well. So the next ones find the strikes, whatever the run, and cost no further death.
async fn put_off<P: Ports>(deps: &Deps<P>, watch: &Watch) -> Result<Summary, Unavailable> {
    let recovery = deps.registry.recovery(watch.webhook).await?;
    if let Some(recovery) = recovery.filter(Recovery::is_running) {
        let ended = recovery.given_up(deps.now_in_milliseconds());
        deps.registry.save_recovery(&ended).await?;
        deps.registry.end_turn(&ended).await?;
        tracing::error!(recovery.sent = ended.sent, "recovery.given_up");
    }
    let due_at = later(deps.system.now(), PUT_OFF);
    let next = Look { due_at, sweep: watch.look.sweep.clone(), apart: true };
    deps.registry.looked(watch, next, 0).await?;
    tracing::error!(look.due_at = %due_at, strikes = MAX_STRIKES, "webhook.put_off");
    Ok(Summary { put_off: 1, ..Summary::default() })
}
