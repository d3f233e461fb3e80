//! Searching a tenant's deliveries. What is looked for decides which of the stored orders is read; each way reads a
//! bounded amount, whatever is stored, and says where it goes on.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use hooklane_domain::delivery::attempt::Attempt;
use hooklane_domain::delivery::attempt_log::{LogKey, LogPosition};
use hooklane_domain::delivery::outcome::{ErrorKind, Outcome};
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::delivery::{Delivery, FailedAt, Status};
use hooklane_domain::event::ValueDigest;
use hooklane_domain::event_index::merge::Wanted;
use hooklane_domain::event_index::{NoPlace, Place as EventPlace};
use hooklane_domain::ids::{DeliveryId, EventId, EventType, TenantId, WebhookId};
use hooklane_domain::webhook::subscription::Subscription;

use super::newest::MAX_PARTS;
use super::scan::{Scan, Scanned, scan};
use super::webhooks::group;
use super::{MAX_WEBHOOKS, Place, UNDELIVERED, event_page, find, read_each};
use crate::event_index::{Indexed, Query, indexed};
use crate::ports::{
    AttemptLog, DeliveryPage, DeliveryStore, EventIndex, EventStore, LogFilter, Unavailable,
    WebhookStore,
};

/// What is looked for. All of it must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// One webhook of the tenant; `None` for all.
    pub webhook: Option<WebhookId>,
    /// `None` for all statuses.
    pub statuses: Option<Vec<Status>>,
    pub parked: Option<bool>,
    pub event_type: Option<EventType>,
    /// When their events were accepted.
    pub accepted: TimeRange,
    pub answered: Option<Answered>,
    pub event: Option<EventId>,
    pub delivery: Option<DeliveryId>,
    /// The value of the metadata's key that the tenant chose.
    pub metadata: Option<ValueDigest>,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// With this status code.
    Code(u16),
    /// Without an answer, for this reason.
    Error(ErrorKind),
}

/// A page of what was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub deliveries: Vec<Delivery>,
    /// The number of things that were met and cannot be read back.
    pub unreadable: usize,
    /// Where the search goes on, in the words of its way.
    pub next: Option<String>,
    /// Whether it read as much as one request may, before the page was full.
    pub is_cut: bool,
}

impl Found {
    fn leave_out(&mut self, error: &Unavailable) {
        error.log("delivery.left_out");
        self.unreadable += 1;
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The cursor is not of this search.
    #[error("the cursor is not one of this search")]
    Cursor,
    #[error("the tenant has no such webhook")]
    MissingWebhook,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The way in which something is looked for: the narrowest first.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Way {
    /// One read.
    Delivery(DeliveryId),
    /// The deliveries of one event, by their keys.
    Event(EventId),
    /// The events with a value of metadata, by their index, and their deliveries by their keys.
    Metadata(ValueDigest),
    /// A webhook's failed attempts, newest first.
    Attempts(WebhookId, Answered),
    /// Lists of deliveries.
    Lists,
}

impl Search {
    fn way(&self) -> Way {
        match (&self.delivery, &self.event, self.metadata, self.webhook, self.answered) {
            (Some(id), ..) => Way::Delivery(id.clone()),
            (_, Some(event), ..) => Way::Event(event.clone()),
            (_, _, Some(value), ..) => Way::Metadata(value),
            // A success has no item of its own. What is not delivered has its last attempt with it, in an index.
            (_, _, _, Some(webhook), Some(answered))
                if !answered.is_success() && !self.is_of_index() =>
            {
                Way::Attempts(webhook, answered)
            }
            _ => Way::Lists,
        }
    }

    /// Whether all that is looked for is listed by the index of what is not delivered.
    fn is_of_index(&self) -> bool {
        let statuses = self.statuses.as_deref();
        statuses.is_some_and(|all| all.iter().all(|one| UNDELIVERED.contains(one)))
    }

    /// The lists of a webhook that are read: those of the statuses in the index, or the one of all.
    fn lists(&self) -> Vec<Option<Status>> {
        match &self.statuses {
            Some(statuses) if self.is_of_index() => statuses.iter().copied().map(Some).collect(),
            _ => vec![None],
        }
    }

    /// Whether a delivery is one that is looked for, apart from how its attempts ended.
    fn fits(&self, delivery: &Delivery) -> bool {
        let id = &delivery.id;
        self.webhook.is_none_or(|webhook| webhook == id.webhook())
            && self.statuses.as_ref().is_none_or(|all| all.contains(&delivery.status()))
            && self.parked.is_none_or(|parked| parked == delivery.is_parked())
            && self.event_type.as_ref().is_none_or(|kind| *kind == delivery.event_type)
            && self.accepted.contains(id.accepted_at())
            && self.event.as_ref().is_none_or(|event| event == id.event())
    }

    fn fits_with_last(&self, delivery: &Delivery) -> bool {
        self.fits(delivery) && self.answered.is_none_or(|answered| answered.is_last_of(delivery))
    }
}

impl Answered {
    fn is_success(self) -> bool {
        matches!(self, Self::Code(200..=299))
    }

    fn is_of(self, outcome: &Outcome) -> bool {
        match self {
            Self::Code(code) => outcome.status() == Some(code),
            Self::Error(kind) => outcome.error().is_some_and(|error| error.kind == kind),
        }
    }

    /// Whether the delivery's last attempt ended like this.
    fn is_last_of(self, delivery: &Delivery) -> bool {
        delivery.last.as_ref().is_some_and(|last| match self {
            Self::Code(code) => last.status == Some(code),
            Self::Error(kind) => last.error.as_ref().is_some_and(|error| error.kind == kind),
        })
    }
}

/// A page of the deliveries that fit, newest first: by the acceptance of their events; or, of one webhook by how an
/// attempt ended, by that attempt.
pub async fn search<L>(
    webhooks: &impl WebhookStore,
    ledger: &L,
    tenant: &TenantId,
    search: &Search,
    (cursor, limit): (Option<&str>, usize),
) -> Result<Found, SearchError>
where
    L: DeliveryStore + EventStore + EventIndex + AttemptLog,
{
    if let Some(webhook) = search.webhook
        && webhooks.get(tenant, webhook).await?.is_none()
    {
        return Err(SearchError::MissingWebhook);
    }
    match search.way() {
        Way::Delivery(id) => one(ledger, tenant, search, &id).await,
        Way::Event(event) => {
            let place = read_place(cursor)?;
            of_event(webhooks, ledger, tenant, (search, &event), (place, limit)).await
        }
        Way::Metadata(value) => {
            let place = read_place(cursor)?.unwrap_or_default();
            of_value(webhooks, ledger, tenant, (search, value), (place, limit)).await
        }
        Way::Attempts(webhook, answered) => {
            let place = read_place(cursor)?;
            by_attempts(ledger, (tenant, webhook), (search, answered), (place, limit)).await
        }
        Way::Lists => {
            let place: Option<Place> = read_place(cursor)?;
            let asked = (place.unwrap_or_default(), limit);
            by_lists(webhooks, ledger, tenant, search, asked).await
        }
    }
}

/// A page of what fits of some webhooks of the tenant, newest first. It reads their lists, so an event, a delivery or a
/// value of metadata is found by [`search`] alone. Each webhook takes a query for each status that is listed apart, so
/// the caller bounds how many there are.
pub async fn search_among(
    deliveries: &impl DeliveryStore,
    (tenant, webhooks): (&TenantId, &[WebhookId]),
    search: &Search,
    (after, limit): (Option<&DeliveryId>, usize),
) -> Result<DeliveryPage, Unavailable> {
    let scanned = of_lists(deliveries, (tenant, webhooks), search, (after, limit)).await?;
    let Scanned { deliveries, unreadable, next, .. } = scanned;
    Ok(DeliveryPage { deliveries, unreadable, next })
}

fn read_place<T: FromStr>(cursor: Option<&str>) -> Result<Option<T>, SearchError> {
    cursor.map(|text| text.parse().map_err(|_| SearchError::Cursor)).transpose()
}

async fn one(
    ledger: &impl DeliveryStore,
    tenant: &TenantId,
    search: &Search,
    id: &DeliveryId,
) -> Result<Found, SearchError> {
    let mut found = Found::default();
    if search.webhook.is_some_and(|webhook| webhook != id.webhook()) {
        return Ok(found);
    }
    match find(ledger, tenant, id).await {
        Err(error) if error.is_unreadable() => found.leave_out(&error),
        read => found.deliveries.extend(read?.filter(|delivery| search.fits_with_last(delivery))),
    }
    Ok(found)
}

/// The deliveries of an event. Its webhooks are read a thousand at a time, newest first.
async fn of_event<L: DeliveryStore + EventStore>(
    webhooks: &impl WebhookStore,
    ledger: &L,
    tenant: &TenantId,
    (search, event): (&Search, &EventId),
    (after, limit): (Option<WebhookId>, usize),
) -> Result<Found, SearchError> {
    if let Some(webhook) = search.webhook {
        let Some(event) = EventStore::get(ledger, tenant, event).await? else {
            return Ok(Found::default());
        };
        let id = DeliveryId::new(webhook, event.accepted_at, event.id);
        return one(ledger, tenant, search, &id).await;
    }
    let page = event_page(webhooks, ledger, (tenant, after), event, MAX_WEBHOOKS).await?;
    let Some(page) = page else { return Ok(Found::default()) };
    let mut found = Found { next: page.next.map(|next| next.to_string()), ..Found::default() };
    found.is_cut = found.next.is_some();
    for read in page.reads {
        match read.found {
            Ok(delivery) => {
                if let Some(delivery) = delivery.filter(|one| search.fits_with_last(one)) {
                    found.deliveries.push(delivery);
                    if found.deliveries.len() == limit {
                        found.next = Some(read.id.webhook().to_string());
                        found.is_cut = false;
                        break;
                    }
                }
            }
            Err(error) => found.leave_out(&error),
        }
    }
    Ok(found)
}

/// The most deliveries that a page reads by their keys.
const MAX_READS: usize = 2_000;

/// A place among the deliveries of the events with a value: after an event, and of the next one after a webhook.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct ValuePlace {
    after: Option<EventPlace>,
    webhook: Option<WebhookId>,
}

impl fmt::Display for ValuePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |part: Option<String>| part.unwrap_or_default();
        let after = text(self.after.as_ref().map(ToString::to_string));
        write!(f, "{after} {}", text(self.webhook.map(|id| id.to_string())))
    }
}

impl FromStr for ValuePlace {
    type Err = NoPlace;
    fn from_str(text: &str) -> Result<Self, NoPlace> {
        fn part<T: FromStr>(text: &str) -> Result<Option<T>, NoPlace> {
            match text {
                "" => Ok(None),
                text => text.parse().map(Some).map_err(|_| NoPlace),
            }
        }
        let (after, webhook) = text.split_once(' ').ok_or(NoPlace)?;
        Ok(Self { after: part(after)?, webhook: part(webhook)? })
    }
}

/// The deliveries of the events with a value of metadata.
async fn of_value<L: DeliveryStore + EventIndex>(
    webhooks: &impl WebhookStore,
    ledger: &L,
    tenant: &TenantId,
    (search, value): (&Search, ValueDigest),
    (place, limit): (ValuePlace, usize),
) -> Result<Found, SearchError> {
    let (ids, all_read) = match search.webhook {
        Some(webhook) => (vec![webhook], true),
        None => {
            let group = group(webhooks, tenant, None, MAX_WEBHOOKS).await?;
            (group.ids, group.next.is_none())
        }
    };
    let events = (MAX_READS / ids.len().max(1)).clamp(1, limit);
    let event_type = search.event_type.clone().map(Subscription::Exactly);
    let accepted = search.accepted;
    let wanted = Wanted { event_type, accepted, value: Some(value), ..Wanted::default() };
    let query = Query { wanted, after: place.after.clone(), limit: events, written_since: None };
    let Indexed { page, unreadable } = indexed(ledger, tenant, query).await?;
    // The webhooks, newest first, that are left of the first event.
    let left = |index: usize, id: &WebhookId| {
        index > 0 || place.webhook.is_none_or(|webhook| *id < webhook)
    };
    let keys: Vec<(usize, DeliveryId)> = page
        .entries
        .iter()
        .enumerate()
        .flat_map(|(index, entry)| {
            let of = |id: &WebhookId| DeliveryId::new(*id, entry.accepted_at, entry.id.clone());
            let ids = ids.iter().filter(|id| left(index, id));
            ids.map(|id| (index, of(id))).collect::<Vec<_>>()
        })
        .collect();
    let asked: Vec<_> = keys.iter().map(|(_, id)| id.clone()).collect();
    let is_short = page.entries.len() < events;
    let mut found = Found {
        unreadable: unreadable.len(),
        is_cut: page.next.is_some() && is_short || !all_read,
        next: page.next.map(|after| ValuePlace { after: Some(after), webhook: None }.to_string()),
        ..Found::default()
    };
    let count = keys.len();
    for (number, (read, (index, id))) in
        read_each(ledger, &asked).await?.into_iter().zip(keys).enumerate()
    {
        match read {
            Ok(Some(one)) if one.tenant == *tenant && search.fits_with_last(&one) => {
                found.deliveries.push(one);
            }
            Ok(_) => {}
            Err(error) if error.is_unreadable() => found.leave_out(&error),
            Err(error) => return Err(error.into()),
        }
        if found.deliveries.len() == limit && number + 1 < count {
            let before = index.checked_sub(1).map(|before| page.entries[before].place());
            let after = before.or(place.after);
            found.next = Some(ValuePlace { after, webhook: Some(id.webhook()) }.to_string());
            found.is_cut = false;
            break;
        }
    }
    Ok(found)
}

/// The queries of attempts that one request makes, and the attempts that each reads.
const ATTEMPT_QUERIES: usize = 20;
const ATTEMPTS: usize = 200;

/// The deliveries whose attempts a request reads to tell whether a page before listed them.
const MAX_UNCERTAIN: usize = 50;

/// The deliveries of which a failed attempt ended like that, each at the newest such attempt.
async fn by_attempts<L: DeliveryStore + AttemptLog>(
    ledger: &L,
    (tenant, webhook): (&TenantId, WebhookId),
    (search, answered): (&Search, Answered),
    (start, limit): (Option<LogPosition>, usize),
) -> Result<Found, SearchError> {
    let (mut found, mut seen, mut uncertain) = (Found::default(), BTreeSet::new(), 0);
    let mut from = start.clone();
    for query in 0..ATTEMPT_QUERIES {
        // No attempt of a delivery is older than its event.
        let began = TimeRange::new(search.accepted.since(), None);
        let asked = LogFilter { began, from: from.take(), limit: ATTEMPTS };
        let page = ledger.kept(tenant, webhook, &asked).await?;
        found.unreadable += page.unreadable;
        let entries: Vec<_> = page
            .entries
            .iter()
            .filter(|entry| answered.is_of(&entry.attempt.outcome))
            .filter_map(|entry| entry.delivery.clone().map(|id| (id, entry)))
            .filter(|(id, _)| seen.insert(id.clone()))
            .collect();
        let ids: Vec<_> = entries.iter().map(|(id, _)| id.clone()).collect();
        for (read, (_, entry)) in read_each(ledger, &ids).await?.into_iter().zip(entries) {
            let delivery = match read {
                Ok(Some(delivery)) if delivery.tenant == *tenant => delivery,
                Ok(_) => continue,
                Err(error) if error.is_unreadable() => {
                    found.leave_out(&error);
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            if !search.fits(&delivery) {
                continue;
            }
            if let Some(start) = &start
                && delivery.failed_at.iter().any(|failed| is_before(start, &delivery, *failed))
            {
                uncertain += 1;
                let is_new = |attempt: &Attempt| {
                    let failed = FailedAt { number: attempt.number, at: attempt.at };
                    !answered.is_of(&attempt.outcome) || !is_before(start, &delivery, failed)
                };
                if !ledger.attempts(&delivery).await?.iter().all(is_new) {
                    continue;
                }
            }
            found.deliveries.push(delivery);
            let is_full = found.deliveries.len() == limit;
            if is_full || uncertain >= MAX_UNCERTAIN {
                found.is_cut = !is_full;
                found.next = Some(LogPosition::After(entry.key()).to_string());
                return Ok(found);
            }
        }
        match page.next {
            Some(next) if query + 1 == ATTEMPT_QUERIES || uncertain >= MAX_UNCERTAIN => {
                found.next = Some(next.to_string());
                found.is_cut = true;
                break;
            }
            Some(next) => from = Some(next),
            None => break,
        }
    }
    Ok(found)
}

/// Whether the pages before this place listed that attempt.
fn is_before(start: &LogPosition, delivery: &Delivery, failed: FailedAt) -> bool {
    let FailedAt { number, at } = failed;
    !start.precedes(&LogKey { at, event: delivery.id.event().clone(), number })
}

/// The deliveries that fit, of the lists of one webhook or of a group of them.
async fn by_lists(
    webhooks: &impl WebhookStore,
    deliveries: &impl DeliveryStore,
    tenant: &TenantId,
    search: &Search,
    (place, limit): (Place, usize),
) -> Result<Found, SearchError> {
    let (ids, rest) = match search.webhook {
        Some(webhook) => (vec![webhook], None),
        None => {
            let most = MAX_PARTS / search.lists().len().max(1);
            let read = group(webhooks, tenant, place.group, most).await?;
            (read.ids, read.next)
        }
    };
    let asked = (place.after.as_ref(), limit);
    let Scanned { deliveries, unreadable, next, is_cut } =
        of_lists(deliveries, (tenant, &ids), search, asked).await?;
    let next = match next {
        Some(last) => Some(Place { group: place.group, after: Some(last) }),
        None => rest.map(|last| Place { group: Some(last), after: None }),
    };
    let is_cut = is_cut || rest.is_some() && deliveries.len() < limit;
    Ok(Found { deliveries, unreadable, next: next.map(|next| next.to_string()), is_cut })
}

async fn of_lists(
    deliveries: &impl DeliveryStore,
    (tenant, webhooks): (&TenantId, &[WebhookId]),
    search: &Search,
    (after, limit): (Option<&DeliveryId>, usize),
) -> Result<Scanned, Unavailable> {
    let lists = search.lists();
    let parts: Vec<_> =
        webhooks.iter().flat_map(|id| lists.iter().map(|status| (*id, *status))).collect();
    let asked = Scan { parts: &parts, accepted: search.accepted, after, limit };
    let fits = |delivery: &Delivery| search.fits_with_last(delivery);
    scan(deliveries, tenant, asked, &fits).await
}

#[cfg(test)]
mod tests;
