use std::sync::{Arc, Mutex};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use hooklane_domain::Timestamp;

use super::lock;
use crate::ports::{Monitor, Observed, Unavailable};

/// Has observed what a test says. Until then it does not answer.
#[derive(Debug, Clone, Default)]
pub struct FakeMonitor(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    observed: Option<Observed>,
    asked: usize,
}

impl FakeMonitor {
    pub fn observes(&self, observed: Observed) {
        lock(&self.0).observed = Some(observed);
    }

    /// How often it was asked.
    #[must_use]
    pub fn asked(&self) -> usize {
        lock(&self.0).asked
    }
}

impl Monitor for FakeMonitor {
    fn observed(&self, _: Timestamp) -> BoxFuture<'_, Result<Observed, Unavailable>> {
        async {
            let mut state = lock(&self.0);
            state.asked += 1;
            let observed = state.observed.clone();
            observed.ok_or_else(|| Unavailable::new("the monitor", "nothing was observed"))
        }
        .boxed()
    }
}
