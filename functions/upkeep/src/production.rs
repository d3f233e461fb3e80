//! The ports of `upkeep` on AWS.

use hooklane_aws::Aws;
use hooklane_aws::dead_letters::DeadLetterQueue;
use hooklane_aws::event_queue::EventQueue;
use hooklane_aws::ledger::{Ledger, Retention};
use hooklane_aws::queues::{QueueUrls, Queues};
use hooklane_aws::registry::Registry;
use hooklane_aws::secrets::{Secret, Vault};
use hooklane_aws::system::System;

use crate::deps::Deps;
use crate::ports::Ports;
use crate::settings::Settings;

/// The deployed function.
#[derive(Debug)]
pub struct Production;

impl Ports for Production {
    type Ledger = Ledger;
    type Usage = Ledger;
    type Registry = Registry;
    type Queues = Queues;
    type EventQueue = EventQueue;
    type DeadLetters = DeadLetterQueue;
    type System = System;
}

impl Deps<Production> {
    #[must_use]
    pub fn new(settings: &Settings, aws: &Aws) -> Self {
        let retention = Retention::days(settings.retention_days);
        let vault = Vault::new(Secret::new(aws, settings.data_key_secret.clone()));
        let urls = QueueUrls { delivery: None, retry: Some(settings.retry_queue.clone()) };
        let ledger = Ledger::new(aws, settings.ledger_table.clone(), retention);
        Self {
            usage: ledger.clone(),
            ledger,
            registry: Registry::new(aws, settings.registry_table.clone(), vault),
            queues: Queues::new(aws, urls),
            event_queue: EventQueue::new(aws, settings.event_queue.clone()),
            dead_letters: DeadLetterQueue::new(aws, settings.dead_letter_queue.clone(), "upkeep"),
            system: System,
            thresholds: settings.thresholds,
            brake_limit: settings.brake_limit,
            index_lag: settings.index_lag,
            canary: settings.canary,
            usage_every: settings.usage_every,
            contracts: hooklane_bundled_contracts::load(),
            measured: hooklane_app::measured::Measured::default(),
        }
    }
}
