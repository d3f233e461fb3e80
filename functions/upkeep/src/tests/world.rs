//! `upkeep` among fakes, and what a test puts into them.

use std::sync::Arc;

use hooklane_app::fakes::{FakeSystem, Faults, MemoryLedger, MemoryQueues, MemoryRegistry};
use hooklane_app::ports::{
    Clock as _, DeferQueue as _, DeliveryStore as _, EventStore as _, HealthStore as _,
    ParkingStore as _, Pointer, Saved, Watch, WatchList as _, WebhookStore as _,
};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::message::{Deliver, Message};
use hooklane_domain::delivery::{Delivery, MessageId, ParkReason, State, Turn};
use hooklane_domain::event::{Content, Event};
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};
use hooklane_domain::isolation::circuit::Thresholds;
use hooklane_domain::isolation::health::{Change, Health};
use hooklane_domain::isolation::operational::is_operational;
use hooklane_domain::json::RawJson;
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_domain::webhook::{Essentials, Webhook};
use jiff::SignedDuration;

use super::registry::Registry;
use crate::{Deps, Ports, Summary, Upkeep};

pub(super) struct Fakes;

impl Ports for Fakes {
    type Ledger = Arc<MemoryLedger>;
    type Usage = Arc<MemoryLedger>;
    type Registry = Registry;
    type Queues = MemoryQueues;
    type EventQueue = MemoryQueues;
    type DeadLetters = MemoryQueues;
    type System = Arc<FakeSystem>;
}

/// The brake goes on above this number of messages in flight.
pub(super) const BRAKE_LIMIT: u64 = 8;
const VISIBILITY: u32 = 360;

pub(super) struct World {
    pub(super) upkeep: Upkeep<Fakes>,
    pub(super) clock: Arc<FakeSystem>,
    pub(super) ledger: Arc<MemoryLedger>,
    pub(super) registry: Registry,
    pub(super) queues: MemoryQueues,
    pub(super) faults: Faults,
    /// When the test began; every event was accepted then.
    pub(super) start: Timestamp,
}

pub(super) fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

pub(super) fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

pub(super) fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

impl World {
    pub(super) fn new() -> Self {
        Self::with_index_lag(std::time::Duration::ZERO)
    }

    /// `index_lag` is how long the index of events usually takes to list an event.
    pub(super) fn with_index_lag(index_lag: std::time::Duration) -> Self {
        let start: Timestamp = "2024-01-15T10:30:00Z".parse().unwrap();
        let clock = Arc::new(FakeSystem::at(start));
        let faults = Faults::default();
        let ledger = Arc::new(MemoryLedger::with_faults(faults.clone()));
        let stored = MemoryRegistry::with_faults(faults.clone());
        let registry = Registry::new(stored, Arc::clone(&clock));
        let queues = MemoryQueues::at(start, VISIBILITY).with_faults(faults.clone());
        let upkeep = Upkeep::new(Deps {
            ledger: Arc::clone(&ledger),
            usage: Arc::clone(&ledger),
            registry: registry.clone(),
            queues: queues.clone(),
            event_queue: queues.clone(),
            dead_letters: queues.clone(),
            system: Arc::clone(&clock),
            thresholds: Thresholds::FOR_TESTS,
            brake_limit: BRAKE_LIMIT,
            index_lag,
            canary: None,
            usage_every: std::time::Duration::from_secs(3_600),
            contracts: hooklane_bundled_contracts::load(),
            measured: hooklane_app::measured::Measured::default(),
        });
        Self { upkeep, clock, ledger, registry, queues, faults, start }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn pass(&self, time: SignedDuration) {
        self.clock.pass(time);
        self.queues.set_time(self.now());
    }

    pub(super) async fn run(&self) -> Summary {
        self.upkeep.run().await.unwrap()
    }

    /// A webhook as it is registered, changed by `change` first.
    pub(super) async fn webhook(
        &self,
        n: u128,
        change: impl FnOnce(Webhook) -> Webhook,
    ) -> Webhook {
        let webhook = change(Webhook::new(Essentials {
            id: WebhookId::new(self.start, n),
            tenant: tenant(),
            url: TargetUrl::from_stored("https://example.com/hook").unwrap(),
            events: vec!["*".parse().unwrap()],
            secret: "a-signing-secret".parse().unwrap(),
            contract: "standard".parse().unwrap(),
            created_at: self.start,
        }));
        self.registry.stored.create(&webhook).await.unwrap();
        webhook
    }

    /// An active webhook on the watch list.
    pub(super) async fn watched_webhook(&self, n: u128) -> Webhook {
        let webhook = self.webhook(n, |webhook| webhook).await;
        self.mark(&webhook).await;
        webhook
    }

    /// Puts the webhook on the watch list, as an instance of `delivery` does.
    pub(super) async fn mark(&self, webhook: &Webhook) {
        let now = self.now();
        self.registry.stored.watch(&webhook.tenant, webhook.id, 0, now).await.unwrap();
    }

    /// The entry of the webhook on the watch list.
    pub(super) async fn watch(&self, webhook: &Webhook) -> Option<Watch> {
        let list = self.registry.stored.watched(None, 10_000).await.unwrap();
        list.into_iter().find(|watch| watch.webhook == webhook.id)
    }

    /// The webhook as it is stored.
    pub(super) async fn stored(&self, webhook: &Webhook) -> Webhook {
        self.registry.stored.get(&webhook.tenant, webhook.id).await.unwrap().unwrap()
    }

    pub(super) async fn delete(&self, webhook: &Webhook) {
        assert!(self.registry.stored.delete(&webhook.tenant, webhook.id, None).await.unwrap());
    }

    pub(super) async fn health(&self, webhook: &Webhook) -> Health {
        self.registry.stored.health(webhook.id).await.unwrap()
    }

    pub(super) async fn set_health(&self, webhook: &Webhook, health: Health) {
        let revision = self.health(webhook).await.revision;
        let change = Change { health: Health { revision, ..health }, lane: None, watch: None };
        let (store, id) = (&self.registry.stored, webhook.id);
        assert!(store.save_health(&webhook.tenant, id, &change).await.unwrap());
    }

    pub(super) fn id(&self, webhook: &Webhook, event: &str) -> DeliveryId {
        DeliveryId::new(webhook.id, self.start, event.parse().unwrap())
    }

    pub(super) async fn store_event(&self, event: &str) {
        let (id, content) = (event.parse().unwrap(), content("user.created"));
        let event = Event { id, tenant: tenant(), content, accepted_at: self.start, value: None };
        self.ledger.put(&event).await.unwrap();
        self.ledger.index(&event, self.start);
    }

    /// Writes a delivery of a stored event, made by `state` from one without an item.
    pub(super) async fn write(
        &self,
        webhook: &Webhook,
        event: &str,
        state: impl FnOnce(Delivery) -> Delivery,
    ) -> Delivery {
        self.store_event(event).await;
        let id = self.id(webhook, event);
        let unwritten = Delivery::unwritten(id, tenant(), "user.created".parse().unwrap());
        let Saved::Yes(written) = self.ledger.save(&state(unwritten)).await.unwrap() else {
            panic!("{event} was written before")
        };
        *written
    }

    /// Parks a delivery that may go on from now on, and marks its webhook.
    pub(super) async fn park(&self, webhook: &Webhook, event: &str) -> Delivery {
        self.park_until(webhook, event, self.now()).await
    }

    pub(super) async fn park_until(
        &self,
        webhook: &Webhook,
        event: &str,
        due: Timestamp,
    ) -> Delivery {
        let now = self.now();
        let parked =
            self.write(webhook, event, |d| d.parked_until(now, due, ParkReason::Paused)).await;
        let (store, id) = (&self.registry.stored, webhook.id);
        store.watch(&webhook.tenant, id, 1, now).await.unwrap();
        parked
    }

    /// Writes a delivery that waits for a message, after this number of attempts. The message is not in
    /// any queue.
    pub(super) async fn wait(
        &self,
        webhook: &Webhook,
        event: &str,
        next_attempt_at: Timestamp,
        attempts: u32,
    ) -> Delivery {
        let owner = Some(MessageId("lost".to_owned()));
        let state = State::Waiting { next_attempt_at, owner };
        self.write(webhook, event, |unwritten| Delivery { state, attempts, ..unwritten }).await
    }

    pub(super) async fn delivery(&self, webhook: &Webhook, event: &str) -> Delivery {
        let ids = [self.id(webhook, event)];
        self.ledger.read(&ids).await.unwrap().remove(0).expect("a written delivery")
    }

    pub(super) async fn pointers(&self, webhook: &Webhook) -> Vec<Pointer> {
        self.ledger.parked(webhook.id, Timestamp::MAX, 10_000).await.unwrap()
    }

    /// The messages in the queues, as they were sent.
    pub(super) fn messages(&self) -> Vec<Deliver> {
        let bodies = self.queues.bodies();
        let messages = bodies.iter().map(|body| Message::decode(body).unwrap());
        messages.map(|Message::Deliver(deliver)| deliver).collect()
    }

    /// The events of the messages in the queues, each with the message's generation, sorted.
    pub(super) fn sent(&self) -> Vec<(String, u32)> {
        let messages = self.messages().into_iter();
        let mut sent: Vec<_> =
            messages.map(|m| (m.delivery.event().to_string(), m.generation)).collect();
        sent.sort();
        sent
    }

    /// Holds this number of messages back in the retry queue, and no others.
    pub(super) async fn hold_in_flight(&self, webhook: &Webhook, count: usize) {
        self.queues.lose_all();
        let message = Message::Deliver(Deliver {
            tenant: tenant(),
            delivery: self.id(webhook, "held"),
            event_type: "user.created".parse().unwrap(),
            generation: 1,
            payload: None,
        });
        for _ in 0..count {
            self.queues.send_later(&message, 900).await.unwrap();
        }
    }

    /// The types of the operational events that were published, sorted.
    pub(super) fn published(&self) -> Vec<String> {
        let events = self.ledger.all_events();
        let own = events.iter().map(|e| &e.content.event_type).filter(|t| is_operational(t));
        let mut types: Vec<_> = own.map(ToString::to_string).collect();
        types.sort();
        types
    }
}

/// A turn for a delivery that another message takes over.
pub(super) fn turn(generation: u32) -> Turn {
    Turn { generation, owner: MessageId(format!("of-generation-{generation}")) }
}

pub(super) fn content(event_type: &str) -> Content {
    Content {
        event_type: event_type.parse().unwrap(),
        data: RawJson::parse(r#"{"id":1}"#).unwrap(),
        metadata: None,
        timestamp: None,
        version: None,
        test: false,
    }
}
