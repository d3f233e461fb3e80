//! Nothing depends on one message: a waiting delivery that is long overdue gets a new one.
//!
//! Only webhooks on the watch list are swept, a few pages at each look. That is enough: a failed attempt
//! puts its webhook on the list, and the webhook stays there while the index of undelivered deliveries
//! shows one that waits.

use hooklane_app::deliveries::send;
use hooklane_app::ports::{
    Clock as _, DeliveryFilter, DeliveryStore as _, Sweep, Unavailable, Watch,
};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::waiting::LOST_AFTER;
use hooklane_domain::delivery::{Delivery, State, Status};
use hooklane_domain::ids::TenantId;
use hooklane_domain::time::later;
use tracing::Instrument as _;

use crate::deps::Deps;
use crate::ports::Ports;
use crate::spans;
use crate::stored::{self, Stored};
use crate::tuning::{SWEEP_PAGE, SWEEP_PAGES, SWEEP_REST};

/// What a look swept.
pub(crate) struct Swept {
    /// Deliveries that got a new message.
    pub(crate) sent: u64,
    /// Where the next look sweeps on.
    pub(crate) next: Sweep,
}

/// Sweeps on from where the last look stopped.
pub(crate) async fn sweep<P: Ports>(deps: &Deps<P>, watch: &Watch) -> Result<Swept, Unavailable> {
    let mut sweep = watch.look.sweep.clone();
    let mut sent = 0;
    for _ in 0..SWEEP_PAGES {
        let now = deps.system.now();
        if sweep.due_at > now {
            break;
        }
        let status = if sweep.pending { Status::Pending } else { Status::Retrying };
        let filter = DeliveryFilter {
            status: Some(status),
            after: sweep.after.take(),
            limit: SWEEP_PAGE,
            ..DeliveryFilter::default()
        };
        let page = deps.ledger.list(&watch.tenant, watch.webhook, &filter).await?;
        sent += resend_lost(deps, &watch.tenant, page.deliveries, now).await?;
        sweep = match (page.next, sweep.pending) {
            (Some(next), pending) => Sweep { due_at: now, after: Some(next), pending },
            (None, false) => Sweep { due_at: now, after: None, pending: true },
            (None, true) => Sweep { due_at: later(now, SWEEP_REST), after: None, pending: false },
        };
    }
    Ok(Swept { sent, next: sweep })
}

/// Sends a new message for each listed delivery whose message was lost. The list is eventually
/// consistent, so each delivery is read again first, consistently.
async fn resend_lost<P: Ports>(
    deps: &Deps<P>,
    tenant: &TenantId,
    listed: Vec<Delivery>,
    now: Timestamp,
) -> Result<u64, Unavailable> {
    let ids: Vec<_> = listed.into_iter().filter(|d| is_lost(d, now)).map(|d| d.id).collect();
    if ids.is_empty() {
        return Ok(0);
    }
    let mut sent = 0;
    for stored in stored::read(deps, tenant, &ids).await? {
        let Stored::Found(delivery) = stored else { continue };
        if is_lost(&delivery, now) {
            let span = spans::of_delivery(&delivery.tenant, &delivery.id);
            let turn = send(&deps.queues, &delivery).instrument(span.clone()).await?;
            deps.ledger.save(&delivery.resent(turn, now)).instrument(span).await?;
            sent += 1;
        }
    }
    Ok(sent)
}

fn is_lost(delivery: &Delivery, now: Timestamp) -> bool {
    match &delivery.state {
        State::Waiting { next_attempt_at, .. } => later(*next_attempt_at, LOST_AFTER) < now,
        _ => false,
    }
}
