//! Sends parked deliveries on: the message first, then the item, then the pointer goes.

use futures::stream::{self, StreamExt as _};
use hooklane_app::deliveries::send;
use hooklane_app::ports::{
    Clock as _, DeliveryStore as _, EventStore, ParkingStore as _, Pointer, Saved, Unavailable,
};
use hooklane_contract::Contracts;
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::{CancelReason, Delivery, State};
use hooklane_domain::isolation::admission::{Admission, admit};
use hooklane_domain::isolation::slots::per_minute;
use tracing::Instrument as _;

use crate::deadline::Deadline;
use crate::deps::Deps;
use crate::ports::Ports;
use crate::snapshot::Snapshot;
use crate::spans;
use crate::stored::{self, Stored};
use crate::tuning::{MAX_RELEASED, RELEASE_PAGE, RELEASES_AT_ONCE};

/// What became of a webhook's parked deliveries.
#[derive(Debug, Default)]
pub(crate) struct Released {
    pub(crate) sent: u64,
    pub(crate) discarded: u64,
    pub(crate) pointers_removed: u64,
    /// Deliveries of the webhook are still parked.
    pub(crate) some_left: bool,
    /// Some of those could be released at once, by another look of this run.
    pub(crate) more_due: bool,
}

/// What became of one pointer's delivery.
enum Release {
    Sent,
    Discarded,
    /// It was not parked any more.
    Stale,
}

/// The number of deliveries that may go now: at most `most` of those that are due by `due_by`.
struct Allowance {
    most: usize,
    due_by: Timestamp,
}

/// Releases what is due, page by page, as far as the webhook's state, circuit and rate limit allow.
pub(crate) async fn release<P: Ports>(
    deps: &Deps<P>,
    snapshot: &Snapshot<'_>,
    deadline: Deadline,
) -> Result<Released, Unavailable> {
    let id = snapshot.watch.webhook;
    let Allowance { most, due_by } = allowance(snapshot, &deps.contracts, deps.system.now());
    let mut released = Released::default();
    let mut allowed = most;
    while allowed > 0 && !deadline.has_passed(&deps.system) {
        let page = deps.ledger.parked(id, due_by, allowed.min(RELEASE_PAGE)).await?;
        if page.is_empty() {
            break;
        }
        allowed -= page.len();
        release_page(deps, snapshot, page, &mut released).await?;
    }
    released.some_left = !deps.ledger.parked(id, Timestamp::MAX, 1).await?.is_empty();
    // A circuit lets one probe through, and a rate limit a minute's share: another look finds no more.
    let unlimited = most == MAX_RELEASED;
    released.more_due = unlimited && !deps.ledger.parked(id, due_by, 1).await?.is_empty();
    Ok(released)
}

fn allowance(snapshot: &Snapshot<'_>, contracts: &Contracts, now: Timestamp) -> Allowance {
    let Some(webhook) = &snapshot.webhook else {
        // Whatever they wait for, `delivery` finds the webhook deleted and cancels them.
        return Allowance { most: MAX_RELEASED, due_by: Timestamp::MAX };
    };
    let circuit = snapshot.health.circuit;
    let most = match admit(webhook.state, snapshot.tenant_paused, circuit, now) {
        Admission::Attempt => {
            let limit = contracts.rate_limit_of(webhook);
            limit.map_or(MAX_RELEASED, |limit| per_minute(limit).min(MAX_RELEASED))
        }
        Admission::Probe => 1,
        Admission::Park(_) => 0,
    };
    Allowance { most, due_by: now }
}

async fn release_page<P: Ports>(
    deps: &Deps<P>,
    snapshot: &Snapshot<'_>,
    page: Vec<Pointer>,
    released: &mut Released,
) -> Result<(), Unavailable> {
    let ids: Vec<_> = page.iter().map(|pointer| pointer.delivery.clone()).collect();
    let items = stored::read(deps, &snapshot.watch.tenant, &ids).await?;
    let releases = stream::iter(page.into_iter().zip(items)).map(|(pointer, item)| async move {
        let span = spans::of_delivery(&pointer.tenant, &pointer.delivery);
        let release = release_one(deps, snapshot, &pointer, item).instrument(span.clone()).await?;
        deps.ledger.unpark(&pointer).instrument(span).await?;
        Ok::<_, Unavailable>(release)
    });
    let results: Vec<_> = releases.buffer_unordered(RELEASES_AT_ONCE).collect().await;
    let mut failure = None;
    for result in results {
        match result {
            Ok(release) => {
                released.pointers_removed += 1;
                released.sent += u64::from(matches!(release, Release::Sent));
                released.discarded += u64::from(matches!(release, Release::Discarded));
            }
            Err(error) => failure = Some(error),
        }
    }
    failure.map_or(Ok(()), Err)
}

async fn release_one<P: Ports>(
    deps: &Deps<P>,
    snapshot: &Snapshot<'_>,
    pointer: &Pointer,
    stored: Stored,
) -> Result<Release, Unavailable> {
    let delivery = match stored {
        Stored::Found(delivery) if is_current(pointer, &delivery) => *delivery,
        Stored::Found(_) | Stored::Missing => return Ok(Release::Stale),
        Stored::Unreadable => return send_unreadable(deps, pointer).await,
    };
    let now = deps.now_in_milliseconds();
    if let State::Parked { since, .. } = delivery.state
        && snapshot.health.discards(since)
    {
        let cancelled = delivery.cancelled(now, CancelReason::Discarded);
        return Ok(match deps.ledger.save(&cancelled).await? {
            Saved::Yes(_) => Release::Discarded,
            Saved::Conflict => Release::Stale,
        });
    }
    let turn = send(&deps.queues, &delivery).await?;
    // A conflict does not matter: the message itself finds out whether it is needed. Most often it was
    // faster than this write, and acts already.
    deps.ledger.save(&delivery.handed_to(turn, now)).await?;
    Ok(Release::Sent)
}

/// Sends the message of a parked delivery whose item cannot be read. `delivery` dead-letters it: a dead
/// letter is kept and can be put back, while a pointer would only be met again at every look.
async fn send_unreadable<P: Ports>(
    deps: &Deps<P>,
    pointer: &Pointer,
) -> Result<Release, Unavailable> {
    let id = &pointer.delivery;
    let Some(event) = EventStore::get(&deps.ledger, &pointer.tenant, id.event()).await? else {
        return Ok(Release::Stale);
    };
    let (tenant, event_type) = (pointer.tenant.clone(), event.content.event_type);
    let unwritten = Delivery::unwritten(id.clone(), tenant, event_type);
    send(&deps.queues, &Delivery { generation: pointer.generation, ..unwritten }).await?;
    Ok(Release::Sent)
}

/// Whether the delivery is still parked as it was when the pointer was written.
fn is_current(pointer: &Pointer, delivery: &Delivery) -> bool {
    matches!(delivery.state, State::Parked { due, .. } if due == pointer.due)
        && delivery.generation == pointer.generation
        && delivery.tenant == pointer.tenant
}
