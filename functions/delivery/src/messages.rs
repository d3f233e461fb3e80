//! What happens to the messages that act for deliveries: they are hidden until they are due, replaced by new
//! ones, or dead-lettered.

use std::sync::Arc;

use hooklane_app::batch::Disposition;
use hooklane_app::hiding::hide;
use hooklane_app::measured::Measured;
use hooklane_app::ports::{Clock, DeadLetters, DeferQueue, DeliveryStore, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::message::Message;
use hooklane_domain::delivery::passing_fault::hide_seconds;
use hooklane_domain::delivery::waiting::{Wait, Waiting};
use hooklane_domain::delivery::{Delivery, Turn};

use crate::task::{Job, Task};

/// A message for which there was no time comes back after this.
const HANDED_BACK_SECONDS: u32 = 5;

pub(crate) struct Messages<L, Q, D, C> {
    pub(crate) ledger: Arc<L>,
    pub(crate) queues: Q,
    pub(crate) dead_letters: D,
    pub(crate) system: Arc<C>,
    pub(crate) waiting: Waiting,
    pub(crate) measured: Arc<Measured>,
}

impl<L: DeliveryStore, Q: DeferQueue, D: DeadLetters, C: Clock> Messages<L, Q, D, C> {
    /// Decides how a delivery with this message waits until `until`.
    pub(crate) fn plan(&self, job: &Job<'_>, until: Timestamp) -> Wait {
        self.waiting.plan(job.task.lane, self.system.now(), until)
    }

    /// Hides the message in its queue. If that fails, the message comes back after the queue's visibility
    /// timeout. Nothing is lost: a message that comes early is hidden again, and a late one acts at once.
    pub(crate) async fn hide_until(&self, job: &Job<'_>, until: Timestamp) -> Disposition {
        self.hide(job.task, self.waiting.hide_for(self.system.now(), until)).await;
        Disposition::Stays
    }

    /// Hides a message that a passing fault interrupted.
    pub(crate) async fn put_off(&self, task: &Task) {
        if let Some(seconds) = hide_seconds(task.receives) {
            self.hide(task, seconds).await;
        }
    }

    pub(crate) async fn hide(&self, task: &Task, seconds: u32) {
        hide(|| self.queues.hide(task.lane, &task.receipt_handle, seconds)).await;
    }

    /// Makes the message visible again soon, for an invocation that has time for it.
    pub(crate) async fn hand_back(&self, task: &Task) -> Disposition {
        self.hide(task, HANDED_BACK_SECONDS).await;
        Disposition::Stays
    }

    /// Makes the message visible again at once, so that it decides by what another writer wrote.
    pub(crate) async fn come_back(&self, job: &Job<'_>) -> Disposition {
        self.hide_until(job, self.system.now()).await
    }

    /// Sends the message that acts next. This happens before the delivery's item names it as the owner.
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

    /// Replaces this message by a new one in the retry queue. That one acts as soon as the delivery is due.
    pub(crate) async fn replace(
        &self,
        job: &Job<'_>,
        delivery: Delivery,
    ) -> Result<Disposition, Unavailable> {
        let now = self.system.now();
        let turn = self.send_successor(job, 0).await?;
        // If this write conflicts with another, the new message still takes over: its generation is higher.
        self.ledger.save(&delivery.handed_to(turn, now)).await?;
        Ok(Disposition::Done)
    }

    /// Moves a message that can never be handled to the dead-letter queue.
    pub(crate) async fn dead_letter(&self, task: &Task, reason: &str) -> Disposition {
        match self.dead_letters.put(&task.body, reason).await {
            Ok(()) => {
                self.measured.dead_letter();
                tracing::warn!(message.id = task.message.0, reason, "message.dead_lettered");
                Disposition::Done
            }
            Err(error) => {
                error.log("message.dead_letter_failed");
                Disposition::Interrupted
            }
        }
    }
}
