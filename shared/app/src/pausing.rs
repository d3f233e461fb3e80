//! Pausing a webhook and resuming it.

use hooklane_domain::access::quotas::Room;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::isolation::health::Health;
use hooklane_domain::isolation::slots::Paced;
use hooklane_domain::time::whole_millisecond;
use hooklane_domain::webhook::limits::RateLimit;
use hooklane_domain::webhook::{Webhook, WebhookState};

use crate::health::{change_health, probe_now};
use crate::ports::{Clock, Entropy, HealthStore, WatchList, WebhookStore};
use crate::precondition::Precondition;
use crate::webhooks::{ChangeError, revise};

/// Pauses a webhook: no attempts from now on, its deliveries wait until it is resumed. Idempotent. A
/// webhook that Hooklane has disabled stays disabled.
pub async fn pause(
    webhooks: &impl WebhookStore,
    system: &(impl Clock + Entropy),
    key: (&TenantId, WebhookId),
) -> Result<Webhook, ChangeError> {
    let now = whole_millisecond(system.now());
    let paused = revise(webhooks, key, &Precondition::Any, Room::none(now), |current| {
        let state = current.state.paused(now);
        Ok((state != current.state).then(|| Webhook { state, updated_at: now, ..current.clone() }))
    });
    paused.await.map(|revised| revised.after)
}

/// Resumes a webhook that is paused or switched off. Idempotent. What was parked meanwhile is delivered
/// from the next run of `upkeep` on; if the webhook was paused and `discard` is set, it is cancelled
/// instead. What waits in a queue is delivered in either case.
///
/// With a `rate`, what is parked is released at that rate, until nothing is parked; without one, as fast as
/// it can be, whatever rate an earlier resumption set.
pub async fn resume(
    store: &(impl WebhookStore + HealthStore + WatchList),
    system: &(impl Clock + Entropy),
    key: (&TenantId, WebhookId),
    Resumption { discard, rate }: Resumption,
) -> Result<Webhook, ChangeError> {
    let (tenant, id) = key;
    let now = whole_millisecond(system.now());
    // Before any of it can be released.
    let current = store.get(tenant, id).await?.ok_or(ChangeError::Missing)?;
    let discards = discard && matches!(current.state, WebhookState::Paused { .. });
    change_health(store, key, |health| Health {
        discard_until: if discards { Some(now) } else { health.discard_until },
        release: paced(health.release, rate),
        ..health
    })
    .await?;
    let resumed = revise(store, key, &Precondition::Any, Room::none(now), |current| {
        let state = current.state.resumed();
        Ok((state != current.state).then(|| Webhook { state, updated_at: now, ..current.clone() }))
    });
    let resumed = resumed.await?;
    match resumed.before.state {
        WebhookState::Inactive | WebhookState::Disabled { .. } => {
            probe_now(store, system, key).await?;
        }
        WebhookState::Active | WebhookState::Paused { .. } => {
            store.watch(tenant, id, 0, now).await?;
        }
    }
    Ok(resumed.after)
}

/// The pace of a release after a resumption. The same rate again keeps its next slot, so that repeating the
/// request does not send faster.
fn paced(before: Option<Paced>, rate: Option<RateLimit>) -> Option<Paced> {
    let rate = rate?;
    Some(before.filter(|paced| paced.limit == rate).unwrap_or(Paced::new(rate)))
}

/// What becomes of what waits when a webhook is resumed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resumption {
    /// Whether it is cancelled instead of sent.
    pub discard: bool,
    /// The most deliveries to release in a time.
    pub rate: Option<RateLimit>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::{FakeSystem, MemoryRegistry};
    use hooklane_domain::Timestamp;
    use hooklane_domain::isolation::circuit::Circuit;
    use hooklane_domain::isolation::health::Change;
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
    async fn each_state_is_paused_and_resumed() {
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
            let done = resume(&store, &clock, (&hook.tenant, hook.id), Resumption::default()).await;
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
    async fn only_what_was_paused_is_discarded() {
        let clock = FakeSystem::at(at(9));
        for (state, noted) in [
            (WebhookState::Paused { at: at(5) }, Some(at(9))),
            (WebhookState::Active, None),
            (WebhookState::Inactive, None),
        ] {
            let (store, hook) = registry(state).await;
            let discard = Resumption { discard: true, rate: None };
            resume(&store, &clock, (&hook.tenant, hook.id), discard).await.unwrap();
            assert_eq!(store.health(hook.id).await.unwrap().discard_until, noted);
        }
    }

    #[tokio::test]
    async fn paced_recovery_a_resumption_sets_the_rate_and_the_next_one_replaces_it() {
        let clock = FakeSystem::at(at(9));
        let (store, hook) = registry(WebhookState::Paused { at: at(5) }).await;
        let rate = |requests| RateLimit::new(requests, 60).unwrap();
        let taken = Paced { limit: rate(6), next: Some(at(40)) };
        for (name, before, asked, after) in [
            ("new", None, Some(rate(6)), Some(Paced::new(rate(6)))),
            ("the same again", Some(taken), Some(rate(6)), Some(taken)),
            ("another", Some(taken), Some(rate(7)), Some(Paced::new(rate(7)))),
            ("none", Some(taken), None, None),
        ] {
            let change = |health| Health { release: before, ..health };
            change_health(&store, (&hook.tenant, hook.id), change).await.unwrap();
            let asked = Resumption { discard: false, rate: asked };
            resume(&store, &clock, (&hook.tenant, hook.id), asked).await.unwrap();
            assert_eq!(store.health(hook.id).await.unwrap().release, after, "{name}");
        }
    }

    #[tokio::test]
    async fn resuming_probes_what_was_switched_off_at_once() {
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
            resume(&store, &clock, (&hook.tenant, hook.id), Resumption::default()).await.unwrap();
            let expected = Circuit::Open { since: at(1), probe_at, probes: 4 };
            assert_eq!(store.health(hook.id).await.unwrap().circuit, expected, "{state:?}");
        }
    }
}
