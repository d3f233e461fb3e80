//! The ports of `stats` on AWS.

use hooklane_aws::Aws;
use hooklane_aws::dead_letters::DeadLetterQueue;
use hooklane_aws::ledger::{Ledger, Retention};
use hooklane_aws::system::System;
use jiff::SignedDuration;

use crate::deps::Deps;
use crate::ports::Ports;
use crate::settings::Settings;

/// The deployed function.
#[derive(Debug)]
pub struct Production;

impl Ports for Production {
    type Ledger = Ledger;
    type DeadLetters = DeadLetterQueue;
    type System = System;
}

impl Deps<Production> {
    #[must_use]
    pub fn new(settings: &Settings, aws: &Aws) -> Self {
        let retention = Retention::days(settings.retention_days);
        Self {
            ledger: Ledger::new(aws, settings.ledger_table.clone(), retention),
            dead_letters: DeadLetterQueue::new(aws, settings.dead_letter_queue.clone(), "stats"),
            system: System,
            retention: SignedDuration::from_hours(24 * i64::from(settings.retention_days)),
        }
    }
}
