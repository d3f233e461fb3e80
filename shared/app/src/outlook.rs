//! The next attempts of deliveries, by how their webhooks stand now.

use std::collections::{BTreeMap, BTreeSet};

use hooklane_domain::Timestamp;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::isolation::health::Health;
use hooklane_domain::isolation::next_attempt::{NextAttempt, Standing, next_attempt};
use hooklane_domain::webhook::Webhook;

use crate::ports::{HealthStore, Unavailable, WebhookStore};

/// How some webhooks of a tenant stand at one moment.
#[derive(Debug)]
pub struct Outlook {
    pub now: Timestamp,
    standings: BTreeMap<WebhookId, Standing>,
}

impl Outlook {
    /// The outlook of these deliveries. Each of their webhooks is read once; those of deliveries that have
    /// ended are not read.
    pub async fn of(
        registry: &(impl WebhookStore + HealthStore),
        (tenant, tenant_paused): (&TenantId, bool),
        deliveries: &[Delivery],
        now: Timestamp,
    ) -> Result<Self, Unavailable> {
        let waiting = deliveries.iter().filter(|delivery| !delivery.is_done());
        let ids: BTreeSet<_> = waiting.map(|delivery| delivery.id.webhook()).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        if ids.is_empty() {
            return Ok(Self::new(now, []));
        }
        let webhooks = registry.some(tenant, &ids).await?;
        let ids: Vec<_> = webhooks.iter().map(|webhook| webhook.id).collect();
        let healths = registry.healths(&ids).await?;
        let standings = webhooks
            .iter()
            .zip(&healths)
            .map(|(webhook, health)| (webhook.id, standing(webhook, health, tenant_paused)));
        Ok(Self::new(now, standings))
    }

    pub(crate) fn new(
        now: Timestamp,
        standings: impl IntoIterator<Item = (WebhookId, Standing)>,
    ) -> Self {
        Self { now, standings: standings.into_iter().collect() }
    }

    /// When the next attempt of one of the deliveries is; `None` if it has ended.
    #[must_use]
    pub fn next_attempt(&self, delivery: &Delivery) -> Option<NextAttempt> {
        next_attempt(delivery, self.standings.get(&delivery.id.webhook()), self.now)
    }
}

pub(crate) fn standing(webhook: &Webhook, health: &Health, tenant_paused: bool) -> Standing {
    Standing {
        state: webhook.state,
        tenant_paused,
        circuit: health.circuit,
        discard_until: health.discard_until,
        next_release_at: health.release.and_then(|paced| paced.next),
    }
}

#[cfg(test)]
mod tests {
    use hooklane_domain::delivery::ParkReason;
    use hooklane_domain::ids::DeliveryId;
    use hooklane_domain::isolation::circuit::Circuit;
    use hooklane_domain::isolation::health::Change;
    use hooklane_domain::isolation::next_attempt::{Cause, Hold};
    use hooklane_domain::webhook::target::TargetUrl;
    use hooklane_domain::webhook::{Essentials, WebhookState};

    use super::*;
    use crate::fakes::MemoryRegistry;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn webhook(number: u128, state: WebhookState) -> Webhook {
        let new = Webhook::new(Essentials {
            id: WebhookId::new(at(0), number),
            tenant: "acme".parse().unwrap(),
            url: TargetUrl::from_stored("https://example.com/").unwrap(),
            events: vec!["*".parse().unwrap()],
            secret: "a-signing-secret".parse().unwrap(),
            contract: "standard".parse().unwrap(),
            created_at: at(0),
        });
        Webhook { state, ..new }
    }

    fn delivery(webhook: WebhookId) -> Delivery {
        let id = DeliveryId::new(webhook, at(1), "e1".parse().unwrap());
        Delivery::unwritten(id, "acme".parse().unwrap(), "order.created".parse().unwrap())
    }

    #[tokio::test]
    async fn each_delivery_has_the_outlook_of_its_own_webhook() {
        let (registry, tenant) = (MemoryRegistry::default(), "acme".parse().unwrap());
        let open = webhook(1, WebhookState::Active);
        let paused = webhook(2, WebhookState::Paused { at: at(1) });
        for new in [&open, &paused] {
            registry.create(new).await.unwrap();
        }
        let circuit = Circuit::Open { since: at(1), probe_at: at(900), probes: 4 };
        let health = Health { circuit, discard_until: Some(at(2)), ..Health::default() };
        let change = Change { health, lane: None, watch: None };
        registry.save_health(&tenant, open.id, &change).await.unwrap();
        let deleted = WebhookId::new(at(0), 3);
        let all = [
            delivery(open.id),
            delivery(open.id).parked(at(2), ParkReason::Circuit),
            delivery(paused.id),
            delivery(deleted),
        ];
        let outlook = Outlook::of(&registry, (&tenant, false), &all, at(9)).await.unwrap();
        let next: Vec<_> = all.iter().map(|d| outlook.next_attempt(d).unwrap()).collect();
        assert_eq!(
            next,
            [
                NextAttempt::At(at(900), Cause::CircuitProbe),
                NextAttempt::Held(Hold::Discarded),
                NextAttempt::Held(Hold::WebhookPaused),
                NextAttempt::Held(Hold::WebhookDeleted),
            ]
        );
        let outlook = Outlook::of(&registry, (&tenant, true), &all, at(9)).await.unwrap();
        let held = NextAttempt::Held(Hold::TenantPaused);
        assert_eq!(outlook.next_attempt(&all[0]), Some(held));
    }
}
