//! How much a recovery would send, counted before anything is sent.

use std::sync::Arc;

use futures::{StreamExt as _, stream};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::Status;
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::event_index::merge::Wanted as WantedEvents;
use hooklane_domain::event_index::{Entry, Place};
use hooklane_domain::expression::Budget;
use hooklane_domain::ids::{DeliveryId, EventId, TenantId, WebhookId};
use hooklane_domain::isolation::operational::{concerned, is_operational};
use hooklane_domain::isolation::recovery::{Wanted, WantedStatus};
use hooklane_domain::webhook::{Route, Webhook};
use jiff::SignedDuration;

use super::RecoverError;
use crate::deliveries::many::Count;
use crate::deliveries::read_each;
use crate::evaluation::decide_within;
use crate::event_index::{Query, indexed};
use crate::ports::{
    DeliveryFilter, DeliveryStore, EventIndex, EventStore, Unavailable, WebhookStore,
};

/// The queries of failed deliveries, and those that each reads.
const FAILED_QUERIES: usize = 10;
const FAILED_PAGE: usize = 1_000;
/// The pages of the index of events, and the events of each. Of each event that the webhook takes, the delivery is
/// read by its key.
const INDEX_PAGES: usize = 10;
const INDEX_PAGE: usize = 400;
/// The events that are read whole, because the webhook has a filter or the event is Hooklane's own.
const MAX_EVENTS: usize = 200;
const CONCURRENCY: usize = 8;

/// What a recovery would send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    pub wanted: Wanted,
    pub failed: Count,
    pub skipped: Count,
    /// When the webhook was registered. Events that were accepted before are never sent to it.
    pub registered_at: Timestamp,
}

/// Counts what a recovery would send if it began now. It reads a bounded amount, and says where it stopped counting.
pub async fn estimate<L: DeliveryStore + EventIndex + EventStore>(
    registry: &impl WebhookStore,
    ledger: &L,
    (tenant, id): (&TenantId, WebhookId),
    wanted: Wanted,
) -> Result<Estimate, RecoverError> {
    if wanted.until < wanted.since {
        return Err(RecoverError::Backwards);
    }
    let webhook = registry.get(tenant, id).await?.ok_or(RecoverError::Missing)?;
    let failed = match wanted.status {
        WantedStatus::Failed | WantedStatus::Any => failed(ledger, (tenant, id), wanted).await?,
        WantedStatus::Skipped => Count::default(),
    };
    let skipped = match wanted.status {
        WantedStatus::Skipped | WantedStatus::Any => skipped(ledger, &webhook, wanted).await?,
        WantedStatus::Failed => Count::default(),
    };
    Ok(Estimate { wanted, failed, skipped, registered_at: webhook.created_at })
}

/// Times are whole milliseconds, and a range has no end of its own.
fn accepted(wanted: Wanted) -> TimeRange {
    let end = wanted.until.saturating_add(SignedDuration::from_millis(1));
    TimeRange::new(Some(wanted.since), Some(end.unwrap_or(Timestamp::MAX)))
}

async fn failed(
    deliveries: &impl DeliveryStore,
    (tenant, id): (&TenantId, WebhookId),
    wanted: Wanted,
) -> Result<Count, Unavailable> {
    let (mut count, mut after) = (0, None);
    for _ in 0..FAILED_QUERIES {
        let filter = DeliveryFilter {
            status: Some(Status::Failed),
            accepted: accepted(wanted),
            after: after.take(),
            limit: FAILED_PAGE,
            ..DeliveryFilter::default()
        };
        let page = deliveries.list(tenant, id, &filter).await?;
        count += page.deliveries.len() as u64;
        after = page.next;
        if after.is_none() {
            return Ok(Count { count, capped: false });
        }
    }
    Ok(Count { count, capped: true })
}

async fn skipped<L: DeliveryStore + EventIndex + EventStore>(
    ledger: &L,
    webhook: &Webhook,
    wanted: Wanted,
) -> Result<Count, Unavailable> {
    let route = Route {
        webhook: webhook.id,
        events: webhook.events.clone(),
        filter: webhook.filter.clone(),
        transforms: webhook.transform.is_some(),
        test_mode: webhook.test_mode,
        lane: webhook.lane,
        created_at: webhook.created_at,
    };
    let budget = Arc::new(Budget::of_event());
    let (mut count, mut place, mut to_read) = (0, None::<Place>, MAX_EVENTS);
    for _ in 0..INDEX_PAGES {
        let events = WantedEvents { accepted: accepted(wanted), ..WantedEvents::default() };
        let after = place.take();
        let query = Query { wanted: events, after, limit: INDEX_PAGE, written_since: None };
        let page = indexed(ledger, &webhook.tenant, query).await?.page;
        let missing = missing(ledger, &route, &webhook.tenant, page.entries).await?;
        let is_read = |entry: &Entry| route.filter.is_some() || is_operational(&entry.event_type);
        let (read, plain): (Vec<_>, Vec<_>) = missing.into_iter().partition(is_read);
        count += plain.len() as u64;
        let fitting = read.len().min(to_read);
        let ids = read.iter().take(fitting).map(|entry| entry.id.clone()).collect();
        count += taken(ledger, &webhook.tenant, (&route, &budget), ids).await?;
        to_read -= fitting;
        if fitting < read.len() || budget.is_short() {
            return Ok(Count { count, capped: true });
        }
        place = page.next;
        if place.is_none() {
            return Ok(Count { count, capped: false });
        }
    }
    Ok(Count { count, capped: true })
}

/// The events that the webhook takes by their types, and that have no delivery.
async fn missing(
    deliveries: &impl DeliveryStore,
    route: &Route,
    tenant: &TenantId,
    entries: Vec<Entry>,
) -> Result<Vec<Entry>, Unavailable> {
    let takes = |entry: &Entry| route.takes(&entry.event_type, entry.accepted_at, entry.test);
    let entries: Vec<_> = entries.into_iter().filter(takes).collect();
    let id = |e: &Entry| DeliveryId::new(route.webhook, e.accepted_at, e.id.clone());
    let ids: Vec<_> = entries.iter().map(id).collect();
    let mut missing = Vec::new();
    for (read, entry) in read_each(deliveries, &ids).await?.into_iter().zip(entries) {
        match read {
            Ok(found) if found.as_ref().is_none_or(|one| one.tenant != *tenant) => {
                missing.push(entry);
            }
            Ok(_) => {}
            Err(error) if error.is_unreadable() => error.log("delivery.left_out"),
            Err(error) => return Err(error),
        }
    }
    Ok(missing)
}

/// How many of these events the webhook's filter lets through. One that there is no budget for counts as let through,
/// as it is when it is sent.
async fn taken(
    events: &impl EventStore,
    tenant: &TenantId,
    (route, budget): (&Route, &Arc<Budget>),
    ids: Vec<EventId>,
) -> Result<u64, Unavailable> {
    let mut read = stream::iter(ids)
        .map(|id| async move { EventStore::get(events, tenant, &id).await })
        .buffered(CONCURRENCY);
    let mut count = 0;
    while let Some(event) = read.next().await {
        let event = match event {
            Ok(Some(event)) => event,
            Ok(None) => continue,
            Err(error) if error.is_unreadable() => continue,
            Err(error) => return Err(error),
        };
        let is_itself = concerned(&event.content) == Some(route.webhook);
        if !is_itself {
            let decided = decide_within(budget, &event, vec![route.filter.clone()]).await;
            count += u64::from(decided.passes == [true]);
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests;
