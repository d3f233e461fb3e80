//! Checks that hold every implementation of the ports to their contracts. They run against the fakes (here)
//! and against real tables and queues (`shared/aws/tests/conformance.rs`), so that what is tested with fakes
//! holds in production.
//!
//! Each check uses a tenant of its own, named after `salt`, so that checks can run concurrently and again.

mod brake;
mod deliveries;
mod event_scan;
mod event_types;
mod events;
mod health;
mod idempotency;
mod lists;
mod parking;
mod queues;
mod quotas;
mod recoveries;
mod samples;
mod slots;
mod tenants;
mod test_attempts;
mod watch_list;
mod webhooks;

pub use brake::brake;
pub use deliveries::deliveries;
pub use event_scan::event_scan;
pub use event_types::event_types;
pub use events::events;
pub use health::health;
pub use idempotency::idempotency;
pub use parking::parking;
pub use queues::{Inspect, Seen, queues, sqs_limits};
pub use quotas::quotas;
pub use recoveries::recoveries;
pub use slots::slots;
pub use tenants::tenants;
pub use test_attempts::test_attempts;
pub use watch_list::watch_list;
pub use webhooks::webhooks;

#[cfg(test)]
mod tests {
    use crate::fakes::{MemoryLedger, MemoryQueues, MemoryRegistry};
    use hooklane_domain::Timestamp;

    #[tokio::test]
    async fn the_fakes_conform() {
        super::events(&MemoryLedger::default(), 1).await;
        super::deliveries(&MemoryLedger::default(), 1).await;
        super::quotas(&MemoryLedger::default(), 1).await;
        super::idempotency(&MemoryLedger::default(), 1).await;
        super::test_attempts(&MemoryLedger::default(), 1).await;
        super::webhooks(&MemoryRegistry::default(), 1).await;
        super::tenants(&MemoryRegistry::default(), 1).await;
        super::health(&MemoryRegistry::default(), 1).await;
        super::watch_list(&MemoryRegistry::default(), 1).await;
        super::recoveries(&MemoryRegistry::default(), 1).await;
        super::brake(&MemoryRegistry::default()).await;
        super::parking(&MemoryLedger::default(), 1).await;
        super::slots(&MemoryLedger::default(), 1).await;
        super::event_scan(&MemoryLedger::default(), 1).await;
        super::event_types(&MemoryRegistry::default(), 1).await;
        let queues = MemoryQueues::at(Timestamp::UNIX_EPOCH, 360);
        super::queues(&queues, 1).await;
        super::sqs_limits(&queues, 1).await;
    }
}
