//! Takes each message of a batch through the stages.

use futures::future::join_all;
use hooklane_app::batch::Disposition;
use hooklane_app::deliveries::read_each;
use hooklane_app::ports::Unavailable;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::delivery::message::{Deliver, Message};
use hooklane_domain::ids::DeliveryId;
use tracing::Instrument as _;

use crate::admit::{Admitted, admit};
use crate::attempt;
use crate::claim::{Claimed, claim};
use crate::context::Context;
use crate::deps::Deps;
use crate::park::{look_again, park};
use crate::ports::Ports;
use crate::settle::settle;
use crate::task::{Job, Task};
use crate::without_attempt::{defer, end, reroute};

/// Makes attempts and decides what happens next.
pub struct Pipeline<P: Ports> {
    context: Context<P>,
    /// The name of the retry queue. A record from this queue is in the slow lane.
    pub(crate) retry_queue: String,
}

/// The result of reading a delivery's item.
enum Read {
    /// The item, or `None` if there is none.
    Item(Box<Option<Delivery>>),
    Corrupt(Unavailable),
    Unavailable,
}

impl<P: Ports> Pipeline<P> {
    /// A pipeline whose caches are empty.
    pub fn new(deps: Deps<P>) -> Self {
        let retry_queue = deps.retry_queue.clone();
        Self { context: Context::new(deps), retry_queue }
    }

    /// Handles all tasks concurrently. The dispositions are in the order of the tasks.
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
        let works = decoded.into_iter().map(|(task, message)| {
            let read = message.as_ref().ok().and_then(|_| read.next());
            let span = span(task, message.as_ref().ok());
            async move {
                match message {
                    Ok(Message::Deliver(deliver)) => self.deliver(task, deliver, read).await,
                    Err(reason) => {
                        let reason = format!("the message {reason}");
                        self.context.messages.dead_letter(task, &reason).await
                    }
                }
            }
            .instrument(span)
        });
        let dispositions = join_all(works).await;
        let staying = dispositions.iter().filter(|d| **d == Disposition::Stays).count();
        tracing::info!(batch.messages = tasks.len(), batch.staying = staying, "batch.done");
        dispositions
    }

    /// Reads the item of each delivery. A corrupt item does not affect the others.
    async fn read(&self, ids: &[DeliveryId]) -> Vec<Read> {
        let unavailable = |error: &Unavailable| {
            error.log("batch.read_failed");
            Read::Unavailable
        };
        match read_each(&*self.context.ledger, ids).await {
            Ok(each) => each
                .into_iter()
                .map(|read| match read {
                    Ok(item) => Read::Item(Box::new(item)),
                    Err(error) if error.is_corrupt() => Read::Corrupt(error),
                    Err(error) => unavailable(&error),
                })
                .collect(),
            Err(error) => {
                unavailable(&error);
                ids.iter().map(|_| Read::Unavailable).collect()
            }
        }
    }

    async fn deliver(&self, task: &Task, deliver: Deliver, read: Option<Read>) -> Disposition {
        let result = match read {
            Some(Read::Item(current)) => self.stages(&Job { task, deliver }, *current).await,
            Some(Read::Corrupt(error)) => Err(error),
            Some(Read::Unavailable) | None => return Disposition::Stays,
        };
        match result {
            Ok(disposition) => disposition,
            // The message would fail the same way every time.
            Err(error) if error.is_corrupt() => {
                self.context.messages.dead_letter(task, &error.chain()).await
            }
            Err(error) => {
                error.log("delivery.interrupted");
                Disposition::Stays
            }
        }
    }

    async fn stages(
        &self,
        job: &Job<'_>,
        read: Option<Delivery>,
    ) -> Result<Disposition, Unavailable> {
        let context = &self.context;
        let delivery = match claim(context, job, read).await? {
            Claimed::Due(delivery) => delivery,
            Claimed::Parked(delivery) => return look_again(context, job, delivery).await,
            Claimed::Aged(delivery) => return context.messages.replace(job, delivery).await,
            Claimed::Foreign => {
                let reason = "the delivery belongs to another tenant";
                return Ok(context.messages.dead_letter(job.task, reason).await);
            }
            Claimed::Over(disposition) => return Ok(disposition),
        };
        match admit(context, job, delivery).await? {
            Admitted::Ready(ready) => {
                let made = attempt::make(context, &ready).await;
                settle(context, job, ready.delivery, made).await
            }
            Admitted::Parked(delivery) => park(context, job, delivery).await,
            Admitted::Rerouted(delivery) => reroute(context, job, delivery).await,
            Admitted::Deferred(delivery) => defer(context, job, delivery).await,
            Admitted::Ended(delivery) => end(context, job, delivery).await,
            Admitted::Unreadable(reason) => {
                Ok(context.messages.dead_letter(job.task, &reason).await)
            }
        }
    }
}

/// The span of a message: every log line about it carries its ids. The span has the error level, so that
/// the ids are logged at every `LOG_LEVEL`.
fn span(task: &Task, message: Option<&Message>) -> tracing::Span {
    match message {
        Some(Message::Deliver(deliver)) => tracing::error_span!(
            "message",
            message.id = task.message.0,
            tenant = %deliver.tenant,
            webhook.id = %deliver.delivery.webhook(),
            event.id = %deliver.delivery.event(),
            delivery.id = %deliver.delivery,
        ),
        None => tracing::error_span!("message", message.id = task.message.0),
    }
}
