//! The world of a test: a pipeline and `upkeep` over fakes, and a clock that the test moves.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hooklane_app::batch::Disposition;
use hooklane_app::deadline::Deadline;
use hooklane_app::fakes::{
    FakeSystem, Faults, MemoryLedger, MemoryQueues, MemoryRegistry, Received,
};
use hooklane_app::ports::{
    AttemptLog as _, Clock as _, DeliveryStore as _, DispatchQueue as _, EventStore as _,
    LogFilter, Saved, WebhookStore as _,
};
use hooklane_contract::WireRequest;
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::message::{Deliver, Message, Payload};
use hooklane_domain::delivery::outcome::Outcome;
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::delivery::retry::RetryPolicy;
use hooklane_domain::delivery::waiting::{Lane, Waiting};
use hooklane_domain::delivery::{Delivery, MessageId, Turn};
use hooklane_domain::event::{Content, Event};
use hooklane_domain::ids::{DeliveryId, EventId, TenantId, WebhookId};
use hooklane_domain::isolation::circuit::Thresholds;
use hooklane_domain::json::RawJson;
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_domain::webhook::{Essentials, Webhook};
use hooklane_upkeep::Upkeep;
use jiff::SignedDuration;

use super::script::{Posts, Script};
use crate::deps::Deps;
use crate::pipeline::Pipeline;
use crate::ports::Ports;
use crate::task::Task;

pub(super) struct Fake;

impl Ports for Fake {
    type Ledger = Arc<MemoryLedger>;
    type Registry = MemoryRegistry;
    type Queues = MemoryQueues;
    type DeadLetters = MemoryQueues;
    type Sender = Posts;
    type System = Arc<FakeSystem>;
}

const VISIBILITY: u32 = 360;
pub(super) const MAX_PARKED: u64 = 20;

pub(super) struct World {
    pub(super) pipeline: Pipeline<Fake>,
    pub(super) ledger: Arc<MemoryLedger>,
    pub(super) registry: MemoryRegistry,
    pub(super) queues: MemoryQueues,
    pub(super) dead_letters: MemoryQueues,
    pub(super) sender: Arc<Script>,
    pub(super) webhook: Webhook,
    pub(super) clock: Arc<FakeSystem>,
    pub(super) upkeep: Upkeep<Fake>,
    pub(super) faults: Faults,
    start: Timestamp,
}

/// The dependencies of a pipeline over these fakes.
fn deps(
    ledger: &Arc<MemoryLedger>,
    registry: &MemoryRegistry,
    queues: &MemoryQueues,
    dead_letters: &MemoryQueues,
    sender: &Arc<Script>,
    clock: &Arc<FakeSystem>,
) -> Deps<Fake> {
    Deps {
        ledger: Arc::clone(ledger),
        registry: registry.clone(),
        queues: queues.clone(),
        dead_letters: dead_letters.clone(),
        sender: Posts(Arc::clone(sender)),
        system: Arc::clone(clock),
        contracts: hooklane_bundled_contracts::load(),
        thresholds: Thresholds::FOR_TESTS,
        max_parked: MAX_PARKED,
        waiting: Waiting { queue_visibility_seconds: VISIBILITY },
        retry_queue: "RetryQueue".to_owned(),
    }
}

impl hooklane_upkeep::Ports for Fake {
    type Ledger = Arc<MemoryLedger>;
    type Usage = Arc<MemoryLedger>;
    type Registry = MemoryRegistry;
    type Queues = MemoryQueues;
    type EventQueue = MemoryQueues;
    type DeadLetters = MemoryQueues;
    type System = Arc<FakeSystem>;
}

/// The number of in-flight messages of the retry queue above which the brake goes on.
pub(super) const BRAKE_LIMIT: u64 = 5;

pub(super) fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

impl World {
    pub(super) async fn with_policy(policy: &str) -> Self {
        let start: Timestamp = "2024-01-15T10:30:00Z".parse().unwrap();
        let clock = Arc::new(FakeSystem::at(start));
        let faults = Faults::default();
        let ledger = Arc::new(MemoryLedger::with_faults(faults.clone()));
        let registry = MemoryRegistry::with_faults(faults.clone());
        let queues = MemoryQueues::at(start, VISIBILITY).with_faults(faults.clone());
        let upkeep = Upkeep::new(hooklane_upkeep::Deps {
            ledger: Arc::clone(&ledger),
            usage: Arc::clone(&ledger),
            registry: registry.clone(),
            queues: queues.clone(),
            event_queue: queues.clone(),
            dead_letters: queues.clone(),
            system: Arc::clone(&clock),
            thresholds: Thresholds::FOR_TESTS,
            brake_limit: BRAKE_LIMIT,
            index_lag: Duration::ZERO,
            canary: None,
            usage_every: Duration::from_secs(3_600),
            contracts: hooklane_bundled_contracts::load(),
            measured: hooklane_app::measured::Measured::default(),
        });
        let dead_letters = MemoryQueues::at(start, VISIBILITY);
        let sender = Arc::new(Script {
            clock: Arc::clone(&clock),
            answers: Mutex::default(),
            response_time: Mutex::new(Duration::from_millis(5)),
            default_status: Mutex::new(200),
            seen: Mutex::default(),
            timeouts: Mutex::default(),
            concurrent_write: Mutex::default(),
            ledger: Arc::clone(&ledger),
            deadly: Mutex::default(),
            died: AtomicBool::default(),
            queues: queues.clone(),
            visible_at: Mutex::default(),
        });
        let webhook = Webhook {
            retry_policy: Some(RetryPolicy::read("", policy).unwrap()),
            ..Webhook::new(Essentials {
                id: WebhookId::new(start, 1),
                tenant: tenant(),
                url: TargetUrl::from_stored("https://example.com/hook").unwrap(),
                events: vec!["*".parse().unwrap()],
                secret: "a-signing-secret".parse().unwrap(),
                contract: "standard".parse().unwrap(),
                created_at: start,
            })
        };
        registry.create(&webhook).await.unwrap();
        let pipeline =
            Pipeline::new(deps(&ledger, &registry, &queues, &dead_letters, &sender, &clock));
        Self {
            pipeline,
            ledger,
            registry,
            queues,
            dead_letters,
            sender,
            webhook,
            clock,
            upkeep,
            faults,
            start,
        }
    }

    pub(super) fn answers<const N: usize>(&self, answers: [Outcome; N]) {
        self.sender.answers.lock().unwrap().extend(answers);
    }

    /// Makes another writer write this during the next request.
    pub(super) fn write_during_next_post(&self, write: Delivery) {
        *self.sender.concurrent_write.lock().unwrap() = Some(write);
    }

    pub(super) fn id(&self, event: &str) -> DeliveryId {
        DeliveryId::new(self.webhook.id, self.start, event.parse().unwrap())
    }

    pub(super) fn message(&self, event: &str, generation: u32) -> Message {
        Message::Deliver(Deliver {
            tenant: tenant(),
            delivery: self.id(event),
            event_type: "user.created".parse().unwrap(),
            generation,
            payload: Some(Payload::Plain(Box::new(content()))),
        })
    }

    /// Stores a new event, and sends the message that `fanout` would send for it.
    pub(super) async fn publish(&self, event: &str) {
        self.store_event(event).await;
        self.send(&self.message(event, 0)).await;
    }

    pub(super) async fn send(&self, message: &Message) {
        let one = std::slice::from_ref(message);
        self.queues.dispatch(Lane::Fast, one).await.unwrap();
    }

    /// Sends the message that `fanout` would send for an event of this type.
    pub(super) async fn publish_typed(&self, event: &str, event_type: &str) {
        let Message::Deliver(deliver) = self.message(event, 0);
        let event_type = event_type.parse().unwrap();
        self.send(&Message::Deliver(Deliver { event_type, ..deliver })).await;
    }

    /// Sends a message without a payload. `stored` says whether its event exists.
    pub(super) async fn publish_by_reference(&self, event: &str, stored: bool) {
        let Message::Deliver(deliver) = self.message(event, 0);
        if stored {
            self.store_event(event).await;
        }
        self.send(&Message::Deliver(Deliver { payload: None, ..deliver })).await;
    }

    pub(super) async fn store_event(&self, id: &str) {
        let id: EventId = id.parse().unwrap();
        let event = Event {
            id,
            tenant: tenant(),
            content: content(),
            accepted_at: self.start,
            value: None,
        };
        self.ledger.put(&event).await.unwrap();
        self.ledger.index(&event, self.start);
    }

    /// Handles the messages that are visible in a lane now, and returns their number.
    pub(super) async fn step(&self, lane: Lane) -> usize {
        let received = self.queues.receive(lane);
        let tasks: Vec<_> = received.into_iter().map(task).collect();
        if tasks.is_empty() {
            return 0;
        }
        let dispositions = self.pipeline.work(&tasks, Deadline::never()).await;
        for (task, disposition) in tasks.iter().zip(dispositions) {
            if disposition == Disposition::Done {
                self.queues.delete(&task.message);
            }
        }
        tasks.len()
    }

    /// The numbers and statuses of the attempts that have items of their own, newest first.
    pub(super) async fn attempt_items(&self) -> Vec<(u32, Option<u16>)> {
        let all = LogFilter { began: TimeRange::default(), from: None, limit: 100 };
        let page = self.ledger.kept(&tenant(), self.webhook.id, &all).await.unwrap();
        page.entries.iter().map(|e| (e.attempt.number, e.attempt.outcome.status())).collect()
    }

    /// Handles messages of both lanes, advancing the time, until no message is left.
    pub(super) async fn run_until_quiet(&self) {
        for _ in 0..500 {
            while self.step(Lane::Fast).await + self.step(Lane::Slow).await > 0 {}
            let Some(next) = self.queues.next_visible() else {
                return;
            };
            let wait = next.duration_since(self.clock.now());
            self.advance(wait.max(SignedDuration::ZERO));
        }
        panic!("messages keep coming back");
    }

    pub(super) fn advance(&self, time: SignedDuration) {
        self.clock.pass(time);
        self.queues.set_time(self.clock.now());
    }

    pub(super) async fn delivery(&self, event: &str) -> Delivery {
        let ids = [self.id(event)];
        let read = self.ledger.read(&ids).await.unwrap();
        read.into_iter().next().flatten().expect("a delivery with an item")
    }

    pub(super) async fn write(&self, delivery: &Delivery) {
        let saved = self.ledger.save(delivery).await.unwrap();
        assert!(matches!(saved, Saved::Yes(_)), "the delivery was read a moment ago");
    }

    /// The first write of a delivery by another writer: it waits for a message of generation 4.
    pub(super) fn newer_wait(&self, event: &str) -> Delivery {
        let turn = Turn { generation: 4, owner: MessageId("another".to_owned()) };
        let kind = "user.created".parse().unwrap();
        Delivery::unwritten(self.id(event), tenant(), kind).handed_to(turn, self.start)
    }

    pub(super) fn clock_now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn posts(&self) -> usize {
        self.sender.seen.lock().unwrap().len()
    }

    pub(super) fn timeouts(&self) -> Vec<Duration> {
        self.sender.timeouts.lock().unwrap().clone()
    }

    /// Replaces the instance by a new one with empty caches, over the same stores and queues.
    pub(super) fn restart(&mut self) {
        let Self { ledger, registry, queues, dead_letters, sender, clock, .. } = self;
        let deps = deps(ledger, registry, queues, dead_letters, sender, clock);
        self.pipeline = Pipeline::new(deps);
    }

    /// Replaces the stored webhook, as its tenant would, and the instance, so that nothing old is cached.
    pub(super) async fn replace_webhook(&mut self, webhook: Webhook) {
        assert!(self.registry.update(&webhook).await.unwrap());
        self.restart();
    }

    pub(super) fn requests(&self) -> Vec<WireRequest> {
        self.sender.seen.lock().unwrap().iter().map(|(_, r)| r.clone()).collect()
    }

    pub(super) fn seconds_of_posts(&self) -> Vec<i64> {
        let seen = self.sender.seen.lock().unwrap();
        seen.iter().map(|(at, _)| at.duration_since(self.start).as_secs()).collect()
    }
}

pub(super) fn content() -> Content {
    Content {
        event_type: "user.created".parse().unwrap(),
        data: RawJson::parse(r#"{"id":1}"#).unwrap(),
        metadata: None,
        timestamp: None,
        version: None,
        test: false,
    }
}

pub(super) fn task(received: Received) -> Task {
    Task {
        receipt_handle: received.id.0.clone(),
        message: received.id,
        lane: received.lane,
        sent_at: received.sent_at,
        receives: received.receives,
        body: received.body,
    }
}
