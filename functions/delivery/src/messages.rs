//! What happens to the messages that act for deliveries: they are hidden until they are due, replaced by new
//! ones, or dead-lettered.

use std::sync::Arc;

use futures::future::join_all;
use hooklane_app::batch::Disposition;
use hooklane_app::hiding::hide;
use hooklane_app::measured::Measured;
use hooklane_app::ports::{Clock, DeadLetters, DeferQueue, DeliveryStore, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::message::{Deliver, Message};
use hooklane_domain::delivery::passing_fault::hide_seconds;
use hooklane_domain::delivery::waiting::{MAX_DELAY_SECONDS, Wait, Waiting};
use hooklane_domain::delivery::{Delivery, Turn};

use crate::task::{Held, Job, Task};

/// A message for which there was no time comes back after this.
const HANDED_BACK_SECONDS: u32 = 5;
/// A delivery that stays for no reason that says how long goes on after this time.
const PARTED_SECONDS: u32 = 60;
/// A delivery that had to stay with its shared message tries to get one of its own after this time.
const SHARED_SECONDS: u32 = 60;

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
        let now = self.system.now();
        match job.held.is_shared {
            true => Waiting::apart(now, until),
            false => self.waiting.plan(job.held.task.lane, now, until),
        }
    }

    /// Hides the message in its queue. If that fails, the message comes back after the queue's visibility
    /// timeout. Nothing is lost: a message that comes early is hidden again, and a late one acts at once.
    pub(crate) async fn hide_until(&self, job: &Job<'_>, until: Timestamp) -> Disposition {
        let seconds = self.waiting.hide_for(self.system.now(), until);
        let most = if job.held.is_shared { SHARED_SECONDS } else { u32::MAX };
        self.hide(job.held, seconds.min(most)).await;
        Disposition::Stays
    }

    /// Hides a message that a passing fault interrupted.
    pub(crate) async fn put_off(&self, held: &Held<'_>) {
        if let Some(seconds) = hide_seconds(held.task.receives) {
            self.hide(held, seconds).await;
        }
    }

    /// Hides a message. One that is shared waits until the work on all of its deliveries has ended: visible before,
    /// it would be received again while some of them are attempted.
    pub(crate) async fn hide(&self, held: &Held<'_>, seconds: u32) {
        match held.is_shared {
            true => held.ask_to_hide(seconds),
            false => self.hide_now(held, seconds).await,
        }
    }

    /// Sends a message of its own for each delivery that stays with a shared message, so that nothing is done again
    /// for those that have ended. If one cannot be sent, the shared message stays, and is hidden for longer than
    /// those that were sent: at the same moment, two would each make the request.
    pub(crate) async fn part(&self, held: &Held<'_>, stay: &[&Deliver]) -> Disposition {
        let delay = held.hidden_for().unwrap_or(PARTED_SECONDS).min(MAX_DELAY_SECONDS);
        let sent = stay.iter().map(|deliver| async move {
            let message = Message::Deliver(deliver.successor());
            self.queues.send_later(&message, delay).await
        });
        let sent: Result<Vec<_>, _> = join_all(sent).await.into_iter().collect();
        match sent {
            Ok(_) => Disposition::Done,
            Err(error) => {
                error.log("message.not_parted");
                self.hide_now(held, delay + SHARED_SECONDS).await;
                Disposition::Stays
            }
        }
    }

    /// Hides a shared message, as its deliveries asked for.
    pub(crate) async fn hide_shared(&self, held: &Held<'_>) -> Disposition {
        if let Some(seconds) = held.hidden_for() {
            self.hide_now(held, seconds).await;
        }
        Disposition::Stays
    }

    async fn hide_now(&self, held: &Held<'_>, seconds: u32) {
        let Task { lane, receipt_handle, .. } = held.task;
        hide(|| self.queues.hide(*lane, receipt_handle, seconds)).await;
    }

    /// Makes the message visible again soon, for an invocation that has time for it.
    pub(crate) async fn hand_back(&self, held: &Held<'_>) -> Disposition {
        self.hide(held, HANDED_BACK_SECONDS).await;
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

    /// Puts what can never be handled into the dead-letter queue: a message, or a delivery of one that is for
    /// several.
    pub(crate) async fn dead_letter(&self, body: &str, task: &Task, reason: &str) -> Disposition {
        match self.dead_letters.put(body, reason).await {
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
