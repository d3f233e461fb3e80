//! The whole pipeline: its environment, and the instances of each function.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use hooklane_app::catalog::EventCatalog;
use hooklane_app::ports::WebhookStore as _;
use hooklane_contract::Contracts;
use hooklane_domain::Timestamp;
use hooklane_domain::ids::WebhookId;
use hooklane_domain::webhook::Webhook;

use super::environment::Environment;
use super::event_queue::EventQueue;
use super::fault_rates::FaultRates;
use super::functions::{
    DeliveryInstance, FanoutInstance, IngestInstance, StatsInstance, UpkeepInstance, VISIBILITY,
    cold_upkeep, event_catalog,
};
use super::killable::Killable;
use super::limits::Units;
use super::port::Port;
use super::publications::{Publication, publications};
use super::tenants::webhooks;

/// All instances together receive at most this many messages of a queue in one step.
pub(crate) const MAX_RECEIVED: usize = 60;

pub(crate) struct Pipeline {
    pub(crate) environment: Arc<Environment>,
    pub(crate) webhooks: Vec<Webhook>,
    pub(crate) delivery: Vec<DeliveryInstance>,
    pub(crate) fanout: Vec<FanoutInstance>,
    pub(crate) stats: Vec<StatsInstance>,
    pub(crate) ingest: Vec<IngestInstance>,
    pub(crate) events: EventQueue,
    /// What producers have yet to publish, for the first time or again after a failure.
    pub(crate) to_publish: VecDeque<Publication>,
    /// All delivery instances of a lane together receive at most this many messages in one step.
    pub(crate) received_at_once: usize,
    pub(crate) upkeep: [UpkeepInstance; 2],
    pub(crate) catalog: EventCatalog,
    pub(crate) contracts: Contracts,
    /// Whether the next version is rolled out during the run, forward and back.
    pub(crate) rolls_out: bool,
    /// When `upkeep` last ran.
    pub(crate) upkeep_ran_at: Timestamp,
    pub(crate) began_at: Timestamp,
    /// A webhook that is switched off while events are published.
    pub(crate) missing: Option<WebhookId>,
}

impl Pipeline {
    /// One with everything that goes wrong, and events to publish.
    pub(crate) async fn new(seed: u64, events: usize) -> Self {
        let mut pipeline = Self::with(seed, (FaultRates::CHAOS, Units::SCARCE)).await;
        pipeline.to_publish = publications(&pipeline.environment, events);
        pipeline
    }

    /// One with these faults and limits, and nothing to do.
    pub(crate) async fn with(seed: u64, faults: (FaultRates, Units)) -> Self {
        let start: Timestamp = "2024-01-15T10:30:00Z".parse().unwrap();
        let environment = Arc::new(Environment::starting_at(start, seed, VISIBILITY, faults));
        let webhooks = webhooks(start);
        for webhook in &webhooks {
            environment.registry.create(webhook).await.unwrap();
        }
        Self {
            webhooks,
            delivery: Vec::new(),
            fanout: Vec::new(),
            stats: Vec::new(),
            ingest: Vec::new(),
            events: EventQueue::default(),
            to_publish: VecDeque::new(),
            received_at_once: MAX_RECEIVED,
            upkeep: [cold_upkeep(&environment), cold_upkeep(&environment)],
            catalog: event_catalog(),
            contracts: hooklane_bundled_contracts::load(),
            rolls_out: false,
            upkeep_ran_at: start,
            began_at: start,
            missing: None,
            environment,
        }
    }

    /// Runs one invocation, which may be killed at any await point. `None` if it was killed.
    pub(crate) async fn invoke<T>(&self, port: &Port, body: impl Future<Output = T>) -> Option<T> {
        let (chance, journal) = (&self.environment.chance, &self.environment.journal);
        let invocation = journal.begin();
        port.process.invocation.store(invocation, Ordering::SeqCst);
        let is_killed = chance.happens(port.process.kill_rate(self.environment.rates()));
        let polls = is_killed.then(|| port.process.polls_until_killed(chance));
        let answer = Killable::new(body, polls).await;
        journal.end(invocation, port.process.function, answer.is_none());
        answer
    }

    /// Replaces every instance, as a deployment does.
    pub(crate) fn deploy(&mut self) {
        self.delivery.clear();
        self.fanout.clear();
        self.stats.clear();
        self.ingest.clear();
        self.upkeep = [cold_upkeep(&self.environment), cold_upkeep(&self.environment)];
        self.environment.journal.count("deployed: all functions");
    }

    pub(crate) fn webhook(&self, id: WebhookId) -> &Webhook {
        self.webhooks.iter().find(|webhook| webhook.id == id).unwrap()
    }

    /// A port of a newly started API process.
    pub(crate) fn api(&self) -> Port {
        Port::new(&self.environment, "api")
    }
}
