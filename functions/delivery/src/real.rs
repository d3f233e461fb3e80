//! The real things behind the ports of `delivery`: AWS and the network.

use hooklane_aws::SdkConfig;
use hooklane_aws::dead_letters::DeadLetterQueue;
use hooklane_aws::ledger::{Ledger, Retention};
use hooklane_aws::queues::Queues;
use hooklane_aws::registry::Registry;
use hooklane_aws::secrets::{Secret, Vault};
use hooklane_aws::system::System;
use hooklane_domain::delivery::waiting::Waiting;
use hooklane_sender::{ClientError, Sender};

use crate::edge::Edge;
use crate::parts::Parts;
use crate::settings::Settings;
use crate::worker::Worker;

/// AWS and the network.
#[derive(Debug)]
pub struct Real;

impl Edge for Real {
    type Ledger = Ledger;
    type Registry = Registry;
    type Queues = Queues;
    type DeadLetters = DeadLetterQueue;
    type Sender = Sender;
    type System = System;
}

impl Worker<Real> {
    pub fn new(settings: &Settings, aws: &SdkConfig) -> Result<Self, ClientError> {
        let retention = Retention::days(settings.retention_days);
        let vault = Vault::new(Secret::new(aws, settings.data_key_secret.clone()));
        Ok(Self::of(Parts {
            ledger: Ledger::new(aws, settings.ledger_table.clone(), retention),
            registry: Registry::new(aws, settings.registry_table.clone(), vault),
            queues: Queues::new(aws, settings.queues.clone()),
            dead_letters: DeadLetterQueue::new(
                aws,
                settings.dead_letter_queue.clone(),
                "deliveries",
            ),
            sender: Sender::new(settings.network.clone())?,
            system: System,
            contracts: hooklane_bundled_contracts::load(),
            thresholds: settings.thresholds,
            max_parked: settings.max_parked,
            waiting: Waiting { queue_visibility_seconds: settings.queue_visibility_seconds },
            retry_queue: queue_name(&settings.retry_queue).to_owned(),
        }))
    }
}

/// The last part of a queue's URL or ARN.
pub(crate) fn queue_name(url_or_arn: &str) -> &str {
    url_or_arn.rsplit(['/', ':']).next().unwrap_or(url_or_arn)
}
