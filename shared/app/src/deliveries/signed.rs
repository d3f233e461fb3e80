//! The request of a delivery, signed at this moment. It is neither sent nor stored.

use hooklane_contract::{Contracts, Subject};
use hooklane_domain::delivery::outcome::AttemptError;
use hooklane_domain::ids::{DeliveryId, TenantId};
use hooklane_domain::time::whole_millisecond;
use hooklane_domain::webhook::target::TargetUrl;

use super::find;
use crate::attempt::write;
use crate::ports::{Clock, DeliveryStore, EventStore, Unavailable, WebhookStore};

/// A request as its receiver would believe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRequest {
    pub url: TargetUrl,
    /// In the order in which they are sent. The values of the webhook's own are masked: answers never show them.
    pub headers: Vec<(String, String)>,
    /// The names of those that are masked.
    pub masked: Vec<String>,
    /// Byte for byte.
    pub body: String,
}

/// Why a delivery's request cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    #[error("the tenant has no such delivery")]
    Missing,
    #[error("the delivery's event is no longer kept")]
    EventMissing,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Writes the request that an attempt of the delivery would send now, whatever state it is in; or says why none would
/// be sent.
pub async fn signed<L: EventStore + DeliveryStore>(
    (webhooks, contracts): (&impl WebhookStore, &Contracts),
    ledger: &L,
    clock: &impl Clock,
    tenant: &TenantId,
    id: &DeliveryId,
) -> Result<Result<SignedRequest, AttemptError>, InspectError> {
    let webhook = webhooks.get(tenant, id.webhook()).await?.ok_or(InspectError::Missing)?;
    let delivery = find(ledger, tenant, id).await?.ok_or(InspectError::Missing)?;
    let event = EventStore::get(ledger, tenant, id.event()).await?;
    let event = event.ok_or(InspectError::EventMissing)?;
    let subject = Subject {
        content: &event.content,
        delivery: id,
        webhook: &webhook,
        attempt: delivery.attempts + 1,
        at: whole_millisecond(clock.now()),
    };
    let written = write(contracts, subject).await;
    Ok(written.map(|(request, _)| SignedRequest {
        url: webhook.url.clone(),
        headers: webhook.headers.masked_in(request.headers),
        masked: webhook.headers.names().map(str::to_owned).collect(),
        body: request.body,
    }))
}
