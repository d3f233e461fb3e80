//! Operational events that are owed. Their ids derive from what they report, so publishing one twice is
//! publishing it once; it is noted as done afterwards.

use hooklane_app::ports::{Clock, Entropy, Unavailable};
use hooklane_app::publish::report;
use hooklane_domain::isolation::health::{Change, Health};
use hooklane_domain::isolation::operational::{of_disabling, of_report};
use hooklane_domain::webhook::WebhookState;

use crate::look::Seen;
use crate::{LedgerPorts, QueuePorts, RegistryPorts, Upkeep};

impl<L, R, Q, S> Upkeep<L, R, Q, S>
where
    L: LedgerPorts,
    R: RegistryPorts,
    Q: QueuePorts,
    S: Clock + Entropy,
{
    /// Publishes what is owed; how many events.
    pub(crate) async fn report(&self, seen: &mut Seen<'_>) -> Result<u64, Unavailable> {
        let Some(webhook) = &seen.webhook else { return Ok(0) };
        let (tenant, id) = (&webhook.tenant, webhook.id);
        let mut events: Vec<_> =
            seen.health.owed.iter().map(|report| of_report(tenant, id, *report)).collect();
        let mut disabled_reported = seen.health.disabled_reported;
        if let WebhookState::Disabled { at, reason } = webhook.state
            && disabled_reported != Some(at)
        {
            events.push(of_disabling(tenant, id, at, reason));
            disabled_reported = Some(at);
        }
        if events.is_empty() {
            return Ok(0);
        }
        let count = events.len() as u64;
        for event in events {
            report(&self.ledger, &self.system, event).await?;
        }
        let health = Health { owed: Vec::new(), disabled_reported, ..seen.health.clone() };
        let change = Change { health: health.clone(), lane: None, watch: None };
        // Where somebody wrote the health meanwhile, it is published again, as a duplicate.
        if self.registry.save_health(tenant, id, &change).await? {
            seen.health = Health { revision: health.revision + 1, ..health };
        }
        Ok(count)
    }
}
