//! The producers: they publish through the API and through the event queue.

use super::event_queue::QueuedEvent;
use super::pipeline::Pipeline;
use super::publications::Channel;
use super::work::Work;

impl Pipeline {
    /// Takes up to 29 publications. Sends those for the event queue, and returns the calls of the API.
    pub(crate) fn publish_some(&mut self) -> Vec<Work> {
        let chance = &self.environment.chance;
        let count = (10 + chance.below(20)).min(self.to_publish.len());
        let now = self.environment.now();
        let mut calls = Vec::new();
        let next: Vec<_> = self.to_publish.drain(..count).collect();
        for publication in next {
            match &publication.channel {
                Channel::Queue(id) => {
                    let message =
                        QueuedEvent { id: id.clone(), body: publication.body.clone(), receives: 0 };
                    self.events.send(message, now);
                    self.environment.accepted(&publication);
                }
                Channel::Api => {
                    let port = self.api();
                    // A producer that saw no answer publishes again.
                    if self.environment.chance.happens(0.05) {
                        calls.push(Work::Publish {
                            port: port.clone(),
                            publication: publication.clone(),
                        });
                    }
                    calls.push(Work::Publish { port, publication });
                }
            }
        }
        calls
    }
}
