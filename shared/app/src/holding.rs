//! Pausing a webhook, and letting it go on.

use hooklane_domain::Timestamp;
use hooklane_domain::health::Health;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::webhook::{Webhook, WebhookState};
use hooklane_domain::whole_millisecond;

use crate::ports::{Healths, Surroundings, Unavailable, Watches, Webhooks};

#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    #[error("the tenant has no such webhook")]
    Missing,
    /// What is switched off is neither paused nor resumed: it is switched on by changing it.
    #[error("the webhook is switched off")]
    SwitchedOff,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Changes that meet others are tried again this often.
const TRIES: u32 = 10;

/// Holds a webhook: its deliveries wait until it is resumed. One that is paused stays as it is.
pub async fn pause(
    webhooks: &impl Webhooks,
    surroundings: &impl Surroundings,
    tenant: &TenantId,
    id: WebhookId,
) -> Result<Webhook, HoldError> {
    let at = whole_millisecond(surroundings.now());
    turn(webhooks, tenant, id, at, WebhookState::Paused { at }).await
}

/// Lets a paused webhook go on. What was parked meanwhile is delivered, from the next look of `upkeep` on; or,
/// where `discard` says so, cancelled. What waits in a queue is delivered in either case. One that is
/// not paused stays as it is.
pub async fn resume(
    store: &(impl Webhooks + Healths + Watches),
    surroundings: &impl Surroundings,
    tenant: &TenantId,
    id: WebhookId,
    discard: bool,
) -> Result<Webhook, HoldError> {
    let at = whole_millisecond(surroundings.now());
    if discard {
        // Before anything of it could be released.
        let current = store.get(tenant, id).await?.ok_or(HoldError::Missing)?;
        if matches!(current.state, WebhookState::Paused { .. }) {
            change_health(store, tenant, id, |health| Health { discard_until: Some(at), ..health })
                .await?;
        }
    }
    let resumed = turn(store, tenant, id, at, WebhookState::Active).await?;
    store.watch(tenant, id, 0, at).await?;
    Ok(resumed)
}

/// After a webhook was switched on: its receiver is probed at once, and what is parked is released. Where
/// this is not done, `upkeep` comes to it all the same, at the circuit's own pace.
pub async fn hurry(
    store: &(impl Healths + Watches),
    surroundings: &impl Surroundings,
    tenant: &TenantId,
    id: WebhookId,
) -> Result<(), Unavailable> {
    let now = surroundings.now();
    change_health(store, tenant, id, |health| Health {
        circuit: health.circuit.hurried(now),
        ..health
    })
    .await?;
    store.watch(tenant, id, 0, now).await?;
    Ok(())
}

async fn turn(
    webhooks: &impl Webhooks,
    tenant: &TenantId,
    id: WebhookId,
    at: Timestamp,
    state: WebhookState,
) -> Result<Webhook, HoldError> {
    for _ in 0..TRIES {
        let current = webhooks.get(tenant, id).await?.ok_or(HoldError::Missing)?;
        match (current.state, state) {
            (WebhookState::Inactive | WebhookState::Disabled { .. }, _) => {
                return Err(HoldError::SwitchedOff);
            }
            (WebhookState::Active, WebhookState::Active)
            | (WebhookState::Paused { .. }, WebhookState::Paused { .. }) => return Ok(current),
            _ => {}
        }
        let changed = Webhook { state, updated_at: at, ..current };
        if webhooks.update(&changed).await? {
            return Ok(Webhook { revision: changed.revision + 1, ..changed });
        }
    }
    Err(Unavailable::new("holding a webhook", "it changes all the time").into())
}

async fn change_health(
    store: &impl Healths,
    tenant: &TenantId,
    id: WebhookId,
    change: impl Fn(Health) -> Health,
) -> Result<(), Unavailable> {
    for _ in 0..TRIES {
        let stored = store.health(id).await?;
        let next = change(stored.clone());
        if next == stored {
            return Ok(());
        }
        let change = hooklane_domain::health::Change { health: next, lane: None, watch: None };
        if store.save_health(tenant, id, &change).await? {
            return Ok(());
        }
    }
    Err(Unavailable::new("changing a webhook's health", "it changes all the time"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::{FixedSurroundings, MemoryRegistry};
    use hooklane_domain::circuit::Circuit;
    use hooklane_domain::target::TargetUrl;
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
        let clock = FixedSurroundings::at(at(9));
        let paused = WebhookState::Paused { at: at(9) };
        let before = WebhookState::Paused { at: at(5) };
        let disabled = WebhookState::Disabled { at: at(1), reason: DisableReason::Gone };
        for (state, after_pause, after_resume) in [
            (WebhookState::Active, Some(paused), Some(WebhookState::Active)),
            (before, Some(before), Some(WebhookState::Active)),
            (WebhookState::Inactive, None, None),
            (disabled, None, None),
        ] {
            let (store, hook) = registry(state).await;
            let done = pause(&store, &clock, &hook.tenant, hook.id).await;
            assert_eq!(done.map(|w| w.state).ok(), after_pause, "{state:?}");
            let (store, hook) = registry(state).await;
            let done = resume(&store, &clock, &hook.tenant, hook.id, false).await;
            assert_eq!(done.map(|w| w.state).ok(), after_resume, "{state:?}");
            assert_eq!(store.health(hook.id).await.unwrap().discard_until, None);
            let watched = store.watched(None, 9).await.unwrap().len();
            assert_eq!(watched, usize::from(after_resume.is_some()), "{state:?}");
        }
        let (store, hook) = registry(WebhookState::Active).await;
        let other = "other".parse().unwrap();
        let missing = pause(&store, &clock, &other, hook.id).await;
        assert!(matches!(missing, Err(HoldError::Missing)));
    }

    #[tokio::test]
    async fn discarding_is_noted_only_of_what_was_paused() {
        let clock = FixedSurroundings::at(at(9));
        for (state, noted) in
            [(WebhookState::Paused { at: at(5) }, Some(at(9))), (WebhookState::Active, None)]
        {
            let (store, hook) = registry(state).await;
            resume(&store, &clock, &hook.tenant, hook.id, true).await.unwrap();
            assert_eq!(store.health(hook.id).await.unwrap().discard_until, noted);
        }
    }

    #[tokio::test]
    async fn switching_on_makes_the_probe_due() {
        let clock = FixedSurroundings::at(at(9));
        let (store, hook) = registry(WebhookState::Active).await;
        hurry(&store, &clock, &hook.tenant, hook.id).await.unwrap();
        assert_eq!(store.health(hook.id).await.unwrap(), Health::default(), "nothing to hurry");
        let open = Circuit::Open { since: at(1), probe_at: at(900), probes: 4 };
        let health = Health { circuit: open, ..Health::default() };
        let change = hooklane_domain::health::Change { health, lane: None, watch: None };
        store.save_health(&hook.tenant, hook.id, &change).await.unwrap();
        hurry(&store, &clock, &hook.tenant, hook.id).await.unwrap();
        let hurried = Circuit::Open { since: at(1), probe_at: at(9), probes: 4 };
        assert_eq!(store.health(hook.id).await.unwrap().circuit, hurried);
    }
}
