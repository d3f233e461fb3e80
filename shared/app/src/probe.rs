//! A probe by hand: of a webhook whose circuit is open, one delivery is sent at once instead of when the next probe is
//! due.
//!
//! `POST /webhooks/{id}/probe` is [`probe`] (202).

use hooklane_domain::Timestamp;
use hooklane_domain::delivery::{Delivery, Status};
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};
use hooklane_domain::isolation::admission::{Admission, admit};
use hooklane_domain::isolation::circuit::Circuit;
use hooklane_domain::isolation::health::Health;
use hooklane_domain::time::{later, next_whole_millisecond};
use hooklane_domain::webhook::WebhookState;

use crate::cache::MAX_AGE;
use crate::deliveries::{read_each, send_at};
use crate::health::change_health;
use crate::ports::{
    Clock, DeferQueue, DeliveryStore, HealthStore, ParkingStore, Unavailable, WebhookStore,
};

#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    #[error("the tenant has no such webhook")]
    MissingWebhook,
    #[error("the webhook has no such delivery")]
    MissingDelivery,
    /// Nobody keeps its deliveries from being attempted.
    #[error("the circuit of this webhook is closed, so its deliveries need no probe")]
    Closed,
    #[error("a probe of this webhook is being made")]
    Running,
    /// Its deliveries wait for something else.
    #[error("this webhook is {0}, so no attempt is made")]
    Stopped(&'static str),
    #[error("no delivery of this webhook waits for a probe")]
    NothingWaits,
    #[error("the delivery is {}", .0.as_str())]
    Ended(Status),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The pointers that are read to find a delivery that still waits.
const POINTERS: usize = 10;
/// The message is held back until every instance has forgotten that the probe was not due yet.
const HELD_BACK: std::time::Duration = MAX_AGE.saturating_add(std::time::Duration::from_secs(1));

/// Makes the probe due, and sends the oldest delivery that waits, or this one. Its attempt begins within seconds. If
/// another delivery becomes the probe meanwhile, this one goes on waiting, as after any probe.
pub async fn probe<L: DeliveryStore + ParkingStore>(
    (registry, ledger): (&(impl WebhookStore + HealthStore), &L),
    queue: &impl DeferQueue,
    clock: &impl Clock,
    (tenant, id, tenant_paused): (&TenantId, WebhookId, bool),
    delivery: Option<DeliveryId>,
) -> Result<Delivery, ProbeError> {
    let webhook = registry.get(tenant, id).await?.ok_or(ProbeError::MissingWebhook)?;
    let health = registry.health(id).await?;
    let now = clock.now();
    check(webhook.state, tenant_paused, health.circuit, now)?;
    let waiting = match delivery {
        Some(wanted) => given(ledger, (tenant, id), &wanted).await?,
        None => oldest(ledger, (tenant, id), now).await?.ok_or(ProbeError::NothingWaits)?,
    };
    let due = |health: Health| Health { circuit: due_by(health.circuit, now), ..health };
    change_health(registry, (tenant, id), due).await?;
    // The message first, as for every delivery that is sent again: it takes the delivery over by its generation if the
    // item cannot be written.
    let slot = later(now, HELD_BACK);
    let turn = send_at(queue, &waiting, slot, now).await?;
    let handed = waiting.handed_to(turn, next_whole_millisecond(slot));
    let written = ledger.save(&handed).await?.written();
    // Another writer was faster: then the message finds out itself whether it is needed.
    Ok(written.unwrap_or(handed))
}

fn check(
    state: WebhookState,
    tenant_paused: bool,
    circuit: Circuit,
    now: Timestamp,
) -> Result<(), ProbeError> {
    match state {
        WebhookState::Inactive => return Err(ProbeError::Stopped("switched off")),
        WebhookState::Disabled { .. } => return Err(ProbeError::Stopped("disabled")),
        WebhookState::Paused { .. } => return Err(ProbeError::Stopped("paused")),
        WebhookState::Active if tenant_paused => {
            return Err(ProbeError::Stopped("paused with all of its tenant's"));
        }
        WebhookState::Active => {}
    }
    match (circuit, admit(state, tenant_paused, circuit, now)) {
        (Circuit::Closed, _) => Err(ProbeError::Closed),
        (Circuit::HalfOpen { .. }, Admission::Park(_)) => Err(ProbeError::Running),
        _ => Ok(()),
    }
}

/// The circuit with its probe due. One that is being made stays.
fn due_by(circuit: Circuit, now: Timestamp) -> Circuit {
    match circuit {
        Circuit::Open { probe_at, .. } if probe_at > now => circuit.with_probe_due(now),
        other => other,
    }
}

async fn given(
    deliveries: &impl DeliveryStore,
    (tenant, webhook): (&TenantId, WebhookId),
    id: &DeliveryId,
) -> Result<Delivery, ProbeError> {
    if id.webhook() != webhook {
        return Err(ProbeError::MissingDelivery);
    }
    let read = deliveries.read(std::slice::from_ref(id)).await?.into_iter().next().flatten();
    let delivery = read.filter(|one| one.tenant == *tenant).ok_or(ProbeError::MissingDelivery)?;
    if delivery.is_done() { Err(ProbeError::Ended(delivery.status())) } else { Ok(delivery) }
}

/// The delivery that waits longest, if one does. One that is parked for a later time is not taken before it.
async fn oldest<L: DeliveryStore + ParkingStore>(
    ledger: &L,
    (tenant, webhook): (&TenantId, WebhookId),
    now: Timestamp,
) -> Result<Option<Delivery>, ProbeError> {
    let pointers = ledger.parked(webhook, now, POINTERS).await?;
    let ids: Vec<_> = pointers.into_iter().map(|pointer| pointer.delivery).collect();
    for read in read_each(ledger, &ids).await? {
        match read {
            Ok(Some(delivery)) if delivery.is_parked() && delivery.tenant == *tenant => {
                return Ok(Some(delivery));
            }
            Ok(_) => {}
            Err(error) if error.is_unreadable() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
