//! In-memory implementations of the ports: fakes, not mocks. The conformance suite checks them as it checks
//! the AWS adapters.

pub mod budget;
mod canary;
mod daily_counts;
mod event_index;
mod event_types;
mod events;
mod faults;
mod figures;
mod gatherers;
mod gathering;
mod idempotency;
mod inbox;
mod isolation;
mod isolation_stores;
mod kept;
mod kept_figures;
mod kept_usage;
mod keys;
mod ledger;
mod letters;
mod logos;
mod monitor;
mod operator_bus;
mod parking;
mod queues;
mod quotas;
mod registry;
mod shared;
mod slots;
mod strikes;
mod system;
mod test_attempts;
mod test_places;
mod usage;

pub use faults::Faults;
pub use gatherers::Gatherers;
pub use ledger::{MemoryLedger, Refusing};
pub use letters::MemoryLetters;
pub use monitor::FakeMonitor;
pub use operator_bus::MemoryBus;
pub use queues::{DeadLetter, MemoryQueues, Received};
pub use registry::MemoryRegistry;
pub use system::FakeSystem;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, also after another test panicked with the lock: that test has failed already.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use hooklane_domain::Timestamp;

    use super::*;
    use crate::conformance;

    #[tokio::test]
    async fn the_fakes_conform() {
        conformance::events(&MemoryLedger::default(), 1).await;
        conformance::deliveries(&MemoryLedger::default(), 1).await;
        conformance::quotas(&MemoryLedger::default(), 1).await;
        conformance::daily_counts(&MemoryLedger::default(), 1).await;
        conformance::limits(&MemoryRegistry::default(), 1).await;
        conformance::removals(&MemoryRegistry::default(), 1).await;
        conformance::external_ids(&MemoryRegistry::default(), 1).await;
        conformance::vitals(&MemoryRegistry::default(), 1).await;
        conformance::waiting_counts(&MemoryLedger::default(), 1).await;
        conformance::idempotency(&MemoryLedger::default(), 1).await;
        conformance::test_attempts(&MemoryLedger::default(), 1).await;
        conformance::test_places(&MemoryLedger::default(), 1).await;
        conformance::webhooks(&MemoryRegistry::default(), 1).await;
        conformance::tenants(&MemoryRegistry::default(), 1).await;
        conformance::health(&MemoryRegistry::default(), 1).await;
        conformance::watch_list(&MemoryRegistry::default(), 1).await;
        conformance::recoveries(&MemoryRegistry::default(), 1).await;
        conformance::brake(&MemoryRegistry::default()).await;
        conformance::canaries(&MemoryLedger::default()).await;
        conformance::operator_bus(&MemoryBus::default()).await;
        conformance::parking(&MemoryLedger::default(), 1).await;
        conformance::slots(&MemoryLedger::default(), 1).await;
        conformance::strikes(&MemoryLedger::default(), 1).await;
        conformance::event_scan(&MemoryLedger::default(), 1).await;
        conformance::event_index(&MemoryLedger::default(), 1).await;
        conformance::event_types(&MemoryRegistry::default(), 1).await;
        conformance::keys(&MemoryRegistry::default(), 1).await;
        conformance::inboxes(&MemoryRegistry::default(), 1).await;
        conformance::inbox_requests(&MemoryLedger::default(), 1).await;
        conformance::logos(&MemoryLedger::default(), 1).await;
        let now = "2024-06-01T00:00:00Z".parse().unwrap();
        let ledger = MemoryLedger::default();
        ledger.watch(std::sync::Arc::new(FakeSystem::at(now)));
        conformance::figures(&ledger, now, 1).await;
        conformance::usage(&MemoryLedger::default(), 1).await;
        conformance::counted_things(&MemoryLedger::default(), 1).await;
        conformance::webhook_ids(&MemoryRegistry::default(), 1).await;
        let letters = MemoryLetters::default();
        conformance::letters(&letters).await;
        let queues = MemoryQueues::at(Timestamp::UNIX_EPOCH, 360);
        conformance::queues(&queues, 1).await;
        conformance::sqs_limits(&queues, 1).await;
    }
}
