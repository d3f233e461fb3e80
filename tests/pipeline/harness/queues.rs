//! The queues behind calls that fail, or fail for some entries of a batch.

use std::collections::BTreeSet;

use hooklane_app::fakes::MemoryQueues;
use hooklane_app::ports::{
    DeadLetters, DeferQueue, DeliveryStore as _, DispatchQueue, HideMessage, OperatorBus,
    QueueDepth, Refused, SendEvent, Unavailable,
};
use hooklane_domain::delivery::message::Message;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::delivery::{MessageId, State};
use hooklane_domain::ids::WebhookId;
use hooklane_domain::isolation::notice::Notice;
use jiff::SignedDuration;

use super::port::Port;

/// The most messages that SQS takes in one call.
const BATCH: usize = 10;

/// How first messages are sent.
#[derive(Clone, Copy)]
enum Way<'a> {
    Alone(Lane),
    Together(&'a BTreeSet<WebhookId>),
}

impl Way<'_> {
    async fn dispatch(
        self,
        queues: &MemoryQueues,
        batch: &[Message],
    ) -> Result<Vec<Refused>, Unavailable> {
        match self {
            Self::Alone(lane) => queues.dispatch(lane, batch).await,
            Self::Together(alone) => queues.dispatch_together(batch, alone).await,
        }
    }
}

impl DispatchQueue for Port {
    async fn dispatch(
        &self,
        lane: Lane,
        messages: &[Message],
    ) -> Result<Vec<Refused>, Unavailable> {
        self.dispatch_in_batches(messages, Way::Alone(lane)).await
    }

    async fn dispatch_together(
        &self,
        messages: &[Message],
        alone: &BTreeSet<WebhookId>,
    ) -> Result<Vec<Refused>, Unavailable> {
        self.dispatch_in_batches(messages, Way::Together(alone)).await
    }
}

impl Port {
    /// Sends batches of ten, as the adapter does. Each batch may fail as a whole or for some entries.
    async fn dispatch_in_batches(
        &self,
        messages: &[Message],
        way: Way<'_>,
    ) -> Result<Vec<Refused>, Unavailable> {
        let environment = &self.environment;
        messages.iter().for_each(|message| self.note_form(message));
        let events_per_message = if environment.chance.happens(0.5) { "1" } else { "4" };
        environment.queues.share(events_per_message.parse().unwrap());
        let mut refused = Vec::new();
        for (number, batch) in messages.chunks(BATCH).enumerate() {
            let (batch, of_batch) = self.without_refused(batch);
            refused.extend(of_batch.into_iter().map(|index| Refused {
                index: number * BATCH + index,
                reason: REFUSAL.to_owned(),
            }));
            let batch = &batch;
            self.call("queues.dispatch", async {
                let fails_in_part =
                    batch.len() > 1 && environment.chance.happens(environment.rates().failed_calls);
                if !fails_in_part {
                    return way.dispatch(&environment.queues, batch).await.map(drop);
                }
                environment.journal.count("partial failure: queues.dispatch");
                let sent: Vec<_> =
                    batch.iter().filter(|_| environment.chance.happens(0.5)).cloned().collect();
                way.dispatch(&environment.queues, &sent).await?;
                Err(Unavailable::new("queues.dispatch", "some entries failed"))
            })
            .await?;
        }
        Ok(refused)
    }
}

/// What SQS says of an entry that it refuses for good.
const REFUSAL: &str = "InvalidMessageContents: refused by the queue";

impl Port {
    /// Notes that the next version sends a message.
    fn note_form(&self, message: &Message) {
        if self.is_next() {
            self.environment.versions.send(message, &self.environment.chance);
        }
    }

    /// The entries of a batch that the queue takes, and the places of those that it refuses for good. Only
    /// those of `fanout`: what it dead-letters is put back later.
    fn without_refused(&self, batch: &[Message]) -> (Vec<Message>, Vec<usize>) {
        let environment = &self.environment;
        let refuses = || {
            self.process.function == "fanout"
                && environment.chance.happens(environment.rates().refused_entries)
        };
        let (mut taken, mut refused) = (Vec::new(), Vec::new());
        for (index, message) in batch.iter().enumerate() {
            if refuses() {
                environment.journal.count("refused for good: queues.dispatch");
                refused.push(index);
            } else {
                taken.push(message.clone());
            }
        }
        (taken, refused)
    }

    /// Counts a message that moves its delivery to the slow lane. `delivery` sends messages without a delay
    /// also for deliveries that are parked or long overdue; those are not counted.
    async fn count_lane_change(&self, Message::Deliver(deliver): &Message) {
        let ids = [deliver.delivery.clone()];
        let read = self.environment.ledger.read(&ids).await.unwrap().remove(0);
        let is_due = match read.map(|delivery| delivery.state) {
            None => true,
            Some(State::Waiting { next_attempt_at, .. }) => {
                self.environment.now().duration_since(next_attempt_at)
                    < SignedDuration::from_mins(15)
            }
            Some(_) => false,
        };
        if is_due {
            self.environment.journal.count("lane changed: message");
        }
    }
}

impl HideMessage for Port {
    /// Hides a message of the event queue.
    async fn hide(&self, receipt_handle: &str, seconds: u32) -> Result<(), Unavailable> {
        self.call("event_queue.hide", async {
            self.environment.hidden.lock().unwrap().push((receipt_handle.to_owned(), seconds));
            Ok(())
        })
        .await
    }
}

impl SendEvent for Port {
    async fn send(&self, body: &str) -> Result<(), Unavailable> {
        self.call("event_queue.send", self.environment.queues.send(body)).await
    }
}

impl OperatorBus for Port {
    async fn tell(&self, notices: &[Notice]) -> Result<Vec<Refused>, Unavailable> {
        self.call("bus.tell", self.environment.bus.tell(notices)).await
    }
}

impl DeferQueue for Port {
    async fn hide(
        &self,
        lane: Lane,
        receipt_handle: &str,
        seconds: u32,
    ) -> Result<(), Unavailable> {
        let hide = DeferQueue::hide(&self.environment.queues, lane, receipt_handle, seconds);
        self.call("queues.hide", hide).await
    }

    async fn send_later(&self, message: &Message, seconds: u32) -> Result<MessageId, Unavailable> {
        if self.process.function == "delivery" && seconds == 0 {
            self.count_lane_change(message).await;
        }
        self.note_form(message);
        let send = self.environment.queues.send_later(message, seconds);
        self.call("queues.send_later", send).await
    }
}

impl DeadLetters for Port {
    async fn put(&self, body: &str, reason: &str) -> Result<(), Unavailable> {
        let environment = &self.environment;
        self.call("dead_letters.put", async {
            let untold = reason.contains("the platform's bus was not told");
            if untold {
                environment.journal.count("not told in time: a dead letter of fanout");
            }
            if untold || reason.contains(REFUSAL) {
                environment.refused.lock().unwrap().push(body.to_owned());
                return Ok(());
            }
            environment.queues.put(body, reason).await
        })
        .await
    }
}

impl QueueDepth for Port {
    async fn in_flight(&self) -> Result<u64, Unavailable> {
        self.call("queues.in_flight", self.environment.queues.in_flight()).await
    }
}
