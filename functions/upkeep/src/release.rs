//! Sends parked deliveries on: the message first, then the item, then the pointer goes.

use futures::stream::{self, StreamExt as _};
use hooklane_app::deliveries::{send, send_at};
use hooklane_app::ports::{
    Clock as _, DeliveryStore as _, EventStore, HealthStore as _, ParkingStore as _, Pointer,
    Saved, Unavailable,
};
use hooklane_contract::Contracts;
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::{CancelReason, Delivery, State};
use hooklane_domain::isolation::admission::{Admission, admit};
use hooklane_domain::isolation::health::{Change, Health};
use hooklane_domain::isolation::slots::{Paced, per_minute};
use hooklane_domain::time::{later, next_whole_millisecond};
use tracing::Instrument as _;

use crate::deadline::Deadline;
use crate::deps::Deps;
use crate::ports::Ports;
use crate::snapshot::Snapshot;
use crate::spans;
use crate::stored::{self, Stored};
use crate::tuning::{MAX_RELEASED, PACED_AHEAD, RELEASE_PAGE, RELEASES_AT_ONCE};

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
    /// Whether they go at the pace that the tenant asked for, if it asked for one.
    paced: bool,
}

/// Releases what is due, page by page, as far as the webhook's state, circuit, rate limit and pace allow.
pub(crate) async fn release<P: Ports>(
    deps: &Deps<P>,
    snapshot: &mut Snapshot<'_>,
    deadline: Deadline,
) -> Result<Released, Unavailable> {
    let id = snapshot.watch.webhook;
    let Allowance { most, due_by, paced } = allowance(snapshot, &deps.contracts, deps.system.now());
    let mut released = Released::default();
    let mut allowed = most;
    while allowed > 0 && !deadline.has_passed(&deps.system) {
        let page = deps.ledger.parked(id, due_by, allowed.min(RELEASE_PAGE)).await?;
        if page.is_empty() {
            break;
        }
        let slots = if paced { slots(deps, snapshot, page.len()).await? } else { None };
        let count = slots.as_ref().map_or(page.len(), Vec::len);
        let is_cut = count < page.len();
        allowed -= page.len();
        let page = page.into_iter().take(count).enumerate();
        let page = page.map(|(n, pointer)| (pointer, slots.as_ref().map(|slots| slots[n])));
        release_page(deps, snapshot, page.collect(), &mut released).await?;
        if is_cut {
            break;
        }
    }
    released.some_left = !deps.ledger.parked(id, Timestamp::MAX, 1).await?.is_empty();
    let is_paced = paced && snapshot.health.release.is_some();
    if is_paced && !released.some_left {
        set_pace(deps, snapshot, None).await?;
    }
    // A circuit lets one probe through, and a rate limit or a pace a minute's share: another look finds no
    // more.
    let unlimited = most == MAX_RELEASED && !is_paced;
    released.more_due = unlimited && !deps.ledger.parked(id, due_by, 1).await?.is_empty();
    Ok(released)
}

fn allowance(snapshot: &Snapshot<'_>, contracts: &Contracts, now: Timestamp) -> Allowance {
    let Some(webhook) = &snapshot.webhook else {
        // Whatever they wait for, `delivery` finds the webhook deleted and cancels them.
        return Allowance { most: MAX_RELEASED, due_by: Timestamp::MAX, paced: false };
    };
    let circuit = snapshot.health.circuit;
    let admission = admit(webhook.state, snapshot.tenant_paused, circuit, now);
    let most = match admission {
        Admission::Attempt => {
            let limit = contracts.rate_limit_of(webhook);
            limit.map_or(MAX_RELEASED, |limit| per_minute(limit).min(MAX_RELEASED))
        }
        Admission::Probe => 1,
        Admission::Park(_) => 0,
    };
    // A probe goes when it is due.
    Allowance { most, due_by: now, paced: admission == Admission::Attempt }
}

/// When the next `count` deliveries go; fewer if the minute has no more slots, `None` without a pace. The
/// pace is written before they are sent, so that neither a restart nor a second run sends faster. If another
/// writer was faster, none goes before the next run.
async fn slots<P: Ports>(
    deps: &Deps<P>,
    snapshot: &mut Snapshot<'_>,
    count: usize,
) -> Result<Option<Vec<Timestamp>>, Unavailable> {
    let Some(paced) = snapshot.health.release else { return Ok(None) };
    let now = deps.system.now();
    let (slots, after) = paced.take(count, now, later(now, PACED_AHEAD));
    if !slots.is_empty() && !set_pace(deps, snapshot, Some(after)).await? {
        return Ok(Some(Vec::new()));
    }
    Ok(Some(slots))
}

/// Writes the pace of releases. Returns `false` if the health was changed meanwhile.
async fn set_pace<P: Ports>(
    deps: &Deps<P>,
    snapshot: &mut Snapshot<'_>,
    release: Option<Paced>,
) -> Result<bool, Unavailable> {
    let health = Health { release, ..snapshot.health.clone() };
    let change = Change { health: health.clone(), lane: None, watch: None };
    let watch = snapshot.watch;
    let written = deps.registry.save_health(&watch.tenant, watch.webhook, &change).await?;
    if written {
        snapshot.health = Health { revision: health.revision + 1, ..health };
    }
    Ok(written)
}

async fn release_page<P: Ports>(
    deps: &Deps<P>,
    snapshot: &Snapshot<'_>,
    page: Vec<(Pointer, Option<Timestamp>)>,
    released: &mut Released,
) -> Result<(), Unavailable> {
    let ids: Vec<_> = page.iter().map(|(pointer, _)| pointer.delivery.clone()).collect();
    let items = stored::read(deps, &snapshot.watch.tenant, &ids).await?;
    let releases = stream::iter(page.into_iter().zip(items)).map(|(next, item)| async move {
        let (pointer, slot) = next;
        let span = spans::of_delivery(&pointer.tenant, &pointer.delivery);
        let release = release_one(deps, snapshot, (&pointer, slot), item);
        let release = release.instrument(span.clone()).await?;
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
    (pointer, slot): (&Pointer, Option<Timestamp>),
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
    let due = slot.map_or(now, |slot| next_whole_millisecond(slot).max(now));
    let turn = send_at(&deps.queues, &delivery, slot.unwrap_or(now), now).await?;
    // A conflict does not matter: the message itself finds out whether it is needed. Most often it was
    // faster than this write, and acts already.
    deps.ledger.save(&delivery.handed_to(turn, due)).await?;
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
