//! In-memory implementations of the ports: fakes, not mocks. The conformance suite checks them as it checks
//! the AWS adapters.

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

/// Locks, also after another test panicked with the lock: that test has failed already.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
