use std::sync::Arc;

use super::gatherers::Gatherers;
use super::{MemoryLedger, lock};
use crate::ports::{Gathered, Gathering};

impl Gathering for MemoryLedger {
    fn gather(&self) -> Gathered {
        lock(&self.gatherers).come();
        let counted = Arc::clone(&self.gatherers);
        Gathered::until(move || lock(&counted).leave())
    }
}

impl MemoryLedger {
    /// The callers of [`Gathering::gather`].
    #[must_use]
    pub fn gatherers(&self) -> Gatherers {
        *lock(&self.gatherers)
    }
}
