//! Pausing a webhook, and letting it go on.

use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::isolation::health::{Change, Health};
use hooklane_domain::time::whole_millisecond;
use hooklane_domain::webhook::{Webhook, WebhookState};

use crate::ports::{Clock, Entropy, HealthStore, Unavailable, WatchList, WebhookStore};
use crate::webhooks::{ChangeError, Precondition, revise};

/// Changes of a health that meet others are tried again this often.
const TRIES: u32 = 10;

/// Holds a webhook: no attempts from now on, its deliveries wait until it is resumed. Twice is once; one
/// that Hooklane has disabled stays so.
pub async fn pause(
    webhooks: &impl WebhookStore,
    system: &(impl Clock + Entropy),
    key: (&TenantId, WebhookId),
) -> Result<Webhook, ChangeError> {
    let now = whole_millisecond(system.now());
    revise(webhooks, key, &Precondition::Any, |current| {
        let state = current.state.paused(now);
        Ok((state != current.state).then(|| Webhook { state, updated_at: now, ..current }))
    })
    .await
}

/// Lets a webhook go on, also one that is switched off. What was parked meanwhile is delivered, from the
/// next look of `upkeep` on; or, where it was paused and `discard` says so, cancelled. What waits in a
/// queue is delivered in either case. Twice is once.
pub async fn resume(
    store: &(impl WebhookStore + HealthStore + WatchList),
    system: &(impl Clock + Entropy),
    key: (&TenantId, WebhookId),
    discard: bool,
) -> Result<Webhook, ChangeError> {
    let (tenant, id) = key;
    let now = whole_millisecond(system.now());
    if discard {
        // Before anything of it could be released.
        let current = store.get(tenant, id).await?.ok_or(ChangeError::Missing)?;
        if matches!(current.state, WebhookState::Paused { .. }) {
            change_health(store, key, |health| Health { discard_until: Some(now), ..health })
                .await?;
        }
    }
    let mut before = WebhookState::Active;
    let resumed = revise(store, key, &Precondition::Any, |current| {
        before = current.state;
        let state = before.resumed();
        Ok((state != before).then(|| Webhook { state, updated_at: now, ..current }))
    })
    .await?;
    match before {
        WebhookState::Inactive | WebhookState::Disabled { .. } => {
            probe_now(store, system, key).await?;
        }
        WebhookState::Active | WebhookState::Paused { .. } => {
            store.watch(tenant, id, 0, now).await?;
        }
    }
    Ok(resumed)
}

/// After a webhook was switched on: its receiver is probed at once, and what is parked is released. Where
/// this is not done, `upkeep` comes to it all the same, at the circuit's own pace.
pub async fn probe_now(
    store: &(impl HealthStore + WatchList),
    system: &(impl Clock + Entropy),
    key: (&TenantId, WebhookId),
) -> Result<(), Unavailable> {
    let now = system.now();
    change_health(store, key, |health| Health {
        circuit: health.circuit.with_probe_due(now),
        ..health
    })
    .await?;
    store.watch(key.0, key.1, 0, now).await?;
    Ok(())
}

async fn change_health(
    store: &impl HealthStore,
    (tenant, id): (&TenantId, WebhookId),
    change: impl Fn(Health) -> Health,
) -> Result<(), Unavailable> {
    for _ in 0..TRIES {
        let stored = store.health(id).await?;
        let next = change(stored.clone());
        if next == stored {
            return Ok(());
        }
        let change = Change { health: next, lane: None, watch: None };
        if store.save_health(tenant, id, &change).await? {
            return Ok(());
        }
    }
    Err(Unavailable::new("changing a webhook's health", "it changes all the time"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::{FakeSystem, MemoryRegistry};
    use hooklane_domain::Timestamp;
    use hooklane_domain::isolation::circuit::Circuit;
    use hooklane_domain::webhook::target::TargetUrl;
    use hooklane_domain::webhook::{DisableReason, Essentials};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    async fn registry(state: WebhookState) -> (MemoryRegistry, Webhook) {
        let registry = MemoryRegistry::default();
        let new = Webhook::new(Essentials {
            id: WebhookId::new(at(0), 1),
            tenant: "acme".parse().unwrap(),
            url: TargetUrl::from_stored("https://example.com/").unwrap(),
            events: vec!["*".parse().unwrap()],
            secret: "a-signing-secret".parse().unwrap(),
            contract: "standard".parse().unwrap(),
            created_at: at(0),
        });
        let webhook = Webhook { state, ..new };
        registry.create(&webhook).await.unwrap();
        (registry, webhook)
    }

    #[tokio::test]
    async fn what_pausing_and_resuming_do() {
        let clock = FakeSystem::at(at(9));
        let paused = WebhookState::Paused { at: at(9) };
        let before = WebhookState::Paused { at: at(5) };
        let disabled = WebhookState::Disabled { at: at(1), reason: DisableReason::Gone };
        for (state, after_pause) in [
            (WebhookState::Active, paused),
            (before, before),
            (WebhookState::Inactive, paused),
            (disabled, disabled),
        ] {
            let (store, hook) = registry(state).await;
            let done = pause(&store, &clock, (&hook.tenant, hook.id)).await;
            assert_eq!(done.unwrap().state, after_pause, "{state:?}");
            let (store, hook) = registry(state).await;
            let done = resume(&store, &clock, (&hook.tenant, hook.id), false).await;
            assert_eq!(done.unwrap().state, WebhookState::Active, "{state:?}");
            assert_eq!(store.health(hook.id).await.unwrap().discard_until, None);
            assert_eq!(store.watched(None, 9).await.unwrap().len(), 1, "{state:?}");
        }
        let (store, hook) = registry(WebhookState::Active).await;
        let other = "other".parse().unwrap();
        let missing = pause(&store, &clock, (&other, hook.id)).await;
        assert!(matches!(missing, Err(ChangeError::Missing)));
    }

    #[tokio::test]
    async fn discarding_is_noted_only_of_what_was_paused() {
        let clock = FakeSystem::at(at(9));
        for (state, noted) in [
            (WebhookState::Paused { at: at(5) }, Some(at(9))),
            (WebhookState::Active, None),
            (WebhookState::Inactive, None),
        ] {
            let (store, hook) = registry(state).await;
            resume(&store, &clock, (&hook.tenant, hook.id), true).await.unwrap();
            assert_eq!(store.health(hook.id).await.unwrap().discard_until, noted);
        }
    }

    #[tokio::test]
    async fn switching_on_makes_the_probe_due() {
        let clock = FakeSystem::at(at(9));
        let (store, hook) = registry(WebhookState::Active).await;
        probe_now(&store, &clock, (&hook.tenant, hook.id)).await.unwrap();
        assert_eq!(store.health(hook.id).await.unwrap(), Health::default(), "nothing to hurry");
        let open = Circuit::Open { since: at(1), probe_at: at(900), probes: 4 };
        let health = Health { circuit: open, ..Health::default() };
        let change = Change { health, lane: None, watch: None };
        store.save_health(&hook.tenant, hook.id, &change).await.unwrap();
        probe_now(&store, &clock, (&hook.tenant, hook.id)).await.unwrap();
        let hurried = Circuit::Open { since: at(1), probe_at: at(9), probes: 4 };
        assert_eq!(store.health(hook.id).await.unwrap().circuit, hurried);
    }

    #[tokio::test]
    async fn resuming_hurries_what_was_switched_off() {
        let clock = FakeSystem::at(at(9));
        for (state, probe_at) in [
            (WebhookState::Active, at(900)),
            (WebhookState::Paused { at: at(5) }, at(900)),
            (WebhookState::Inactive, at(9)),
            (WebhookState::Disabled { at: at(1), reason: DisableReason::Gone }, at(9)),
        ] {
            let (store, hook) = registry(state).await;
            let open = Circuit::Open { since: at(1), probe_at: at(900), probes: 4 };
            let health = Health { circuit: open, ..Health::default() };
            let change = Change { health, lane: None, watch: None };
            store.save_health(&hook.tenant, hook.id, &change).await.unwrap();
            resume(&store, &clock, (&hook.tenant, hook.id), false).await.unwrap();
            let expected = Circuit::Open { since: at(1), probe_at, probes: 4 };
            assert_eq!(store.health(hook.id).await.unwrap().circuit, expected, "{state:?}");
        }
    }
}
