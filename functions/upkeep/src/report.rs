//! Publishes the operational events that a webhook's health and state call for.

use hooklane_app::ports::{DeliveryFilter, DeliveryStore as _, HealthStore as _, Unavailable};
use hooklane_app::publish;
use hooklane_domain::delivery::Status;
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::event::NewEvent;
use hooklane_domain::isolation::circuit::Thresholds;
use hooklane_domain::isolation::health::{Change, Health, Report};
use hooklane_domain::isolation::operational::{
    Missed, of_announcement, of_disabling, of_report, window,
};
use hooklane_domain::webhook::{Webhook, WebhookState};
use jiff::SignedDuration;

use crate::deps::Deps;
use crate::ports::Ports;
use crate::snapshot::Snapshot;
use crate::tuning::MISSED_PAGE;

/// Publishes what was not published yet, and then notes it as published. Returns the number of events.
/// An event's id derives from what it reports, so publishing it twice adds no second one.
pub(crate) async fn report<P: Ports>(
    deps: &Deps<P>,
    snapshot: &mut Snapshot<'_>,
) -> Result<u64, Unavailable> {
    let Some(webhook) = &snapshot.webhook else { return Ok(0) };
    let mut owed = Vec::new();
    for report in &snapshot.health.owed {
        owed.push((*report, missed(deps, webhook, *report).await?));
    }
    let (events, reported) = unreported(webhook, &snapshot.health, &owed, &deps.thresholds);
    if events.is_empty() {
        return Ok(0);
    }
    let count = events.len() as u64;
    for event in events {
        publish::report(&deps.ledger, &deps.system, event).await?;
    }
    let change = Change { health: reported.clone(), lane: None, watch: None };
    // If another writer changed the health meanwhile, the events are published again, as duplicates.
    if deps.registry.save_health(&webhook.tenant, webhook.id, &change).await? {
        snapshot.health = Health { revision: reported.revision + 1, ..reported };
    }
    Ok(count)
}

/// Counts what became of the deliveries of a window in which the webhook failed, by one page of their list.
async fn missed<P: Ports>(
    deps: &Deps<P>,
    webhook: &Webhook,
    report: Report,
) -> Result<Option<Missed>, Unavailable> {
    let Some((since, until)) = window(report) else { return Ok(None) };
    let end = until.saturating_add(SignedDuration::from_millis(1)).unwrap_or(until);
    let filter = DeliveryFilter {
        accepted: TimeRange::new(Some(since), Some(end)),
        limit: MISSED_PAGE,
        ..DeliveryFilter::default()
    };
    let page = deps.ledger.list(&webhook.tenant, webhook.id, &filter).await?;
    let truncated = page.next.is_some() || page.unreadable > 0;
    let mut missed = Missed { truncated, ..Missed::default() };
    for delivery in &page.deliveries {
        match delivery.status() {
            Status::Pending | Status::Retrying => missed.waited += 1,
            Status::Delivered => missed.delivered += 1,
            Status::Failed => missed.failed += 1,
            Status::Cancelled => {}
        }
    }
    Ok(Some(missed))
}

/// The events to publish, and the health once they are published.
fn unreported(
    webhook: &Webhook,
    health: &Health,
    owed: &[(Report, Option<Missed>)],
    thresholds: &Thresholds,
) -> (Vec<NewEvent>, Health) {
    let (tenant, id) = (&webhook.tenant, webhook.id);
    let owed = owed.iter();
    let mut events: Vec<_> =
        owed.map(|(report, missed)| of_report(tenant, id, *report, *missed)).collect();
    let mut reported = Health { owed: Vec::new(), ..health.clone() };
    if webhook.state.is_active()
        && let Some(disabling) = health.disabling(webhook.updated_at, thresholds)
    {
        events.push(of_announcement(tenant, id, disabling));
        reported.disabling_reported = Some(disabling.since);
    }
    if let WebhookState::Disabled { at, reason } = webhook.state
        && health.disabled_reported != Some(at)
    {
        events.push(of_disabling(tenant, id, at, reason));
        reported.disabled_reported = Some(at);
    }
    (events, reported)
}
