//! Publishes the operational events that a webhook's health and state call for.

use hooklane_app::ports::{HealthStore as _, Unavailable};
use hooklane_app::publish;
use hooklane_domain::event::NewEvent;
use hooklane_domain::isolation::health::{Change, Health};
use hooklane_domain::isolation::operational::{of_disabling, of_report};
use hooklane_domain::webhook::{Webhook, WebhookState};

use crate::deps::Deps;
use crate::ports::Ports;
use crate::snapshot::Snapshot;

/// Publishes what was not published yet, and then notes it as published. Returns the number of events.
/// An event's id derives from what it reports, so publishing it twice adds no second one.
pub(crate) async fn report<P: Ports>(
    deps: &Deps<P>,
    snapshot: &mut Snapshot<'_>,
) -> Result<u64, Unavailable> {
    let Some(webhook) = &snapshot.webhook else { return Ok(0) };
    let (events, reported) = unreported(webhook, &snapshot.health);
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

/// The events to publish, and the health once they are published.
fn unreported(webhook: &Webhook, health: &Health) -> (Vec<NewEvent>, Health) {
    let (tenant, id) = (&webhook.tenant, webhook.id);
    let owed = health.owed.iter();
    let mut events: Vec<_> = owed.map(|report| of_report(tenant, id, *report)).collect();
    let mut reported = Health { owed: Vec::new(), ..health.clone() };
    if let WebhookState::Disabled { at, reason } = webhook.state
        && health.disabled_reported != Some(at)
    {
        events.push(of_disabling(tenant, id, at, reason));
        reported.disabled_reported = Some(at);
    }
    (events, reported)
}
