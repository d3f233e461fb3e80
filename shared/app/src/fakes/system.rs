use std::sync::Mutex;
use std::time::Duration;

use hooklane_domain::Timestamp;
use jiff::SignedDuration;

use super::lock;
use crate::ports::{Clock, Entropy, Pause};

/// A clock that a test moves, and "random" numbers that count: 1, 2, 3, …
#[derive(Debug)]
pub struct FakeSystem(Mutex<(Timestamp, u128)>, Mutex<SignedDuration>);

impl FakeSystem {
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(Mutex::new((now, 0)), Mutex::default())
    }

    /// From now on the clock moves forward by this whenever it is read, as if work took time between.
    pub fn tick(&self, time: SignedDuration) {
        *lock(&self.1) = time;
    }

    /// Moves the clock forward.
    pub fn pass(&self, time: SignedDuration) {
        let mut inner = lock(&self.0);
        inner.0 = inner.0.saturating_add(time).unwrap_or(inner.0);
    }
}

impl Clock for FakeSystem {
    fn now(&self) -> Timestamp {
        let tick = *lock(&self.1);
        self.pass(tick);
        lock(&self.0).0
    }
}

impl Pause for FakeSystem {
    /// Moves the clock, and waits for nothing.
    async fn pause(&self, time: Duration) {
        self.pass(SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX));
        // Everything else that is under way goes on.
        tokio::task::yield_now().await;
    }
}

impl Entropy for FakeSystem {
    fn random(&self) -> [u8; 32] {
        let mut inner = lock(&self.0);
        inner.1 += 1;
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&inner.1.to_be_bytes());
        bytes
    }
}
