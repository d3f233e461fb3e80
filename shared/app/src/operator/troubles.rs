//! The webhooks of all tenants that are in trouble, or whose deliveries wait apart from the others'.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use futures::{StreamExt as _, TryStreamExt as _};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::figures::settled::Listed;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::isolation::health::Health;
use hooklane_domain::webhook::Webhook;

use crate::ports::{
    CountedPlace, DeliveryStore, FigureSource, ParkingStore, TenantStore, Unavailable, Vitals,
    VitalsStore, WaitingStore, Watch, WatchList, WebhookStore,
};
use crate::webhooks::{Overview, overview};

/// The entries of the watch list that one look reads.
const MAX_WATCHED: usize = 300;
/// The webhooks that are shown. Each takes up to seven requests.
const MAX_ROWS: usize = 25;
/// The webhooks that are read at the same time.
const CONCURRENCY: usize = 8;
/// The webhooks whose oldest delivery is looked for, with two requests each, to find those that wait longest.
const MAX_COMPARED: usize = 100;

/// Which webhooks a look shows first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Those that fail, the longest first; then those with the most parked.
    #[default]
    FailingLongest,
    /// Those whose oldest delivery waits longest.
    WaitingLongest,
}

/// A webhook that `upkeep` watches.
#[derive(Debug, Clone)]
pub struct Trouble {
    pub webhook: Webhook,
    /// Whether its tenant has paused all of its webhooks.
    pub tenant_paused: bool,
    pub overview: Overview,
    /// The delivery that waits longest.
    pub oldest: Option<Delivery>,
}

impl Trouble {
    /// Since when it fails: since its first failure in a row.
    #[must_use]
    pub fn failing_since(&self) -> Option<Timestamp> {
        failing_since(&self.overview.health)
    }
}

fn failing_since(health: &Health) -> Option<Timestamp> {
    let open = health.circuit.open_since()?;
    Some(health.streak.map_or(open, |streak| streak.since.min(open)))
}

#[derive(Debug, Clone, Default)]
pub struct Troubles {
    /// In the order that was asked for.
    pub rows: Vec<Trouble>,
    /// How many of the entries read fail.
    pub failing: usize,
    /// How many of the entries read fail, have failed last, are slow, or have something parked.
    pub all: usize,
    /// How many of these were compared by how long their deliveries wait, if they were.
    pub compared: Option<usize>,
    /// Where the next look starts, if the watch list is longer than one look reads.
    pub next: Option<WebhookId>,
}

/// A look at the watch list from the entry that follows `after`: a few batches, and up to seven requests for each
/// webhook that is shown. Those that wait longest are sought among the hundred that fail longest or have most parked.
pub async fn troubles<L: DeliveryStore + ParkingStore + WaitingStore + FigureSource>(
    registry: &(impl WatchList + VitalsStore + WebhookStore + TenantStore),
    ledger: &L,
    after: Option<WebhookId>,
    order: Order,
) -> Result<Troubles, Unavailable> {
    let watched = registry.watched(after, MAX_WATCHED).await?;
    let next = watched.last().filter(|_| watched.len() == MAX_WATCHED).map(|last| last.webhook);
    let ids: Vec<_> = watched.iter().map(|watch| watch.webhook).collect();
    let vitals = registry.vitals(&ids).await?;
    let mut all: Vec<_> = watched.into_iter().zip(vitals).filter(is_trouble).collect();
    all.sort_by_key(rank);
    let open = |(_, vitals): &&(Watch, Vitals)| {
        vitals.health.as_ref().is_some_and(|health| !health.circuit.is_closed())
    };
    let (failing, count) = (all.iter().filter(open).count(), all.len());
    let compared = (order == Order::WaitingLongest).then_some(count.min(MAX_COMPARED));
    let mut shown: Vec<_> = if compared.is_some() {
        all.truncate(MAX_COMPARED);
        waiting_longest(ledger, all).await?
    } else {
        all.into_iter().map(|one| (one, None)).collect()
    };
    shown.truncate(MAX_ROWS);
    let paused = paused(registry, &shown).await?;
    let rows = futures::stream::iter(shown)
        .map(|(one, oldest)| {
            let tenant_paused = paused.get(&one.0.tenant).copied().unwrap_or_default();
            trouble(registry, ledger, one, oldest, tenant_paused)
        })
        .buffered(CONCURRENCY)
        .try_filter_map(async |row| Ok(row))
        .try_collect()
        .await?;
    Ok(Troubles { rows, failing, all: count, compared, next })
}

/// A watched webhook, and the delivery of it that waits longest, if that was looked for already.
type Compared = ((Watch, Vitals), Option<Delivery>);

/// A webhook is watched for other reasons too, such as a recovery.
fn is_trouble((watch, vitals): &(Watch, Vitals)) -> bool {
    watch.parked > 0
        || vitals.health.as_ref().is_some_and(|health| {
            !health.circuit.is_closed() || health.slow || health.streak.is_some()
        })
}

/// Those that fail first, by how long.
fn rank((watch, vitals): &(Watch, Vitals)) -> (bool, Option<Timestamp>, Reverse<u64>) {
    let since = vitals.health.as_ref().and_then(failing_since);
    (since.is_none(), since, Reverse(watch.parked))
}

/// Those for which something waits, the oldest first, each with the delivery that waits longest.
async fn waiting_longest(
    ledger: &impl FigureSource,
    all: Vec<(Watch, Vitals)>,
) -> Result<Vec<Compared>, Unavailable> {
    let since = async |(watch, vitals): (Watch, Vitals)| {
        let oldest = oldest(ledger, &watch.tenant, watch.webhook).await?;
        Ok(oldest.map(|oldest| (oldest.id.accepted_at(), ((watch, vitals), Some(oldest)))))
    };
    let mut waiting: Vec<_> = futures::stream::iter(all)
        .map(since)
        .buffered(CONCURRENCY)
        .try_filter_map(async |found| Ok(found))
        .try_collect()
        .await?;
    waiting.sort_by_key(|(since, _)| *since);
    Ok(waiting.into_iter().map(|(_, one)| one).collect())
}

/// Whether each of the tenants has paused all of its webhooks.
async fn paused(
    registry: &impl TenantStore,
    shown: &[Compared],
) -> Result<BTreeMap<TenantId, bool>, Unavailable> {
    let mut paused: BTreeMap<_, _> =
        shown.iter().map(|((watch, _), _)| (watch.tenant.clone(), false)).collect();
    let ids: Vec<_> = paused.keys().cloned().collect();
    let reads = ids.iter().map(|id| registry.tenant(id));
    for tenant in futures::future::try_join_all(reads).await? {
        paused.insert(tenant.id, tenant.settings.paused);
    }
    Ok(paused)
}

/// `None` for a webhook that was deleted or cannot be read back.
async fn trouble<L: DeliveryStore + ParkingStore + WaitingStore + FigureSource>(
    registry: &impl WebhookStore,
    ledger: &L,
    (watch, vitals): (Watch, Vitals),
    oldest_known: Option<Delivery>,
    tenant_paused: bool,
) -> Result<Option<Trouble>, Unavailable> {
    let (tenant, id) = (&watch.tenant, watch.webhook);
    let Some(webhook) = registry.some(tenant, &[id]).await?.pop() else { return Ok(None) };
    let oldest = async {
        match oldest_known {
            Some(known) => Ok(Some(known)),
            None => oldest(ledger, tenant, id).await,
        }
    };
    let (overview, oldest) =
        futures::future::try_join(overview(ledger, tenant, id, vitals), oldest).await?;
    let overview = overview.unwrap_or_default();
    Ok(Some(Trouble { webhook, tenant_paused, overview, oldest }))
}

/// The delivery of a webhook that waits longest, by the acceptance of its event.
async fn oldest(
    ledger: &impl FigureSource,
    tenant: &TenantId,
    webhook: WebhookId,
) -> Result<Option<Delivery>, Unavailable> {
    let place = CountedPlace { oldest_first: true, after: None, limit: 1 };
    let of = |list| ledger.listed(tenant, webhook, list, TimeRange::default(), &place);
    let (retrying, pending) =
        futures::future::try_join(of(Listed::Retrying), of(Listed::Pending)).await?;
    let waiting = retrying.deliveries.into_iter().chain(pending.deliveries);
    Ok(waiting.map(|counted| counted.delivery).min_by_key(|delivery| delivery.id.accepted_at()))
}
