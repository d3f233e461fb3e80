//! Changes that a tenant's requests make to a webhook's health.

use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::isolation::health::{Change, Health};

use crate::conflict::{MAX_TRIES, always_overtaken, decide_anew};
use crate::ports::{Clock, HealthStore, Unavailable, WatchList};

/// Makes the probe of a webhook that was switched on due now, and has `upkeep` release what is parked.
/// Without this call `upkeep` does the same later, when the circuit's next probe is due.
pub async fn probe_now(
    store: &(impl HealthStore + WatchList),
    clock: &impl Clock,
    (tenant, id): (&TenantId, WebhookId),
) -> Result<(), Unavailable> {
    let now = clock.now();
    let probed = |health: Health| Health { circuit: health.circuit.with_probe_due(now), ..health };
    change_health(store, (tenant, id), probed).await?;
    store.watch(tenant, id, 0, now).await.map(drop)
}

/// Writes what `change` makes of a webhook's health, unless nothing changes.
pub(crate) async fn change_health(
    store: &impl HealthStore,
    (tenant, id): (&TenantId, WebhookId),
    change: impl Fn(Health) -> Health + Sync,
) -> Result<(), Unavailable> {
    let changed = decide_anew(MAX_TRIES, || async {
        let stored = store.health(id).await?;
        let health = change(stored.clone());
        let is_written = health == stored || {
            let change = Change { health, lane: None, watch: None };
            store.save_health(tenant, id, &change).await?
        };
        Ok(is_written.then_some(()))
    });
    changed.await?.ok_or_else(|| always_overtaken("changing a webhook's health"))
}

#[cfg(test)]
mod tests {
    use hooklane_domain::Timestamp;
    use hooklane_domain::isolation::circuit::Circuit;

    use super::*;
    use crate::fakes::{FakeSystem, MemoryRegistry};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[tokio::test]
    async fn probing_now_makes_the_probe_of_an_open_circuit_due() {
        let clock = FakeSystem::at(at(9));
        let (store, tenant) = (MemoryRegistry::default(), "acme".parse().unwrap());
        let id = WebhookId::new(at(0), 1);
        probe_now(&store, &clock, (&tenant, id)).await.unwrap();
        assert_eq!(store.health(id).await.unwrap(), Health::default(), "a closed one stays");
        let open = Circuit::Open { since: at(1), probe_at: at(900), probes: 4 };
        change_health(&store, (&tenant, id), |health| Health { circuit: open, ..health })
            .await
            .unwrap();
        probe_now(&store, &clock, (&tenant, id)).await.unwrap();
        let due = Circuit::Open { since: at(1), probe_at: at(9), probes: 4 };
        assert_eq!(store.health(id).await.unwrap().circuit, due);
    }
}
