//! Sends canaries, and says whether they arrive.

use hooklane_app::ports::{
    CanaryStore as _, Clock as _, Entropy as _, SendEvent as _, Unavailable,
};
use hooklane_domain::canary::{self, Look, Sighting};

use crate::deps::Deps;
use crate::ports::Ports;

/// Looks at the newest canary, and sends another if one is due. Returns what the newest one says.
pub(crate) async fn look<P: Ports>(deps: &Deps<P>) -> Result<Option<Sighting>, Unavailable> {
    let Some(schedule) = deps.canary else { return Ok(None) };
    let newest = deps.ledger.canary().await?;
    let (now, random) = (deps.system.now(), deps.system.random_id());
    let Look { sighting, next } = schedule.look(newest.as_ref(), now, random);
    let Some(next) = next else { return Ok(sighting) };
    // It is written before it is sent, so that of two runs one sends it. If this run ends in between, it counts
    // as missing until the next one: so does one that the event queue does not take.
    let replaced =
        deps.ledger.replace_canary(newest.as_ref().map(|newest| &newest.id), &next).await;
    let sent = match replaced {
        Ok(true) => deps.event_queue.send(&canary::message(&next)).await,
        Ok(false) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = sent {
        error.log("canary.not_sent");
    }
    Ok(sighting)
}
