//! The functions, each with its processes, and what hands them their work.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::future::join_all;
use hooklane_app::catalog::EventCatalog;
use hooklane_app::ports::WebhookStore as _;
use hooklane_contract::Contracts;
use hooklane_delivery::{Edge, Parts, Worker};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::waiting::{Lane, Waiting};
use hooklane_domain::isolation::circuit::Thresholds;
use hooklane_domain::webhook::Webhook;
use hooklane_fanout::Fanout;
use hooklane_ingest::Ingest;
use hooklane_upkeep::{Rules, Upkeep};
use jiff::SignedDuration;

use super::event_queue::EventQueue;
use super::mortal::Mortal;
use super::port::{Outside, Port};
use super::producers::{Publication, publications};
use super::tenants::{DEAD, SLOW};
use super::weather::Weather;
use super::work::Work;

pub(crate) struct Faulty;

impl Edge for Faulty {
    type Ledger = Port;
    type Registry = Port;
    type Queues = Port;
    type DeadLetters = Port;
    type Sender = Port;
    type System = Port;
}

/// A process of a function, with what it remembers while it is warm.
pub(crate) struct Instance<F> {
    pub(crate) port: Port,
    pub(crate) function: F,
}

pub(crate) type Delivering = Instance<Worker<Faulty>>;
pub(crate) type FanningOut = Instance<Fanout<Port, Port, Port>>;
pub(crate) type Ingesting = Instance<Ingest<Port, Port, Port, Port>>;
pub(crate) type LookingAfter = Instance<Upkeep<Port, Port, Port, Port>>;

pub(crate) struct Pipeline {
    pub(crate) outside: Arc<Outside>,
    pub(crate) webhooks: Vec<Webhook>,
    pub(crate) delivery: Vec<Delivering>,
    pub(crate) fanout: Vec<FanningOut>,
    pub(crate) ingest: Vec<Ingesting>,
    pub(crate) events: EventQueue,
    /// What producers still have to publish through the API, or to publish again.
    pub(crate) to_publish: VecDeque<Publication>,
    pub(crate) upkeep: [LookingAfter; 2],
    pub(crate) catalog: EventCatalog,
    contracts: Contracts,
    upkept_at: Timestamp,
    pub(crate) began_at: Timestamp,
}

/// As in `template.yaml`.
const VISIBILITY: u32 = 360;
/// Work that never ends is a fault of its own: the longest wait of a policy here is 14 hours.
const LONGEST: SignedDuration = SignedDuration::from_hours(30);
/// As in `template.yaml`, and more than are parked here: nothing is skipped.
const BRAKE: u64 = 80_000;
const MAX_PARKED: u64 = 100_000;
/// So many steps the storm goes on after everything was published.
const AFTERMATH: usize = 150;

impl Pipeline {
    pub(crate) async fn new(seed: u64, events: usize) -> Self {
        let start: Timestamp = "2024-01-15T10:30:00Z".parse().unwrap();
        let outside = Arc::new(Outside::at(start, seed, VISIBILITY));
        let webhooks = super::tenants::webhooks(start);
        for webhook in &webhooks {
            outside.registry.create(webhook).await.unwrap();
        }
        let to_publish = publications(&outside, events);
        Self {
            webhooks,
            delivery: Vec::new(),
            fanout: Vec::new(),
            ingest: Vec::new(),
            events: EventQueue::default(),
            to_publish,
            upkeep: [cold_upkeep(&outside), cold_upkeep(&outside)],
            catalog: EventCatalog::new(hooklane_bundled_catalogs::load()),
            contracts: hooklane_bundled_contracts::load(),
            upkept_at: start,
            began_at: start,
            outside,
        }
    }

    /// A storm while everything is published and for a while after, then calm until nothing moves.
    pub(crate) async fn run(&mut self) {
        let mut left = AFTERMATH;
        for step in 0.. {
            let took = self.outside.now().duration_since(self.began_at);
            assert!(took < LONGEST, "left behind: {:?}", self.outside.journal.book().unfinished());
            let publishing = !self.to_publish.is_empty();
            *self.outside.dead.lock().unwrap() = publishing.then_some(self.webhooks[DEAD].id);
            // Now and then, so that what is on its way meets the change.
            let slow = publishing && step % 50 < 25;
            *self.outside.slow.lock().unwrap() = slow.then_some(self.webhooks[SLOW].id);
            if !publishing {
                left = left.saturating_sub(1);
            }
            if left == 0 {
                *self.outside.weather.lock().unwrap() = Weather::CALM;
                self.resume_all().await;
            }
            let worked = self.step(step).await;
            if left == 0 && !worked && self.is_quiet() {
                return;
            }
            self.pass(worked);
        }
    }

    /// One moment: everything that is there to do is done side by side.
    async fn step(&mut self, number: usize) -> bool {
        let mut works = self.people(number);
        works.extend(self.publish_some());
        works.extend(self.ingest_some());
        works.extend(self.fan_out_some());
        works.extend(self.deliver_some(Lane::Fast));
        works.extend(self.deliver_some(Lane::Slow));
        let worked = !works.is_empty();
        if self.outside.now().duration_since(self.upkept_at) >= SignedDuration::from_mins(1) {
            self.upkept_at = self.outside.now();
            works.push(Work::Upkeep { instance: 0 });
            // A schedule calls at least once.
            if self.outside.chance.happens(self.outside.weather().upkeep_doubles) {
                self.outside.journal.count("called twice: upkeep");
                works.push(Work::Upkeep { instance: 1 });
            }
        }
        let this = &*self;
        let results = join_all(works.into_iter().map(|work| this.perform(work))).await;
        for (work, result) in results {
            self.settle(work, result);
        }
        worked
    }

    /// Runs one invocation, which may be killed at any of its await points.
    pub(crate) async fn invoke<T>(&self, port: &Port, body: impl Future<Output = T>) -> Option<T> {
        let (chance, journal) = (&self.outside.chance, &self.outside.journal);
        let invocation = journal.begin();
        port.process.invocation.store(invocation, Ordering::SeqCst);
        let dies = chance.happens(port.process.mortality(self.outside.weather()));
        let polls = dies.then(|| port.process.life(chance));
        let answer = Mortal::of(body, polls).await;
        journal.end(invocation, port.process.function, answer.is_none());
        answer
    }

    pub(crate) fn cold_delivery(&self) -> Delivering {
        let port = Port::of(&self.outside, "delivery");
        let function = Worker::of(Parts {
            ledger: port.clone(),
            registry: port.clone(),
            queues: port.clone(),
            dead_letters: port.clone(),
            sender: port.clone(),
            system: port.clone(),
            contracts: self.contracts.clone(),
            thresholds: Thresholds::FOR_TESTS,
            max_parked: MAX_PARKED,
            waiting: Waiting { queue_visibility_seconds: VISIBILITY },
            retry_queue: "RetryQueue".to_owned(),
        });
        Instance { port, function }
    }

    pub(crate) fn cold_fanout(&self) -> FanningOut {
        let port = Port::of(&self.outside, "fanout");
        let function = Fanout::new(port.clone(), port.clone(), port.clone());
        Instance { port, function }
    }

    pub(crate) fn cold_ingest(&self) -> Ingesting {
        let port = Port::of(&self.outside, "ingest");
        let function = Ingest {
            events: port.clone(),
            registry: port.clone(),
            catalog: EventCatalog::new(hooklane_bundled_catalogs::load()),
            dead_letters: port.clone(),
            system: port.clone(),
        };
        Instance { port, function }
    }

    /// Lets time pass: a moment while there is something to do, else until there is.
    fn pass(&self, worked: bool) {
        let now = self.outside.now();
        let longest = if worked { 20_000 } else { 60_000 };
        let moment = SignedDuration::from_millis(self.outside.chance.between(1, longest));
        let next = [self.outside.queues.next_visible(), self.events.next_visible()];
        let next = next.into_iter().flatten().min().map(|at| at.duration_since(now));
        let wait = match next {
            Some(next) if !worked => next.max(moment),
            _ => moment,
        };
        self.outside.pass(wait);
    }

    /// Whether nothing is on its way any more, and nothing waits to be sent again.
    fn is_quiet(&self) -> bool {
        let queues = &self.outside.queues;
        let empty = queues.count(Lane::Fast) + queues.count(Lane::Slow) == 0;
        empty
            && self.events.is_empty()
            && self.outside.stream.is_drained()
            && self.outside.journal.book().unfinished().is_empty()
    }
}

/// `upkeep` runs once a minute, and alone as long as its schedule calls it once.
pub(crate) fn cold_upkeep(outside: &Arc<Outside>) -> LookingAfter {
    let port = Port::of(outside, "upkeep");
    let rules = Rules {
        thresholds: Thresholds::FOR_TESTS,
        brake: BRAKE,
        contracts: hooklane_bundled_contracts::load(),
    };
    let function = Upkeep::new(port.clone(), port.clone(), port.clone(), port.clone(), rules);
    Instance { port, function }
}
