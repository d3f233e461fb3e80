//! Retries what failed, each delivery as by a request of its tenant.

use hooklane_app::deliveries::{RequestError, retry_at};
use hooklane_app::ports::{DeliveryFilter, DeliveryStore as _, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::Status;
use hooklane_domain::ids::DeliveryId;
use hooklane_domain::isolation::recovery::{Recovery, Stage};
use tracing::Instrument as _;

use super::pace::Pace;
use super::{Next, Step};
use crate::ports::Ports;
use crate::spans;
use crate::tuning::{RECOVERY_GROUP, RECOVERY_PAGE};

/// Retries a page of failed deliveries. `None` if another run works on the recovery.
pub(super) async fn retry_failed<P: Ports>(
    pace: &mut Pace<'_, P>,
    after: Option<DeliveryId>,
) -> Result<Option<Step>, Unavailable> {
    let wanted = pace.recovery.wanted;
    let after = after.or_else(|| just_after(pace.recovery, wanted.until));
    let filter = DeliveryFilter {
        status: Some(Status::Failed),
        after: after.clone(),
        limit: RECOVERY_PAGE,
        ..DeliveryFilter::default()
    };
    let deps = pace.deps;
    let page = deps.ledger.list(&pace.recovery.tenant, pace.recovery.webhook, &filter).await?;
    // Newest first, so all that follow are older still.
    let is_wanted = |delivery: &&_| is_not_older(delivery, wanted.since);
    let ids: Vec<_> = page.deliveries.iter().take_while(is_wanted).map(|d| d.id.clone()).collect();
    let ends = ids.len() < page.deliveries.len();
    let (mut sent, mut last) = (0, after);
    for group in ids.chunks(RECOVERY_GROUP) {
        let Some(slots) = pace.slots(group.len()).await? else { return Ok(None) };
        for (id, slot) in group.iter().zip(&slots) {
            sent += u64::from(retry_one(pace, id, *slot).await?);
            last = Some(id.clone());
        }
        if slots.len() < group.len() {
            let next = Next::Stage(Some(Stage::Failed { after: last }));
            return Ok(Some(Step { sent, older: 0, unreadable: 0, next, paced_out: true }));
        }
    }
    let next = page.next.filter(|_| !ends).map(|next| Stage::Failed { after: Some(next) });
    let next = Next::Stage(next);
    Ok(Some(Step { sent, older: 0, unreadable: 0, next, paced_out: false }))
}

async fn retry_one<P: Ports>(
    pace: &Pace<'_, P>,
    id: &DeliveryId,
    slot: Timestamp,
) -> Result<bool, Unavailable> {
    let (deps, tenant) = (pace.deps, &pace.recovery.tenant);
    let span = spans::of_delivery(tenant, id);
    let retried = retry_at(&deps.ledger, &deps.queues, &deps.system, (tenant, id), slot);
    match retried.instrument(span.clone()).await {
        Ok(_) => Ok(true),
        Err(RequestError::Missing | RequestError::Ended(_)) => Ok(false),
        // It does not affect the others.
        Err(RequestError::Unavailable(error)) if error.is_unreadable() => {
            span.in_scope(|| error.log("delivery.unreadable"));
            Ok(false)
        }
        Err(RequestError::Unavailable(error)) => Err(error),
    }
}

fn is_not_older(delivery: &hooklane_domain::delivery::Delivery, since: Timestamp) -> bool {
    delivery.id.accepted_at() >= since
}

/// Where a list that is newest first begins, if it is to hold nothing accepted after `until`.
fn just_after(recovery: &Recovery, until: Timestamp) -> Option<DeliveryId> {
    let next = Timestamp::from_millisecond(until.as_millisecond() + 1).ok()?;
    // The first of all event ids, in the order of keys.
    Some(DeliveryId::new(recovery.webhook, next, "-".parse().ok()?))
}
