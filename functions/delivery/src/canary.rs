//! The inbox of canaries. No request is made: the arrival is noted in the ledger, where `upkeep` sees it.

use hooklane_app::batch::Disposition;
use hooklane_app::ports::{CanaryStore as _, Clock as _, Unavailable};
use hooklane_domain::canary;
use hooklane_domain::time::whole_millisecond;

use crate::context::Context;
use crate::ports::Ports;
use crate::task::Job;

/// Whether the delivery is a canary's. No tenant has this id, and no webhook of a tenant.
pub(crate) fn is_canary(job: &Job<'_>) -> bool {
    job.deliver.tenant.is_canary() && job.webhook() == canary::webhook()
}

/// Notes that the canary arrived, if it is the newest one and the first message about it. Its delivery is not
/// written: nobody lists it, and a second message changes nothing.
pub(crate) async fn arrive<P: Ports>(
    context: &Context<P>,
    job: &Job<'_>,
) -> Result<Disposition, Unavailable> {
    // Every attempt reads the registry, so a canary does not arrive where that cannot be read.
    context.webhooks.tenant_is_paused(&job.deliver.tenant).await?;
    let now = whole_millisecond(context.system.now());
    let noted = context.ledger.canary_arrived(job.deliver.delivery.event(), now).await?;
    tracing::debug!(noted, "canary.arrived");
    Ok(Disposition::Done)
}
