//! The whole pipeline: the world outside, and the processes of each function.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use hooklane_app::catalog::EventCatalog;
use hooklane_app::ports::WebhookStore as _;
use hooklane_contract::Contracts;
use hooklane_domain::Timestamp;
use hooklane_domain::ids::WebhookId;
use hooklane_domain::webhook::Webhook;

use super::event_queue::EventQueue;
use super::functions::{Delivering, FanningOut, Ingesting, LookingAfter, VISIBILITY, cold_upkeep};
use super::mortal::Mortal;
use super::outside::Outside;
use super::port::Port;
use super::publications::{Publication, publications};
use super::tenants::webhooks;

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
    pub(crate) contracts: Contracts,
    /// When `upkeep` ran last.
    pub(crate) upkept_at: Timestamp,
    pub(crate) began_at: Timestamp,
}

impl Pipeline {
    pub(crate) async fn new(seed: u64, events: usize) -> Self {
        let start: Timestamp = "2024-01-15T10:30:00Z".parse().unwrap();
        let outside = Arc::new(Outside::at(start, seed, VISIBILITY));
        let webhooks = webhooks(start);
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

    pub(crate) fn webhook(&self, id: WebhookId) -> &Webhook {
        self.webhooks.iter().find(|webhook| webhook.id == id).unwrap()
    }

    /// A port of the API, in a process that has just been started.
    pub(crate) fn api(&self) -> Port {
        Port::of(&self.outside, "api")
    }
}
