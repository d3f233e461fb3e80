//! The instances of `delivery` that the event source mappings of the two queues keep. Each is a pipeline
//! with a memory of its own, and works on one batch at a time.

use std::sync::Arc;

use hooklane_app::batch::Disposition;
use hooklane_app::deadline::Deadline;
use hooklane_app::fakes::MemoryRegistry;
use hooklane_contract::Contracts;
use hooklane_delivery::{Deps, Pipeline, Task};
use hooklane_domain::delivery::MessageId;
use hooklane_domain::delivery::waiting::{Lane, Waiting};

use crate::assumptions::BATCH_OVERHEAD;
use crate::bodies::Bodies;
use crate::ledger::{Ledger, data_of};
use crate::ports::{Simulated, WorldLedger, WorldQueues, WorldReceivers, WorldSystem};
use crate::queue::{Message, index};
use crate::receipts::Receipt;
use crate::scenario::Scenario;
use crate::time::{Millis, SECOND, at};
use crate::world::{Happening, World};

pub(crate) struct Fleet {
    world: Arc<World>,
    registry: MemoryRegistry,
    contracts: Contracts,
    scenario: Scenario,
    /// From the first message on.
    bodies: Option<Bodies>,
    /// The number of further batches that a lane may work on.
    idle: [usize; 2],
    instances: Vec<Arc<Pipeline<Simulated>>>,
    /// Instances without a batch; the last one is used first.
    warm: Vec<usize>,
}

/// A batch that was worked on.
pub(crate) struct Worked {
    pub(crate) lane: Lane,
    instance: usize,
    receipts: Vec<usize>,
    dispositions: Vec<Disposition>,
}

impl Fleet {
    pub(crate) fn new(
        world: Arc<World>,
        registry: MemoryRegistry,
        contracts: Contracts,
        scenario: &Scenario,
    ) -> Self {
        let (scenario, idle) = (scenario.clone(), scenario.deployment.instances);
        let (instances, warm) = (Vec::new(), Vec::new());
        Self { world, registry, contracts, scenario, bodies: None, idle, instances, warm }
    }

    /// The next batch of a lane, where there is one and an instance for it.
    pub(crate) fn begin(&mut self, lane: Lane) -> Option<impl Future<Output = Worked> + use<>> {
        let which = index(lane);
        if self.idle[which] == 0 {
            return None;
        }
        let (tasks, receipts) = self.receive(lane);
        if tasks.is_empty() {
            return None;
        }
        self.idle[which] -= 1;
        let instance = self.warm.pop().unwrap_or_else(|| {
            self.instances.push(Arc::new(self.pipeline()));
            self.instances.len() - 1
        });
        let (world, pipeline) = (Arc::clone(&self.world), Arc::clone(&self.instances[instance]));
        Some(async move {
            let begun_at = world.now();
            let dispositions = pipeline.work(&tasks, Deadline::never()).await;
            world.sleep_until(begun_at + BATCH_OVERHEAD).await;
            Worked { lane, instance, receipts, dispositions }
        })
    }

    /// What is done with its messages. Those that stay and were not hidden come back when their queue's
    /// visibility timeout is over.
    pub(crate) fn end(&mut self, worked: Worked) {
        let Worked { lane, instance, receipts, dispositions } = worked;
        let which = index(lane);
        let timeout = self.scenario.deployment.visibility_seconds[which];
        let state = &mut *self.world.state();
        for (receipt, disposition) in receipts.into_iter().zip(dispositions) {
            let Some(receipt) = state.receipts.close(receipt) else { continue };
            let message = receipt.message;
            match disposition {
                Disposition::Done => state.queues[which].delete(message.webhook),
                Disposition::Stays if receipt.is_hidden => {}
                Disposition::Stays | Disposition::Interrupted => {
                    let until = receipt.received_at + Millis::from(timeout) * SECOND;
                    state.calendar.plan(until, Happening::CameBack { lane, message });
                }
            }
        }
        self.warm.push(instance);
        self.idle[which] += 1;
    }

    /// The messages of a batch as Lambda hands them over, and their receipt handles.
    fn receive(&mut self, lane: Lane) -> (Vec<Task>, Vec<usize>) {
        let received_at = self.world.now();
        let state = &mut *self.world.state();
        let most = self.scenario.deployment.batch[index(lane)];
        let messages = state.queues[index(lane)].receive(most);
        let received = messages.into_iter().filter_map(|message| {
            let body = body(&mut self.bodies, &state.ledger, message)?;
            let handle =
                state.receipts.open(Receipt { lane, message, received_at, is_hidden: false });
            let task = Task {
                message: MessageId(message.id.to_string()),
                receipt_handle: handle.to_string(),
                lane,
                sent_at: at(message.sent),
                // The items of this ledger note no receipts, so no message is a suspect.
                receives: 1,
                body,
            };
            Some((task, handle))
        });
        received.unzip()
    }

    fn pipeline(&self) -> Pipeline<Simulated> {
        let world = || Arc::clone(&self.world);
        let deployment = self.scenario.deployment;
        let visibility = deployment.known_visibility_seconds;
        Pipeline::new(Deps {
            ledger: WorldLedger { world: world(), takes: 0 },
            registry: self.registry.clone(),
            queues: WorldQueues { world: world(), takes: 0 },
            dead_letters: WorldQueues { world: world(), takes: 0 },
            sender: WorldReceivers(world()),
            system: WorldSystem(world()),
            contracts: self.contracts.clone(),
            thresholds: self.scenario.isolation.thresholds(deployment.thresholds),
            max_parked: deployment.max_parked,
            waiting: Waiting { queue_visibility_seconds: visibility },
            retry_queue: "RetryQueue".to_owned(),
        })
    }
}

fn body(bodies: &mut Option<Bodies>, ledger: &Ledger, message: Message) -> Option<String> {
    let id = ledger.delivery_id(message.event)?;
    if bodies.is_none() {
        *bodies = Bodies::like(&ledger.event(message.event)?, &id);
    }
    let data = data_of(message.event);
    bodies.as_ref().map(|b| b.write(message.has_payload, &id, message.generation, &data))
}
