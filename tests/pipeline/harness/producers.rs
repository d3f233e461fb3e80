//! Producers publish.

use super::event_queue::QueuedEvent;
use super::pipeline::Pipeline;
use super::publications::Way;
use super::work::Work;

impl Pipeline {
    /// Some publications: those for the event queue are on it at once, the others are calls of the API.
    pub(crate) fn publish_some(&mut self) -> Vec<Work> {
        let chance = &self.outside.chance;
        let count = (10 + chance.below(20)).min(self.to_publish.len());
        let now = self.outside.now();
        let mut works = Vec::new();
        let next: Vec<_> = self.to_publish.drain(..count).collect();
        for publication in next {
            match &publication.way {
                Way::Queue(id) => {
                    let message = QueuedEvent { id: id.clone(), body: publication.body.clone() };
                    self.events.send(message, now);
                    self.outside.accepted(&publication);
                }
                Way::Api => {
                    let port = self.api();
                    // A producer that is not sure asks twice.
                    if self.outside.chance.happens(0.05) {
                        works.push(Work::Publish {
                            port: port.clone(),
                            publication: publication.clone(),
                        });
                    }
                    works.push(Work::Publish { port, publication });
                }
            }
        }
        works
    }
}
