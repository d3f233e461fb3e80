//! The ports of `fanout` on AWS.

use hooklane_aws::Aws;
use hooklane_aws::dead_letters::DeadLetterQueue;
use hooklane_aws::ledger::{Ledger, Retention};
use hooklane_aws::operator_bus::EventBus;
use hooklane_aws::queues::{QueueUrls, Queues};
use hooklane_aws::registry::RouteRegistry;
use hooklane_aws::system::System;

use crate::deps::Deps;
use crate::ports::Ports;
use crate::settings::Settings;

/// The deployed function.
#[derive(Debug)]
pub struct Production;

impl Ports for Production {
    type Routes = RouteRegistry;
    type Queues = Queues;
    type DeadLetters = DeadLetterQueue;
    type Bus = EventBus;
    type Ledger = Ledger;
    type System = System;
}

impl Deps<Production> {
    #[must_use]
    pub fn new(settings: &Settings, aws: &Aws) -> Self {
        let urls = QueueUrls {
            delivery: Some(settings.delivery_queue.clone()),
            retry: Some(settings.retry_queue.clone()),
        };
        Self {
            routes: RouteRegistry::new(aws, settings.registry_table.clone()),
            queues: Queues::new(aws, urls).with(settings.events_per_message),
            dead_letters: DeadLetterQueue::new(aws, settings.dead_letter_queue.clone(), "fanout"),
            bus: settings.operator_bus.clone().map(|name| EventBus::new(aws, name)),
            // It writes nothing that is kept for the retention.
            strikes: Ledger::new(aws, settings.ledger_table.clone(), Retention::days(0)),
            system: System,
        }
    }
}
