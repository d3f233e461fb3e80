//! The production types behind the ports: AWS and the network.

use hooklane_aws::Aws;
use hooklane_aws::dead_letters::DeadLetterQueue;
use hooklane_aws::ledger::{Ledger, Retention};
use hooklane_aws::queues::{Queues, queue_name};
use hooklane_aws::registry::Registry;
use hooklane_aws::secrets::{Secret, Vault};
use hooklane_aws::system::System;
use hooklane_domain::delivery::waiting::Waiting;
use hooklane_sender::Sender;

use crate::deps::Deps;
use crate::ports::Ports;
use crate::settings::Settings;

/// AWS and the network.
#[derive(Debug)]
pub struct Production;

impl Ports for Production {
    type Ledger = Ledger;
    type Registry = Registry;
    type Queues = Queues;
    type DeadLetters = DeadLetterQueue;
    type Sender = Sender;
    type System = System;
}

impl Deps<Production> {
    pub fn new(settings: &Settings, aws: &Aws) -> Self {
        let retention = Retention::days(settings.retention_days);
        let vault = Vault::new(Secret::new(aws, settings.data_key_secret.clone()));
        let dead_letters = settings.dead_letter_queue.clone();
        Self {
            ledger: Ledger::new(aws, settings.ledger_table.clone(), retention),
            registry: Registry::new(aws, settings.registry_table.clone(), vault),
            queues: Queues::new(aws, settings.queues.clone()),
            dead_letters: DeadLetterQueue::new(aws, dead_letters, "deliveries"),
            sender: Sender::new(settings.network.clone(), &settings.trusted_cas),
            system: System,
            contracts: hooklane_bundled_contracts::load(),
            thresholds: settings.thresholds,
            max_parked: settings.max_parked,
            waiting: Waiting { queue_visibility_seconds: settings.queue_visibility_seconds },
            retry_queue: queue_name(&settings.retry_queue).to_owned(),
        }
    }
}
