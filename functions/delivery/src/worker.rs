//! Works through a batch: which messages are needed, and what becomes of each.

use futures::FutureExt as _;
use futures::future::join_all;
use hooklane_app::batch::Disposition;
use hooklane_app::deliveries::read_each;
use hooklane_app::ports::{
    Clock as _, DeadLetters as _, DeferQueue as _, DeliveryStore as _, Unavailable,
};
use hooklane_contract::Contracts;
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::message::{Deliver, Message};
use hooklane_domain::delivery::receipt::{Claim, Decision, Receipt, decide};
use hooklane_domain::delivery::waiting::{Lane, Waiting};
use hooklane_domain::delivery::{Delivery, MessageId, Turn};
use hooklane_domain::ids::DeliveryId;

use crate::care::Care;
use crate::edge::Edge;
use crate::webhook_cache::WebhookCache;

/// A message to act for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    pub message: MessageId,
    pub receipt_handle: String,
    pub lane: Lane,
    pub sent_at: Timestamp,
    pub body: String,
}

/// Makes attempts and decides what is next.
pub struct Worker<E: Edge> {
    pub(crate) ledger: E::Ledger,
    pub(crate) webhooks: WebhookCache<E::Registry>,
    pub(crate) queues: E::Queues,
    pub(crate) dead_letters: E::DeadLetters,
    pub(crate) sender: E::Sender,
    pub(crate) system: E::System,
    pub(crate) contracts: Contracts,
    pub(crate) waiting: Waiting,
    /// How webhooks fare.
    pub(crate) care: Care,
    /// The retry queue's name, by which a record tells its lane.
    pub(crate) retry_queue: String,
}

/// A message that was understood, with its task.
pub(crate) struct Job<'a> {
    pub(crate) task: &'a Task,
    pub(crate) deliver: Deliver,
}

impl Job<'_> {
    pub(crate) fn receipt(&self) -> Receipt {
        Receipt {
            message: self.task.message.clone(),
            generation: self.deliver.generation,
            sent_at: self.task.sent_at,
        }
    }

    /// This message's own turn.
    pub(crate) fn turn(&self) -> Turn {
        Turn { generation: self.deliver.generation, owner: self.task.message.clone() }
    }

    fn unwritten(&self) -> Delivery {
        Delivery::unwritten(
            self.deliver.delivery.clone(),
            self.deliver.tenant.clone(),
            self.deliver.event_type.clone(),
        )
    }
}

/// What came of reading a delivery's item.
enum Read {
    Written(Box<Option<Delivery>>),
    Corrupt(Unavailable),
    OutOfReach,
}

/// A claim that meets others this often gives way: its message comes back and decides anew.
const CLAIM_TRIES: u32 = 3;

impl<E: Edge> Worker<E> {
    /// Works on all tasks at once; the dispositions are in the order of the tasks.
    pub async fn work(&self, tasks: &[Task]) -> Vec<Disposition> {
        let decoded: Vec<_> =
            tasks.iter().map(|task| (task, Message::decode(&task.body))).collect();
        let ids: Vec<_> = decoded
            .iter()
            .filter_map(|(_, message)| match message {
                Ok(Message::Deliver(deliver)) => Some(deliver.delivery.clone()),
                Err(_) => None,
            })
            .collect();
        let mut read = self.read(&ids).await.into_iter();
        let mut works = Vec::new();
        for (task, message) in decoded {
            let read = message.as_ref().ok().and_then(|_| read.next());
            let work = async move {
                match (message, read) {
                    (Err(reason), _) => {
                        self.dead_letter(task, &format!("the message {reason}")).await
                    }
                    (Ok(Message::Deliver(deliver)), Some(Read::Written(current))) => {
                        let job = Job { task, deliver };
                        match self.deliver(&job, *current).await {
                            Ok(disposition) => disposition,
                            Err(error) => self.interrupted(task, &error).await,
                        }
                    }
                    (Ok(_), Some(Read::Corrupt(error))) => self.interrupted(task, &error).await,
                    (Ok(_), Some(Read::OutOfReach) | None) => Disposition::Stays,
                }
            };
            // On the heap, and of a type that says no more: it is deeply nested.
            works.push(work.boxed());
        }
        let dispositions = join_all(works).await;
        let staying = dispositions.iter().filter(|d| **d == Disposition::Stays).count();
        tracing::info!(batch.messages = tasks.len(), batch.staying = staying, "batch.done");
        dispositions
    }

    /// What is written of each delivery; one that cannot be read back harms no other.
    async fn read(&self, ids: &[DeliveryId]) -> Vec<Read> {
        let out_of_reach = |error: &Unavailable| {
            log_error("batch.read_failed", error);
            Read::OutOfReach
        };
        match read_each(&self.ledger, ids).await {
            Ok(each) => each
                .into_iter()
                .map(|read| match read {
                    Ok(written) => Read::Written(Box::new(written)),
                    Err(error) if error.is_corrupt() => Read::Corrupt(error),
                    Err(error) => out_of_reach(&error),
                })
                .collect(),
            Err(error) => {
                out_of_reach(&error);
                ids.iter().map(|_| Read::OutOfReach).collect()
            }
        }
    }

    /// What does not pass is a dead letter; anything else is tried again with the message.
    async fn interrupted(&self, task: &Task, error: &Unavailable) -> Disposition {
        if error.is_corrupt() {
            return self.dead_letter(task, &error.chain()).await;
        }
        log_error("delivery.interrupted", error);
        Disposition::Stays
    }

    pub(crate) async fn dead_letter(&self, task: &Task, reason: &str) -> Disposition {
        match self.dead_letters.put(&task.body, reason).await {
            Ok(()) => {
                tracing::warn!(message.id = task.message.0, reason, "message.dead_lettered");
                Disposition::Done
            }
            Err(error) => {
                log_error("message.dead_letter_failed", &error);
                Disposition::Stays
            }
        }
    }

    async fn deliver(
        &self,
        job: &Job<'_>,
        read: Option<Delivery>,
    ) -> Result<Disposition, Unavailable> {
        let mut current = read.unwrap_or_else(|| job.unwritten());
        for _ in 0..CLAIM_TRIES {
            if current.tenant != job.deliver.tenant {
                return Ok(self
                    .dead_letter(job.task, "the delivery belongs to another tenant")
                    .await);
            }
            let now = self.system.now();
            let (claim, hide_until) = match decide(&current, &job.receipt(), now) {
                Decision::Discard(why) => {
                    tracing::debug!(delivery.id = %current.id, ?why, "message.discarded");
                    return Ok(Disposition::Done);
                }
                Decision::LookAgain => return self.look_again(job, current).await,
                Decision::SendAfresh => return self.send_afresh(job, current, now).await,
                Decision::HideUntil(until, claim) => (claim, Some(until)),
                Decision::Attempt(claim) => (claim, None),
            };
            let claimed = match claim {
                Claim::None => Some(current),
                Claim::Take(turn) => self.save(&current.handed_to(turn, now)).await?,
            };
            match (claimed, hide_until) {
                (Some(_), Some(until)) => return Ok(self.hide_until(job, until).await),
                (Some(claimed), None) => return self.attempt(job, claimed).await,
                (None, _) => current = self.reread(job).await?,
            }
        }
        Ok(Disposition::Stays)
    }

    /// The delivery as it stands now.
    pub(crate) async fn reread(&self, job: &Job<'_>) -> Result<Delivery, Unavailable> {
        let ids = [job.deliver.delivery.clone()];
        let read = self.ledger.read(&ids).await?.into_iter().next().flatten();
        Ok(read.unwrap_or_else(|| job.unwritten()))
    }

    /// Hides the message where it is. One that could not be hidden comes back after its queue's own
    /// visibility timeout, finds out that it is early or late, and loses nothing.
    pub(crate) async fn hide_until(&self, job: &Job<'_>, until: Timestamp) -> Disposition {
        let seconds = self.waiting.hide_for(self.system.now(), until);
        let hidden = self.queues.hide(job.task.lane, &job.task.receipt_handle, seconds).await;
        if let Err(error) = hidden {
            log_error("message.hide_failed", &error);
        }
        Disposition::Stays
    }

    /// A new message in the retry queue takes the place of one that its queue would soon forget, or that is
    /// in the wrong one.
    pub(crate) async fn send_afresh(
        &self,
        job: &Job<'_>,
        current: Delivery,
        now: Timestamp,
    ) -> Result<Disposition, Unavailable> {
        let turn = self.send_successor(job, 0).await?;
        // Where this is not written, the new message adopts the delivery by its generation.
        self.save(&current.handed_to(turn, now)).await?;
        Ok(Disposition::Done)
    }

    /// Sends the message that acts next, before the delivery's item says so.
    pub(crate) async fn send_successor(
        &self,
        job: &Job<'_>,
        delay_seconds: u32,
    ) -> Result<Turn, Unavailable> {
        let successor = job.deliver.successor();
        let generation = successor.generation;
        let owner = self.queues.send_later(&Message::Deliver(successor), delay_seconds).await?;
        Ok(Turn { generation, owner })
    }
}

/// Logs what failed, with all its causes, once.
pub(crate) fn log_error(event: &'static str, error: &Unavailable) {
    tracing::error!(error = error.chain(), "{event}");
}
