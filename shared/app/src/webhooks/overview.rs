//! What a list of webhooks shows beside their settings: how each is doing.

use futures::{StreamExt as _, TryStreamExt as _};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::isolation::health::Health;
use hooklane_domain::webhook::Webhook;

use crate::isolation::MAX_COUNTED;
use crate::ports::{
    DeliveryFilter, DeliveryStore, ParkingStore, Unavailable, Vitals, VitalsStore, WaitingStore,
};

/// How a webhook is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overview {
    pub health: Health,
    /// The number of deliveries that wait, parked ones included. [`MAX_COUNTED`] means that many or more.
    pub waiting: u64,
    /// The number of parked deliveries, counted as `waiting` is.
    pub parked: u64,
    /// The newest delivery, by the acceptance of its event.
    pub newest_delivery: Option<Delivery>,
}

/// The webhooks whose ledger is read at the same time. Each takes up to three queries.
const CONCURRENCY: usize = 16;
/// The number of deliveries that are read to find one that can be read back. They are one read unit together.
const NEWEST: usize = 3;

/// The overviews of a page of webhooks, in their order: one batch read of their health, and for each two
/// counts and a query for its newest delivery. Parked deliveries are counted where there may be any. A webhook
/// whose health cannot be read back has no overview: it must not hide the others.
pub async fn overviews<L: DeliveryStore + ParkingStore + WaitingStore>(
    registry: &impl VitalsStore,
    ledger: &L,
    tenant: &TenantId,
    webhooks: &[Webhook],
) -> Result<Vec<Option<Overview>>, Unavailable> {
    let ids: Vec<_> = webhooks.iter().map(|webhook| webhook.id).collect();
    let vitals = registry.vitals(&ids).await?;
    // Owned, because the stream's future must be Send for every lifetime.
    let each: Vec<_> = ids.into_iter().zip(vitals).collect();
    futures::stream::iter(each)
        .map(|(id, vitals)| overview(ledger, tenant, id, vitals))
        .buffered(CONCURRENCY)
        .try_collect()
        .await
}

/// The overview of a webhook with these vitals.
pub(crate) async fn overview<L: DeliveryStore + ParkingStore + WaitingStore>(
    ledger: &L,
    tenant: &TenantId,
    id: WebhookId,
    Vitals { health, is_watched }: Vitals,
) -> Result<Option<Overview>, Unavailable> {
    let Some(health) = health else { return Ok(None) };
    let parked =
        async { if is_watched { ledger.count_parked(id, MAX_COUNTED).await } else { Ok(0) } };
    let waiting = ledger.count_waiting(id, MAX_COUNTED);
    let newest = newest(ledger, tenant, id);
    let (parked, waiting, newest_delivery) =
        futures::future::try_join3(parked, waiting, newest).await?;
    // What waits is counted in an index that lags.
    Ok(Some(Overview { health, waiting: waiting.max(parked), parked, newest_delivery }))
}

/// The newest delivery that can be read back, if it is among the newest few.
async fn newest(
    ledger: &impl DeliveryStore,
    tenant: &TenantId,
    webhook: WebhookId,
) -> Result<Option<Delivery>, Unavailable> {
    let filter = DeliveryFilter { limit: NEWEST, ..DeliveryFilter::default() };
    let page = ledger.list(tenant, webhook, &filter).await?;
    Ok(page.deliveries.into_iter().next())
}

impl Overview {
    /// When the latest attempt began that is known of: of the newest delivery, or of the current run of
    /// failures.
    #[must_use]
    pub fn last_attempt_at(&self) -> Option<Timestamp> {
        let delivery = self.newest_delivery.as_ref().and_then(|delivery| delivery.last.as_ref());
        let failure = self.health.streak.map(|streak| streak.last);
        delivery.map(|last| last.at).max(failure)
    }
}

#[cfg(test)]
mod tests;
