//! The messages that act for deliveries: hidden until their time, replaced by new ones, or put into
//! the dead-letter queue.

use std::sync::Arc;

use hooklane_app::batch::Disposition;
use hooklane_app::ports::{Clock, DeadLetters, DeferQueue, DeliveryStore, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::message::Message;
use hooklane_domain::delivery::waiting::{Wait, Waiting};
use hooklane_domain::delivery::{Delivery, Turn};

use crate::task::{Job, Task};

pub(crate) struct Messages<L, Q, D, C> {
    pub(crate) ledger: Arc<L>,
    pub(crate) queues: Q,
    pub(crate) dead_letters: D,
    pub(crate) system: Arc<C>,
    pub(crate) waiting: Waiting,
}

impl<L: DeliveryStore, Q: DeferQueue, D: DeadLetters, C: Clock> Messages<L, Q, D, C> {
    /// How a delivery waits for `until` that has this message.
    pub(crate) fn plan(&self, job: &Job<'_>, until: Timestamp) -> Wait {
        self.waiting.plan(job.task.lane, self.system.now(), until)
    }

    /// Hides the message where it is. One that could not be hidden comes back after its queue's own
    /// visibility timeout, finds out that it is early or late, and loses nothing.
    pub(crate) async fn hide_until(&self, job: &Job<'_>, until: Timestamp) -> Disposition {
        let seconds = self.waiting.hide_for(self.system.now(), until);
        let hidden = self.queues.hide(job.task.lane, &job.task.receipt_handle, seconds).await;
        if let Err(error) = hidden {
            error.log("message.hide_failed");
        }
        Disposition::Stays
    }

    /// Lets the message come back at once, to decide from what another message has written.
    pub(crate) async fn come_back(&self, job: &Job<'_>) -> Disposition {
        self.hide_until(job, self.system.now()).await
    }

    /// Sends the message that acts next, before the delivery's item says so.
    pub(crate) async fn send_successor(
        &self,
        job: &Job<'_>,
        delay_seconds: u32,
    ) -> Result<Turn, Unavailable> {
        let successor = job.deliver.successor();
        let generation = successor.generation;
        let message = Message::Deliver(successor);
        let owner = self.queues.send_later(&message, delay_seconds).await?;
        Ok(Turn { generation, owner })
    }

    /// Sends a new message to the retry queue in the place of this one. It acts at once, or when the
    /// delivery is due.
    pub(crate) async fn replace(
        &self,
        job: &Job<'_>,
        delivery: Delivery,
    ) -> Result<Disposition, Unavailable> {
        let now = self.system.now();
        let turn = self.send_successor(job, 0).await?;
        // If this write meets another, the new message adopts the delivery by its generation.
        self.ledger.save(&delivery.handed_to(turn, now)).await?;
        Ok(Disposition::Done)
    }

    /// Puts a message that can never be handled into the dead-letter queue.
    pub(crate) async fn dead_letter(&self, task: &Task, reason: &str) -> Disposition {
        match self.dead_letters.put(&task.body, reason).await {
            Ok(()) => {
                tracing::warn!(message.id = task.message.0, reason, "message.dead_lettered");
                Disposition::Done
            }
            Err(error) => {
                error.log("message.dead_letter_failed");
                Disposition::Stays
            }
        }
    }
}
