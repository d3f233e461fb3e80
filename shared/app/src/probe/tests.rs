use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::delivery::{FailReason, ParkReason, State};
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_domain::webhook::{DisableReason, Essentials, Webhook};

use super::*;
use crate::fakes::{FakeSystem, Faults, MemoryLedger, MemoryQueues, MemoryRegistry};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_705_314_600 + seconds).unwrap()
}

fn acme() -> TenantId {
    "acme".parse().unwrap()
}

fn webhook_id() -> WebhookId {
    WebhookId::new(at(0), 1)
}

struct World {
    registry: MemoryRegistry,
    ledger: MemoryLedger,
    queues: MemoryQueues,
    system: FakeSystem,
}

impl World {
    async fn with(circuit: Circuit, state: WebhookState) -> Self {
        let registry = MemoryRegistry::default();
        let essentials = Essentials {
            id: webhook_id(),
            tenant: acme(),
            url: TargetUrl::from_stored("https://example.com/").unwrap(),
            events: vec!["*".parse().unwrap()],
            secret: "a-signing-secret".parse().unwrap(),
            contract: "standard".parse().unwrap(),
            created_at: at(0),
        };
        let webhook = Webhook { state, ..Webhook::new(essentials) };
        registry.create(&webhook).await.unwrap();
        let queues = MemoryQueues::at(at(1_000), 360);
        let world = Self {
            registry,
            ledger: MemoryLedger::default(),
            queues,
            system: FakeSystem::at(at(1_000)),
        };
        let key = (&acme(), webhook_id());
        change_health(&world.registry, key, |health| Health { circuit, ..health }).await.unwrap();
        world
    }

    async fn park(&self, n: i64, due: i64) -> DeliveryId {
        let id = DeliveryId::new(webhook_id(), at(n), format!("evt-{n}").parse().unwrap());
        let fresh = Delivery::unwritten(id.clone(), acme(), "a".parse().unwrap());
        let (since, due, reason) = (at(n), at(due), ParkReason::Circuit);
        let parked = Delivery { state: State::Parked { since, due, reason }, ..fresh };
        self.ledger.save(&parked).await.unwrap();
        id
    }

    async fn probe(&self, delivery: Option<&DeliveryId>) -> Result<Delivery, ProbeError> {
        let stores = (&self.registry, &self.ledger);
        let (tenant, delivery) = (acme(), delivery.cloned());
        let key = (&tenant, webhook_id(), false);
        probe(stores, &self.queues, &self.system, key, delivery).await
    }

    async fn circuit(&self) -> Circuit {
        self.registry.health(webhook_id()).await.unwrap().circuit
    }
}

fn open() -> Circuit {
    Circuit::Open { since: at(10), probe_at: at(1_800), probes: 4 }
}

#[tokio::test]
async fn the_delivery_that_waits_longest_is_sent_and_the_probe_is_due() {
    let world = World::with(open(), WebhookState::Active).await;
    let oldest = world.park(1, 20).await;
    world.park(2, 30).await;
    // This one waits for its slot, which is later.
    world.park(0, 5_000).await;
    let sent = world.probe(None).await.unwrap();
    assert_eq!(sent.id, oldest);
    assert_eq!(sent.next_attempt_at(), Some(at(1_006)));
    assert_eq!((sent.generation, sent.retries), (1, 0), "its policy goes on");
    assert_eq!(
        world.circuit().await,
        Circuit::Open { since: at(10), probe_at: at(1_000), probes: 4 }
    );
    // The message is not seen before every instance has read the circuit anew.
    world.queues.set_time(at(1_005));
    assert!(world.queues.receive(Lane::Slow).is_empty());
    world.queues.set_time(at(1_006));
    assert_eq!(world.queues.receive(Lane::Slow).len(), 1);
    // The next request takes the next one.
    let next = world.probe(None).await.unwrap();
    assert_eq!(next.id.event().as_str(), "evt-2");
    assert!(matches!(world.probe(None).await, Err(ProbeError::NothingWaits)));
}

#[tokio::test]
async fn a_given_delivery_is_sent_whenever_it_is_due() {
    let world = World::with(open(), WebhookState::Active).await;
    world.park(1, 20).await;
    let wanted = world.park(2, 5_000).await;
    assert_eq!(world.probe(Some(&wanted)).await.unwrap().id, wanted);
    let ended = DeliveryId::new(webhook_id(), at(3), "evt-3".parse().unwrap());
    let fresh = Delivery::unwritten(ended.clone(), acme(), "a".parse().unwrap());
    world.ledger.save(&fresh.failed(at(4), FailReason::Exhausted)).await.unwrap();
    let refused = world.probe(Some(&ended)).await;
    assert!(matches!(refused, Err(ProbeError::Ended(Status::Failed))), "{refused:?}");
    let of_another = DeliveryId::new(WebhookId::new(at(0), 2), at(3), "evt-3".parse().unwrap());
    for missing in [of_another, DeliveryId::new(webhook_id(), at(9), "evt-9".parse().unwrap())] {
        let refused = world.probe(Some(&missing)).await;
        assert!(matches!(refused, Err(ProbeError::MissingDelivery)), "{refused:?}");
    }
}

#[tokio::test]
async fn nothing_is_sent_where_no_probe_is_made() {
    let (half_open, over) = (at(1_050), at(999));
    let running = Circuit::HalfOpen { since: at(10), probes: 4, until: half_open };
    let lost = Circuit::HalfOpen { since: at(10), probes: 4, until: over };
    let disabled = WebhookState::Disabled { at: at(5), reason: DisableReason::Gone };
    for (circuit, state, expected) in [
        (
            Circuit::Closed,
            WebhookState::Active,
            Some("the circuit of this webhook is closed, so its deliveries need no probe"),
        ),
        (running, WebhookState::Active, Some("a probe of this webhook is being made")),
        (lost, WebhookState::Active, None),
        (
            open(),
            WebhookState::Paused { at: at(5) },
            Some("this webhook is paused, so no attempt is made"),
        ),
        (
            open(),
            WebhookState::Inactive,
            Some("this webhook is switched off, so no attempt is made"),
        ),
        (open(), disabled, Some("this webhook is disabled, so no attempt is made")),
    ] {
        let world = World::with(circuit, state).await;
        world.park(1, 20).await;
        let before = world.circuit().await;
        let refused = world.probe(None).await.err().map(|error| error.to_string());
        assert_eq!(refused.as_deref(), expected);
        if expected.is_some() {
            assert_eq!((world.queues.count(Lane::Slow), world.circuit().await), (0, before));
        }
    }
    let world = World::with(open(), WebhookState::Active).await;
    world.park(1, 20).await;
    let (tenant, other) = (acme(), "other".parse().unwrap());
    let stores = (&world.registry, &world.ledger);
    let paused = probe(stores, &world.queues, &world.system, (&tenant, webhook_id(), true), None);
    assert!(matches!(paused.await, Err(ProbeError::Stopped(_))));
    let theirs = probe(stores, &world.queues, &world.system, (&other, webhook_id(), false), None);
    assert!(matches!(theirs.await, Err(ProbeError::MissingWebhook)));
}

/// The message goes first, so what dies after it loses nothing: the message takes the delivery over by its
/// generation.
#[tokio::test]
async fn a_probe_that_is_interrupted_leaves_a_message_of_the_next_generation() {
    let faults = Faults::default();
    let ledger = MemoryLedger::with_faults(faults.clone());
    let world = World { ledger, ..World::with(open(), WebhookState::Active).await };
    let id = world.park(1, 20).await;
    // The pointers and the delivery are read; it is not written any more.
    faults.die_after(2);
    assert!(matches!(world.probe(None).await, Err(ProbeError::Unavailable(_))));
    faults.revive();
    assert!(world.queues.bodies()[0].contains("\"generation\":1"), "{:?}", world.queues.bodies());
    let stored = world.ledger.read(std::slice::from_ref(&id)).await.unwrap();
    let parked = stored.into_iter().next().flatten().unwrap();
    assert_eq!((parked.is_parked(), parked.generation), (true, 0));
    // A second request sends the same again.
    assert_eq!(world.probe(None).await.unwrap().id, id);
}
