//! The steps of counting one tenant's span: each reads one page.

use std::collections::HashSet;

use hooklane_domain::delivery::Delivery;
use hooklane_domain::delivery::attempt::Attempt;
use hooklane_domain::delivery::attempt_log::{LogEntry, LogPosition};
use hooklane_domain::event_index::{Place, merge};
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};
use hooklane_domain::usage::counting::{Stage, Walk};
use hooklane_domain::usage::{Figures, Span, accepted_around};

use super::{FIRST_WEBHOOK, UsageLedger};
use crate::deliveries::read_each;
use crate::event_index::{Query, counted_here, indexed};
use crate::ports::{DeliveryFilter, LogFilter, Unavailable, WebhookIds};

/// Events of the index, deliveries and attempts that one step reads.
const EVENTS: usize = 5_000;
const DELIVERIES: usize = 500;
const ATTEMPTS: usize = 200;
/// Deliveries or attempts that about one read unit is charged for, and events of the index.
const ITEMS_PER_UNIT: usize = 4;
const EVENTS_PER_UNIT: usize = 400;

/// What a step read, what it counts for, and where the next one begins.
struct Read {
    figures: Figures,
    next: Option<Stage>,
    units: usize,
}

/// Takes one step of a walk and adds what it found to its sum. Returns the next stage, `None` at the end, and
/// about the units that it read. A page that cannot be read back, however often, counts as one unreadable thing
/// and does not hold up the others.
pub(super) async fn step<L: UsageLedger>(
    (ledger, webhooks): (&L, &impl WebhookIds),
    walk: &mut Walk,
    span: Span,
) -> Result<(Option<Stage>, u64), Unavailable> {
    let tenant = &walk.tenant;
    let (read, skip_to) = match walk.stage.clone() {
        Stage::Events { after } => (events(ledger, tenant, span, after).await, FIRST_WEBHOOK),
        Stage::Webhook { after } => {
            let next = match next_webhook(ledger, webhooks, tenant, after).await {
                Err(error) if error.is_unreadable() => {
                    tracing::error!(%tenant, error = error.chain(), "usage.left_out");
                    walk.sum += Figures::of_unreadable(1);
                    None
                }
                next => next?,
            };
            return Ok((next.map(|webhook| Stage::Deliveries { webhook, after: None }), 2));
        }
        Stage::Deliveries { webhook, after } => (
            deliveries(ledger, tenant, span, (webhook, after)).await,
            Stage::Attempts { webhook, after: None },
        ),
        Stage::Attempts { webhook, after } => (
            attempts(ledger, tenant, span, (webhook, after)).await,
            Stage::Webhook { after: Some(webhook) },
        ),
    };
    let read = match read {
        Err(error) if error.is_unreadable() => {
            tracing::error!(%tenant, error = error.chain(), "usage.left_out");
            Read { figures: Figures::of_unreadable(1), next: None, units: 1 }
        }
        read => read?,
    };
    walk.sum += read.figures;
    Ok((Some(read.next.unwrap_or(skip_to)), read.units as u64))
}

async fn events(
    ledger: &impl UsageLedger,
    tenant: &TenantId,
    span: Span,
    after: Option<Place>,
) -> Result<Read, Unavailable> {
    let wanted = merge::Wanted { accepted: span.range(), ..merge::Wanted::default() };
    let query = Query { wanted, after: after.clone(), limit: EVENTS, written_since: None };
    let read = indexed(ledger, tenant, query).await?;
    // The chunks behind the end of the span belong to the next one.
    let begin = after.unwrap_or_else(|| Place::before(span.to));
    let unreadable = counted_here(&read.unreadable, Some(&begin), read.page.next.as_ref());
    let mut figures = Figures { unreadable, ..Figures::default() };
    for entry in &read.page.entries {
        figures += Figures::of_event(entry, span);
    }
    let units = 1 + read.page.entries.len() / EVENTS_PER_UNIT;
    let next = read.page.next.map(|place| Stage::Events { after: Some(place) });
    Ok(Read { figures, next, units })
}

/// The webhook after this one, newest first, among those that the tenant has and those that it deleted. A
/// webhook is noted as deleted before it is deleted, so at no time it is missing in both lists.
async fn next_webhook(
    ledger: &impl UsageLedger,
    webhooks: &impl WebhookIds,
    tenant: &TenantId,
    after: Option<WebhookId>,
) -> Result<Option<WebhookId>, Unavailable> {
    // In this order: one that is deleted between the two reads is in the second list.
    let kept = webhooks.webhook_ids(tenant, after, 1).await?;
    let deleted = ledger.deleted(tenant, after, 1).await?;
    Ok(kept.into_iter().chain(deleted).max())
}

/// Prompt successes.
async fn deliveries(
    ledger: &impl UsageLedger,
    tenant: &TenantId,
    span: Span,
    (webhook, after): (WebhookId, Option<DeliveryId>),
) -> Result<Read, Unavailable> {
    let accepted = accepted_around(span);
    let filter = DeliveryFilter { accepted, after, limit: DELIVERIES, ..DeliveryFilter::default() };
    let page = ledger.list(tenant, webhook, &filter).await?;
    let mut figures = Figures::of_unreadable(page.unreadable);
    for delivery in &page.deliveries {
        figures += Figures::of_delivery(delivery, span);
    }
    let units = 1 + page.deliveries.len() / ITEMS_PER_UNIT;
    let next = page.next.map(|id| Stage::Deliveries { webhook, after: Some(id) });
    Ok(Read { figures, next, units })
}

/// Failed attempts, and successes that were not prompt.
async fn attempts(
    ledger: &impl UsageLedger,
    tenant: &TenantId,
    span: Span,
    (webhook, from): (WebhookId, Option<LogPosition>),
) -> Result<Read, Unavailable> {
    let filter = LogFilter { began: span.range(), from, limit: ATTEMPTS };
    let page = ledger.kept(tenant, webhook, &filter).await?;
    let mut figures = Figures::of_unreadable(page.unreadable);
    let succeeded: HashSet<_> = page.entries.iter().filter_map(success_of).collect();
    let succeeded: Vec<_> = succeeded.into_iter().collect();
    let mut delivered = HashSet::new();
    for (id, read) in succeeded.iter().zip(read_each(ledger, &succeeded).await?) {
        match read {
            Ok(Some(delivery)) => delivered.extend(ended_by(&delivery)),
            // Its item has expired. What succeeded is the attempt that ended it.
            Ok(None) => {
                let last = page.entries.iter().filter(|e| success_of(e).as_ref() == Some(id));
                let last = last.map(|entry| key(id, &entry.attempt)).max();
                delivered.extend(last);
            }
            Err(error) if error.is_unreadable() => figures += Figures::of_unreadable(1),
            Err(error) => return Err(error),
        }
    }
    for entry in &page.entries {
        // A failed one may have begun in the same millisecond as a prompt success, which its delivery counts for.
        let ended = success_of(entry).map(|id| key(&id, &entry.attempt));
        figures += Figures::of_attempt(entry, ended.is_some_and(|key| delivered.contains(&key)));
    }
    let units = 1 + page.entries.len() + succeeded.len();
    let next = page.next.map(|place| Stage::Attempts { webhook, after: Some(place) });
    Ok(Read { figures, next, units })
}

/// An attempt of a delivery.
type Key = (DeliveryId, hooklane_domain::Timestamp, u32);

fn key(id: &DeliveryId, attempt: &Attempt) -> Key {
    (id.clone(), attempt.at, attempt.number)
}

/// The attempt that ended the delivery as delivered.
fn ended_by(delivery: &Delivery) -> Option<Key> {
    delivery.success.as_ref().map(|success| key(&delivery.id, success))
}

fn success_of(entry: &LogEntry) -> Option<DeliveryId> {
    entry.attempt.outcome.is_success().then(|| entry.delivery.clone()).flatten()
}
