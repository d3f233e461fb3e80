//! The function instances that the event source mappings of the two queues keep, and their batches.

use hooklane_domain::delivery::waiting::Lane;

use crate::care::Instance;
use crate::delivery::Step;
use crate::edges;
use crate::queue::{Message, WebhookNo};
use crate::world::{Happening, World, index};

pub(crate) struct Fleet {
    /// So many more batches of a lane may be worked on.
    idle: [usize; 2],
    pub(crate) instances: Vec<Instance>,
    /// Instances without a batch; the last one is used first.
    warm: Vec<usize>,
    pub(crate) batches: Vec<Batch>,
    /// Numbers of batches that have ended.
    free: Vec<usize>,
}

/// An invocation.
pub(crate) struct Batch {
    pub(crate) lane: Lane,
    pub(crate) instance: usize,
    /// The groups of messages that are deleted when it ends.
    pub(crate) done: Vec<WebhookNo>,
}

impl Fleet {
    pub(crate) fn new(instances: [usize; 2]) -> Self {
        let (batches, free) = (Vec::new(), Vec::new());
        Self { idle: instances, instances: Vec::new(), warm: Vec::new(), batches, free }
    }

    fn begin(&mut self, lane: Lane, webhooks: usize) -> usize {
        self.idle[index(lane)] -= 1;
        let instance = self.warm.pop().unwrap_or_else(|| {
            self.instances.push(Instance::new(webhooks));
            self.instances.len() - 1
        });
        let begun = Batch { lane, instance, done: Vec::new() };
        match self.free.pop() {
            Some(free) => {
                self.batches[free] = begun;
                free
            }
            None => {
                self.batches.push(begun);
                self.batches.len() - 1
            }
        }
    }

    fn end(&mut self, batch: usize) {
        let Batch { lane, instance, .. } = self.batches[batch];
        self.free.push(batch);
        self.warm.push(instance);
        self.idle[index(lane)] += 1;
    }

    /// The instance that works on a batch.
    pub(crate) fn instance(&mut self, batch: usize) -> &mut Instance {
        &mut self.instances[self.batches[batch].instance]
    }
}

impl World {
    /// Idle instances take what is there.
    pub(crate) fn dispatch(&mut self, lane: Lane) {
        let which = index(lane);
        while self.fleet.idle[which] > 0 {
            let messages = self.queues[which].receive(edges::BATCH);
            if messages.is_empty() {
                break;
            }
            self.begin_batch(lane, messages);
        }
        let (in_flight, waiting) = (self.queues[which].in_flight(), self.queues[which].visible());
        self.slice_in_flight[which] = self.slice_in_flight[which].max(in_flight);
        let figures = &mut self.figures;
        figures.most_in_flight[which] = figures.most_in_flight[which].max(in_flight);
        figures.most_waiting[which] = figures.most_waiting[which].max(waiting);
    }

    fn begin_batch(&mut self, lane: Lane, messages: Vec<Message>) {
        let batch = self.fleet.begin(lane, self.routes.len());
        let mut ends = self.clock + edges::BOOKKEEPING;
        for message in messages {
            match self.take(batch, message) {
                Step::Done => self.fleet.batches[batch].done.push(message.webhook),
                Step::Hidden => {}
                Step::Attempts { until } => ends = ends.max(until),
            }
        }
        self.plan(ends, Happening::BatchEnded(batch));
    }

    pub(crate) fn end_batch(&mut self, batch: usize) {
        let lane = self.fleet.batches[batch].lane;
        for webhook in std::mem::take(&mut self.fleet.batches[batch].done) {
            self.queues[index(lane)].delete(webhook);
        }
        self.fleet.end(batch);
        self.dispatch(lane);
    }
}
