//! Stand-ins that keep the ports' contracts in memory: fakes, not mocks. The conformance suite runs
//! against them as against the real adapters.

mod events;
mod faults;
mod idempotency;
mod isolation;
mod ledger;
mod parking;
mod queues;
mod quotas;
mod registry;
mod shared;
mod slots;
mod system;
mod test_attempts;

pub use faults::Faults;
pub use ledger::MemoryLedger;
pub use queues::{DeadLetter, MemoryQueues, Received};
pub use registry::MemoryRegistry;
pub use system::FakeSystem;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A test that panicked holding a lock has failed already; the others may go on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
