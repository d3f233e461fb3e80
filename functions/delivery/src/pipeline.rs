//! Takes each delivery of a batch through the stages.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use hooklane_app::batch::Disposition;
use hooklane_app::careful::{Careful, Work};
use hooklane_app::deadline::Deadline;
use hooklane_app::deliveries::read_each;
use hooklane_app::ports::{Clock as _, Gathered, Gathering as _, Unavailable};
use hooklane_domain::delivery::Delivery;
use hooklane_domain::delivery::message::{Deliver, Message};
use hooklane_domain::delivery::receipt::{Decision, decide};
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::ids::DeliveryId;
use hooklane_domain::isolation::deaths::{Suspect, is_suspicious_for};
use hooklane_domain::metrics::{Figures, Metric};
use tracing::Instrument as _;

use crate::admit::{Admitted, admit};
use crate::attempt;
use crate::canary;
use crate::claim::{Claimed, claim};
use crate::context::Context;
use crate::deps::Deps;
use crate::item::{Item, Parts, Todo, unreadable};
use crate::newer;
use crate::park::{park, park_again};
use crate::ports::Ports;
use crate::settle::settle;
use crate::task::{Held, Job, Task};
use crate::without_attempt::{defer, end, reroute};

/// An attempt takes up to 30 seconds, and what follows it a few.
const TO_ATTEMPT: Duration = Duration::from_secs(35);
/// A message of several deliveries is parted by a call for each that stays, all at once.
const TO_PART: Duration = Duration::from_secs(3);
/// What comes before an attempt takes a little longer.
const TO_BEGIN: Duration = Duration::from_secs(38);

/// Makes attempts and decides what happens next.
pub struct Pipeline<P: Ports> {
    pub(crate) context: Context<P>,
    /// The name of the retry queue. A record from this queue is in the slow lane.
    pub(crate) retry_queue: String,
}

/// The result of reading a delivery's item.
enum Read {
    /// The item, or `None` if there is none.
    Item(Box<Option<Delivery>>),
    Corrupt(Unavailable),
    /// A newer version wrote the item.
    Newer(Unavailable),
    Unavailable,
}

/// A batch that is worked on.
struct Batch<'a, P: Ports> {
    pipeline: &'a Pipeline<P>,
    deadline: Deadline,
    /// The number of messages that were begun, and whose attempt did not fit into the time any more.
    late: AtomicUsize,
}

impl<P: Ports> Batch<'_, P> {
    /// Makes a dead letter of what an item is about.
    async fn bury(&self, item: &Item<'_>, reason: &str) -> Disposition {
        let messages = &self.pipeline.context.messages;
        messages.dead_letter(&item.body(), item.held.task, reason).await
    }

    /// Whether an attempt fits into what is left of the time.
    fn has_time(&self) -> bool {
        self.deadline.leaves(TO_ATTEMPT, &*self.pipeline.context.system)
    }
}

impl<'a, P: Ports> Work for Batch<'a, P> {
    type Item = Item<'a>;

    fn suspect(&self, item: &Item<'a>) -> Suspect {
        match &item.work {
            Todo::Deliver { job, .. } => job.suspect(),
            _ => Suspect::message(&item.held.task.message.0),
        }
    }

    fn is_suspicious(&self, item: &Item<'a>) -> bool {
        matches!(item.work, Todo::Deliver { suspicious: true, .. })
    }

    /// Only a delivery without an item gets a new one.
    fn gather(&self, item: &Item<'a>) -> Gathered {
        match &item.work {
            Todo::Deliver { current, .. } if current.is_none() => {
                self.pipeline.context.ledger.gather()
            }
            _ => Gathered::default(),
        }
    }

    async fn handle(&self, item: &Item<'a>) -> Disposition {
        // Pinned, it is not copied on its way to where it runs: it holds all that an attempt needs.
        let work = pin!(async {
            let (job, current) = match &item.work {
                Todo::Deliver { job, current, .. } => (job, current),
                Todo::DeadLetter { reason, .. } => return self.bury(item, reason).await,
                Todo::NewerMessage(reason) => {
                    return newer::message(&self.pipeline.context, item.held, reason).await;
                }
                Todo::NewerItem(_, error) => {
                    return newer::item(&self.pipeline.context, item.held, error).await;
                }
                Todo::Nothing(_) => return Disposition::Interrupted,
            };
            match self.pipeline.stages(job, (**current).clone(), self).await {
                Ok(disposition) => disposition,
                // The message would fail the same way every time.
                Err(error) if error.is_corrupt() => self.bury(item, &error.chain()).await,
                Err(error) if error.is_newer() => {
                    newer::item(&self.pipeline.context, item.held, &error).await
                }
                Err(error) => {
                    error.log("delivery.interrupted");
                    if error.is_throttled() {
                        let (congested, webhook) =
                            (&self.pipeline.context.congested, job.webhook());
                        congested.throttled(webhook, self.pipeline.context.system.now());
                    }
                    Disposition::Interrupted
                }
            }
        });
        work.instrument(item.span.clone()).await
    }

    async fn give_up(&self, item: &Item<'a>, reason: &str) -> Disposition {
        self.bury(item, reason).instrument(item.span.clone()).await
    }

    async fn hand_back(&self, item: &Item<'a>) -> Disposition {
        self.pipeline.context.messages.hand_back(item.held).await
    }

    async fn put_off(&self, item: &Item<'a>) {
        self.pipeline.context.messages.put_off(item.held).instrument(item.span.clone()).await;
    }
}

/// For each delivery of a batch, how many before it are the same one.
fn twins(ids: &[DeliveryId]) -> impl Iterator<Item = u32> {
    ids.iter().enumerate().map(|(at, id)| {
        ids[..at].iter().filter(|earlier| *earlier == id).fold(0, |twins, _| twins + 1)
    })
}

impl<P: Ports> Pipeline<P> {
    /// A pipeline whose caches are empty.
    pub fn new(deps: Deps<P>) -> Self {
        let retry_queue = deps.retry_queue.clone();
        Self { context: Context::new(deps), retry_queue }
    }

    /// Handles all tasks, most of them at the same time. The dispositions are in the order of the tasks.
    pub async fn work(&self, tasks: &[Task], deadline: Deadline) -> Vec<Disposition> {
        let decoded: Vec<_> = tasks.iter().map(|task| Message::decode_each(&task.body)).collect();
        let ids: Vec<_> = decoded
            .iter()
            .flatten()
            .flatten()
            .map(|Message::Deliver(deliver)| deliver.delivery.clone())
            .collect();
        let mut read = self.read(&ids).await.into_iter().zip(twins(&ids));
        let held: Vec<_> = tasks
            .iter()
            .zip(&decoded)
            .map(|(task, decoded)| {
                Held::new(task, decoded.as_ref().is_ok_and(|each| each.len() > 1))
            })
            .collect();
        let mut items = Vec::with_capacity(ids.len());
        for (place, (held, decoded)) in held.iter().zip(decoded).enumerate() {
            match decoded {
                Ok(messages) => {
                    for Message::Deliver(deliver) in messages {
                        let span = span(held.task, Some(&deliver));
                        let work = read.next().map_or(Todo::Nothing(None), |(read, twins)| {
                            self.to_do(Job { held, deliver, twins }, read)
                        });
                        items.push(Item { held, place, span, work });
                    }
                }
                Err(why) => {
                    let (span, work) = (span(held.task, None), unreadable(held.task, &why));
                    items.push(Item { held, place, span, work });
                }
            }
        }
        let careful = Careful {
            work: &Batch { pipeline: self, deadline, late: AtomicUsize::new(0) },
            strikes: &*self.context.ledger,
            clock: &*self.context.system,
            deadline,
            needs: TO_BEGIN,
        };
        let worked = careful.batch(&items).await;
        let mut dispositions = vec![Disposition::Done; tasks.len()];
        let mut parts: Vec<_> = tasks.iter().map(|_| Parts::default()).collect();
        for (item, disposition) in items.iter().zip(worked.dispositions) {
            parts[item.place].add(item, disposition);
            if disposition != Disposition::Done {
                dispositions[item.place] = disposition;
            }
        }
        self.part_shared(&held, &parts, &mut dispositions, deadline).await;
        let staying = dispositions.iter().filter(|d| **d != Disposition::Done).count();
        let late = careful.work.late.load(Ordering::Relaxed);
        let mut figures = Figures::of_lane(lane(tasks)).with(Metric::DeadLetters, 0);
        figures.extend(self.context.measured.take());
        tracing::info!(
            batch.messages = tasks.len(),
            batch.deliveries = ids.len(),
            batch.staying = staying,
            batch.handed_back = worked.handed_back + late,
            metrics = %figures,
            "batch.done"
        );
        dispositions
    }

    /// Parts the deliveries that stay with a shared message from those that have ended. Without time for it, the
    /// message comes back as a whole after its visibility timeout.
    async fn part_shared(
        &self,
        held: &[Held<'_>],
        parts: &[Parts<'_>],
        dispositions: &mut [Disposition],
        deadline: Deadline,
    ) {
        if !deadline.leaves(TO_PART, &*self.context.system) {
            return;
        }
        let messages = &self.context.messages;
        let shared = held.iter().zip(parts).zip(dispositions).filter(|((held, _), disposition)| {
            held.is_shared && **disposition != Disposition::Done
        });
        join_all(shared.map(|((held, parts), disposition)| async move {
            *disposition = match parts.can_be_parted() {
                true => messages.part(held, &parts.go_on).await,
                false => messages.hide_shared(held).await,
            };
        }))
        .await;
    }

    fn to_do<'a>(&self, job: Job<'a>, read: Read) -> Todo<'a> {
        match read {
            Read::Item(current) => {
                let stored = current.as_ref().as_ref();
                let unwritten = || job.unwritten();
                let known = stored.map_or_else(|| Cow::Owned(unwritten()), Cow::Borrowed);
                let (receipt, receives) = (job.receipt(), job.held.task.receives);
                // What is not attempted now cannot have ended the function by its attempt.
                let attempted = matches!(
                    decide(&known, &receipt, self.context.system.now()),
                    Decision::Attempt(_)
                );
                if attempted
                    && self.context.congested.holds(job.webhook(), self.context.system.now())
                {
                    return Todo::Nothing(Some(job.deliver));
                }
                let suspicious = attempted && is_suspicious_for(&known, &receipt, receives);
                Todo::Deliver { job, current, suspicious }
            }
            Read::Corrupt(error) => {
                let body = Cow::Owned(job.body().into_owned());
                Todo::DeadLetter { body, reason: error.chain() }
            }
            Read::Newer(error) => Todo::NewerItem(job.deliver, error),
            Read::Unavailable => Todo::Nothing(Some(job.deliver)),
        }
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
                    Err(error) if error.is_newer() => Read::Newer(error),
                    Err(error) => unavailable(&error),
                })
                .collect(),
            Err(error) => {
                unavailable(&error);
                ids.iter().map(|_| Read::Unavailable).collect()
            }
        }
    }

    async fn stages(
        &self,
        job: &Job<'_>,
        read: Option<Delivery>,
        batch: &Batch<'_, P>,
    ) -> Result<Disposition, Unavailable> {
        let context = &self.context;
        let delivery = match claim(context, job, read).await? {
            Claimed::Due(_) if canary::is_canary(job) => return canary::arrive(context, job).await,
            Claimed::Due(delivery) => delivery,
            Claimed::Parked(delivery) => return park_again(context, job, delivery).await,
            Claimed::Replaced(delivery) => return context.messages.replace(job, delivery).await,
            Claimed::Foreign => {
                let reason = "the delivery belongs to another tenant";
                return Ok(context.messages.dead_letter(&job.body(), job.held.task, reason).await);
            }
            Claimed::Over(disposition) => return Ok(disposition),
        };
        match admit(context, job, delivery).await? {
            Admitted::Ready(ready) => {
                if !batch.has_time() {
                    batch.late.fetch_add(1, Ordering::Relaxed);
                    return Ok(context.messages.hand_back(job.held).await);
                }
                let made = attempt::make(context, &ready, job.twins).await;
                settle(context, job, batch.deadline, (ready.delivery, made)).await
            }
            Admitted::Parked(delivery) => park(context, job, delivery).await,
            Admitted::Rerouted(delivery) => reroute(context, job, delivery).await,
            Admitted::Deferred(delivery) => defer(context, job, delivery).await,
            Admitted::Ended(delivery) => end(context, job, delivery).await,
            Admitted::Unreadable(reason) => {
                Ok(context.messages.dead_letter(&job.body(), job.held.task, &reason).await)
            }
        }
    }
}

/// The lane of a batch. A queue's mapping never mixes two.
fn lane(tasks: &[Task]) -> Option<Lane> {
    let first = tasks.first()?.lane;
    tasks.iter().all(|task| task.lane == first).then_some(first)
}

/// The span of a message: every log line about it carries its ids. The span has the error level, so that
/// the ids are logged at every `LOG_LEVEL`.
fn span(task: &Task, deliver: Option<&Deliver>) -> tracing::Span {
    match deliver {
        Some(deliver) => tracing::error_span!(
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
