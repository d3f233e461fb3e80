//! How a webhook is isolated at the moment: its circuit and lane, its parked deliveries, its rate limit.

use hooklane_contract::Contracts;
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::period::Period;
use hooklane_domain::figures::report::{Report, Window};
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::isolation::health::Health;
use hooklane_domain::webhook::Webhook;
use hooklane_domain::webhook::limits::RateLimit;

use crate::figures::{Asking, FigureLedger, of_list};
use crate::ports::{HealthStore, ParkingStore, SlotCounts, SlotStore, Unavailable, WebhookStore};

/// Parked deliveries are counted up to this number.
pub const MAX_COUNTED: u16 = 1_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Isolation {
    pub health: Health,
    /// The number of parked deliveries. [`MAX_COUNTED`] means that many or more.
    pub parked: u64,
    /// The rate limit in force: the webhook's own, or its contract's.
    pub limit: Option<RateLimit>,
    pub slots: SlotCounts,
}

/// The figures of a webhook's last day, and its isolation; `None` if the tenant has no such webhook.
pub async fn health<L: FigureLedger + ParkingStore + SlotStore>(
    registry: &(impl WebhookStore + HealthStore),
    ledger: &L,
    contracts: &Contracts,
    (tenant, id): (&TenantId, WebhookId),
    asking: Asking,
) -> Result<Option<(Report, Isolation)>, Unavailable> {
    let Some(webhook) = registry.get(tenant, id).await? else { return Ok(None) };
    let (window, ids) = (Window::Period(Period::Day), [id]);
    let figures = of_list(ledger, tenant, &ids, window, asking);
    let (mut figures, isolation) =
        futures::future::try_join(figures, isolation(registry, ledger, contracts, &webhook))
            .await?;
    let figures = figures.pop().unwrap_or_else(|| Report::none(window, asking.now));
    Ok(Some((figures, isolation)))
}

async fn isolation(
    registry: &impl HealthStore,
    ledger: &(impl ParkingStore + SlotStore),
    contracts: &Contracts,
    webhook: &Webhook,
) -> Result<Isolation, Unavailable> {
    let (health, parked, slots) = futures::future::try_join3(
        registry.health(webhook.id),
        ledger.count_parked(webhook.id, MAX_COUNTED),
        ledger.slots_taken(webhook.id),
    )
    .await?;
    Ok(Isolation { health, parked, limit: contracts.rate_limit_of(webhook), slots })
}

impl Isolation {
    /// When the next slot begins, if it begins later than `now`.
    #[must_use]
    pub fn next_slot(&self, now: Timestamp) -> Option<Timestamp> {
        let (limit, next) = self.slots.next?;
        (self.limit == Some(limit) && next > now).then_some(next)
    }
}
