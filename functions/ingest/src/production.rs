//! The ports of `ingest` on AWS.

use hooklane_app::catalog::EventCatalog;
use hooklane_aws::Aws;
use hooklane_aws::dead_letters::DeadLetterQueue;
use hooklane_aws::event_queue::EventQueue;
use hooklane_aws::ledger::{Ledger, Retention};
use hooklane_aws::registry::RouteRegistry;
use hooklane_aws::system::System;
use hooklane_catalog::Catalogs;

use crate::deps::Deps;
use crate::ports::Ports;
use crate::settings::Settings;

/// The deployed function.
#[derive(Debug)]
pub struct Production;

impl Ports for Production {
    type Events = Ledger;
    type Registry = RouteRegistry;
    type DeadLetters = DeadLetterQueue;
    type Queue = EventQueue;
    type System = System;
}

impl Deps<Production> {
    #[must_use]
    pub fn new(settings: &Settings, aws: &Aws, catalogs: Catalogs) -> Self {
        let retention = Retention::days(settings.retention_days);
        Self {
            events: Ledger::new(aws, settings.ledger_table.clone(), retention),
            registry: RouteRegistry::new(aws, settings.registry_table.clone()),
            catalog: EventCatalog::with_defaults(catalogs, settings.defaults.clone()),
            dead_letters: DeadLetterQueue::new(aws, settings.dead_letter_queue.clone(), "events"),
            queue: EventQueue::new(aws, settings.event_queue.clone()),
            system: System,
        }
    }
}
