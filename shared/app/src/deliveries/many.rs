//! What a tenant asks of many deliveries at once. Each is done or refused on its own.

use futures::StreamExt as _;
use futures::stream;
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::delivery::{CancelReason, Delivery, State, Status};
use hooklane_domain::ids::{DeliveryId, EventType, ExternalId, TenantId, WebhookId};
use hooklane_domain::json::fields::{FieldErrors, Fields};
use hooklane_domain::time::later;

use super::search::{Found, Search, SearchError, search};
use super::{CONCURRENCY, RequestError, UNDELIVERED, cancel, find, retry};
use crate::ports::{
    AttemptLog, Clock, DeferQueue, DeliveryStore, Entropy, EventIndex, EventStore, WebhookStore,
};

/// The most deliveries of one request.
pub const MAX_DELIVERIES: usize = 100;
/// A delivery whose attempt is due, but no longer than this, is about to be attempted already.
const AT_HAND: std::time::Duration = std::time::Duration::from_secs(15 * 60);

/// What is asked of each delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    Retry,
    Cancel,
}

impl Request {
    /// The statuses that a filter may name. What was cancelled is retried only by its id.
    #[must_use]
    pub fn statuses(self) -> &'static [Status] {
        match self {
            Self::Retry => &UNDELIVERED,
            Self::Cancel => &[Status::Pending, Status::Retrying],
        }
    }

    /// Those that a filter without statuses means.
    fn usual_statuses(self) -> &'static [Status] {
        match self {
            Self::Retry => &[Status::Failed],
            Self::Cancel => self.statuses(),
        }
    }
}

/// Which deliveries a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub which: Which,
    /// Whether to count only.
    pub dry_run: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// Those with these ids, which need not be ids of anything.
    These(Vec<String>),
    /// A page of those that fit.
    Matching {
        /// Without the webhook, which may be named by its external id.
        search: Box<Search>,
        external_id: Option<ExternalId>,
        /// Where the page begins, as an earlier answer said.
        cursor: Option<String>,
    },
}

impl Order {
    /// Reads `{deliveries}` or `{filter: {webhook?, externalId?, status?, event?, since?, until?}, dryRun?, cursor?}`.
    pub fn read(body: &str, request: Request) -> Result<Self, FieldErrors> {
        let mut fields = Fields::of("", body)?;
        let too_many = format!("must have at most {MAX_DELIVERIES} deliveries");
        let ids: Option<Vec<String>> =
            fields.read_list(&["deliveries"], "a list of ids", MAX_DELIVERIES, too_many);
        for (index, id) in ids.iter().flatten().enumerate() {
            if ids.iter().flatten().take(index).any(|other| other == id) {
                fields.error(&format!("deliveries[{index}]"), "is given twice");
            }
        }
        let filter = fields.take(&["filter"]);
        let dry_run = fields.read(&["dryRun", "dry_run"], "true or false");
        let cursor: Option<String> = fields.read(&["cursor"], "a string");
        let which = match (ids, filter) {
            (Some(_), Some(_)) => {
                fields.error("filter", "cannot be combined with deliveries");
                None
            }
            (Some(ids), None) => {
                if dry_run == Some(true) {
                    fields.error("dryRun", "needs a filter");
                }
                if cursor.is_some() {
                    fields.error("cursor", "needs a filter");
                }
                Some(Which::These(ids))
            }
            (None, Some(filter)) => match read_filter(filter.raw.get(), request) {
                Ok((search, external_id)) => {
                    Some(Which::Matching { search: Box::new(search), external_id, cursor })
                }
                Err(errors) => {
                    fields.merge(errors);
                    None
                }
            },
            (None, None) => {
                if !fields.has_error("deliveries") {
                    fields.error("deliveries", "is required, or a filter");
                }
                None
            }
        };
        fields.finish()?;
        let which =
            which.ok_or_else(|| FieldErrors::one("", "must have deliveries or a filter"))?;
        Ok(Self { which, dry_run: dry_run == Some(true) })
    }
}

fn read_filter(json: &str, request: Request) -> Result<(Search, Option<ExternalId>), FieldErrors> {
    let mut fields = Fields::of("filter", json)?;
    let webhook: Option<WebhookId> = fields.parse(&["webhook"]);
    let external_id: Option<ExternalId> = fields.parse(&["externalId"]);
    if webhook.is_some() && external_id.is_some() {
        fields.error("externalId", "cannot be combined with webhook");
    }
    let allowed = request.statuses();
    let names: Vec<_> = allowed.iter().map(|status| status.as_str()).collect();
    let wrong = format!("a list of {}", names.join(", "));
    let texts: Option<Vec<String>> = fields.read_list(&["status"], &wrong, 5, wrong.as_str());
    let mut statuses: Vec<Status> = Vec::new();
    for (index, text) in texts.iter().flatten().enumerate() {
        match allowed.iter().find(|status| status.as_str() == text) {
            Some(status) if !statuses.contains(status) => statuses.push(*status),
            Some(_) => {}
            None => {
                let message = format!("must be one of {}", names.join(", "));
                fields.error(&format!("status[{index}]"), message);
            }
        }
    }
    if statuses.is_empty() {
        statuses = request.usual_statuses().to_vec();
    }
    let event_type: Option<EventType> = fields.parse(&["event"]);
    let accepted = TimeRange::new(fields.time(&["since"]), fields.time(&["until"]));
    fields.finish()?;
    let statuses = Some(statuses);
    Ok((Search { webhook, statuses, event_type, accepted, ..Search::default() }, external_id))
}

/// What became of one delivery.
#[derive(Debug)]
pub struct Answer {
    pub id: DeliveryId,
    pub result: Result<Delivery, RequestError>,
}

/// Retries or cancels these deliveries, in their order. Asked twice, it does nothing the second time: a
/// delivery whose attempt is due already gets no second message, and one that was cancelled stays so.
pub async fn each(
    deliveries: &impl DeliveryStore,
    queue: &impl DeferQueue,
    system: &(impl Clock + Entropy),
    tenant: &TenantId,
    (request, ids): (Request, Vec<DeliveryId>),
) -> Vec<Answer> {
    stream::iter(ids)
        .map(|id| async move {
            let result = match request {
                Request::Retry => retry_once(deliveries, queue, system, tenant, &id).await,
                Request::Cancel => cancel_once(deliveries, system, tenant, &id).await,
            };
            Answer { id, result }
        })
        .buffered(CONCURRENCY)
        .collect()
        .await
}

async fn retry_once(
    deliveries: &impl DeliveryStore,
    queue: &impl DeferQueue,
    system: &(impl Clock + Entropy),
    tenant: &TenantId,
    id: &DeliveryId,
) -> Result<Delivery, RequestError> {
    let current = find(deliveries, tenant, id).await?.ok_or(RequestError::Missing)?;
    if is_at_hand(&current, system.now()) {
        return Ok(current);
    }
    retry(deliveries, queue, system, tenant, id).await
}

async fn cancel_once(
    deliveries: &impl DeliveryStore,
    system: &(impl Clock + Entropy),
    tenant: &TenantId,
    id: &DeliveryId,
) -> Result<Delivery, RequestError> {
    match cancel(deliveries, system, tenant, id).await {
        Err(RequestError::Ended(Status::Cancelled)) => {
            let current = find(deliveries, tenant, id).await?.ok_or(RequestError::Missing)?;
            match current.state {
                State::Cancelled { reason: CancelReason::Requested, .. } => Ok(current),
                _ => Err(RequestError::Ended(current.status())),
            }
        }
        result => result,
    }
}

/// Whether a message acts for the delivery at this moment.
fn is_at_hand(delivery: &Delivery, now: Timestamp) -> bool {
    let State::Waiting { next_attempt_at, .. } = &delivery.state else { return false };
    *next_attempt_at <= now && now < later(*next_attempt_at, AT_HAND)
}

/// The deliveries that a filter names: a page of them for a request, or a count of them.
pub async fn matching<L>(
    webhooks: &impl WebhookStore,
    ledger: &L,
    tenant: &TenantId,
    filter: &Search,
    cursor: Option<&str>,
) -> Result<Found, SearchError>
where
    L: DeliveryStore + EventStore + EventIndex + AttemptLog,
{
    search(webhooks, ledger, tenant, filter, (cursor, MAX_DELIVERIES)).await
}

/// A count that may have ended before everything was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    pub count: u64,
    /// Whether there may be more.
    pub capped: bool,
}

/// The pages that a count reads. They are the largest that a search has.
const COUNTED_PAGES: usize = 4;
const COUNTED_PAGE: usize = 1_000;

/// Counts the deliveries that a filter names, as far as a few pages go.
pub async fn count<L>(
    webhooks: &impl WebhookStore,
    ledger: &L,
    tenant: &TenantId,
    filter: &Search,
) -> Result<Count, SearchError>
where
    L: DeliveryStore + EventStore + EventIndex + AttemptLog,
{
    let (mut count, mut cursor) = (0, None::<String>);
    for _ in 0..COUNTED_PAGES {
        let asked = (cursor.as_deref(), COUNTED_PAGE);
        let page = search(webhooks, ledger, tenant, filter, asked).await?;
        count += page.deliveries.len() as u64;
        cursor = page.next;
        if cursor.is_none() {
            return Ok(Count { count, capped: false });
        }
    }
    Ok(Count { count, capped: true })
}

#[cfg(test)]
mod tests;
