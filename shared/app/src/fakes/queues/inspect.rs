//! The queues as the conformance suite looks into them.

use hooklane_domain::delivery::MessageId;
use hooklane_domain::delivery::waiting::Lane;

use super::MemoryQueues;
use crate::conformance::{Inspect, Seen};

impl Inspect for MemoryQueues {
    async fn receive(&self, lane: Lane) -> Vec<Seen> {
        let seen = Self::receive(self, lane).into_iter();
        seen.map(|r| Seen { receipt_handle: r.id.0.clone(), id: r.id.0, body: r.body }).collect()
    }

    async fn delete(&self, _: Lane, seen: &Seen) {
        Self::delete(self, &MessageId(seen.id.clone()));
    }

    async fn dead_letters(&self) -> Vec<(String, String)> {
        self.all_dead_letters().into_iter().map(|b| (b.body, b.reason)).collect()
    }
}
