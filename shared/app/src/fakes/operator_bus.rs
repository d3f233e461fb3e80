use std::sync::{Arc, Mutex};

use hooklane_domain::isolation::notice::Notice;

use super::{Faults, lock};
use crate::ports::{OperatorBus, Refused, Unavailable};

/// A bus in memory. It refuses what EventBridge refuses: an entry over 256 KiB. Clones share the bus.
#[derive(Debug, Clone, Default)]
pub struct MemoryBus(Arc<Mutex<Inner>>, Faults);

#[derive(Debug, Default)]
struct Inner {
    notices: Vec<Notice>,
    refuses: bool,
}

/// The most bytes of an entry (*Amazon EventBridge User Guide*, "Calculating PutEvents event entry size").
const MAX_ENTRY: usize = 256 * 1024;

impl MemoryBus {
    /// The same bus, with calls that are steps that can fail.
    #[must_use]
    pub fn with_faults(self, faults: Faults) -> Self {
        Self(self.0, faults)
    }

    /// From now on every notice is refused for good, or none is.
    pub fn refuse(&self, refuses: bool) {
        lock(&self.0).refuses = refuses;
    }

    /// The notices that were sent so far.
    #[must_use]
    pub fn notices(&self) -> Vec<Notice> {
        lock(&self.0).notices.clone()
    }
}

impl crate::conformance::Heard for MemoryBus {
    async fn heard(&self) -> Vec<String> {
        self.notices().into_iter().map(|notice| notice.detail).collect()
    }
}

impl OperatorBus for MemoryBus {
    async fn tell(&self, notices: &[Notice]) -> Result<Vec<Refused>, Unavailable> {
        self.1.step()?;
        let mut inner = lock(&self.0);
        let mut refused = Vec::new();
        for (index, notice) in notices.iter().enumerate() {
            if inner.refuses || notice.detail.len() > MAX_ENTRY {
                refused.push(Refused { index, reason: "a test refuses it".to_owned() });
            } else {
                inner.notices.push(notice.clone());
            }
        }
        Ok(refused)
    }
}
