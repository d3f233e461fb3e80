//! The queues behind calls that fail, also in part.

use hooklane_app::ports::{
    DeadLetters, DeferQueue, DeliveryStore as _, DispatchQueue, QueueDepth, Unavailable,
};
use hooklane_domain::delivery::message::Message;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::delivery::{MessageId, State};
use jiff::SignedDuration;

use super::port::Port;

/// SQS takes ten messages at a time.
const BATCH: usize = 10;

impl DispatchQueue for Port {
    /// Ten at a time, as the real one; each ten may fail as a call, or in part.
    async fn dispatch(&self, lane: Lane, messages: &[Message]) -> Result<(), Unavailable> {
        let outside = &self.outside;
        for batch in messages.chunks(BATCH) {
            self.call("queues.dispatch", async {
                let in_part = batch.len() > 1 && outside.chance.happens(outside.weather().calls);
                if !in_part {
                    return outside.queues.dispatch(lane, batch).await;
                }
                outside.journal.count("sent in part: queues.dispatch");
                let sent: Vec<_> =
                    batch.iter().filter(|_| outside.chance.happens(0.5)).cloned().collect();
                outside.queues.dispatch(lane, &sent).await?;
                Err(Unavailable::new("queues.dispatch", "some entries failed"))
            })
            .await?;
        }
        Ok(())
    }
}

impl Port {
    /// A message that `delivery` sends at once for what is neither parked nor long overdue has changed its
    /// lane.
    async fn tell_lane_change(&self, Message::Deliver(deliver): &Message) {
        let ids = [deliver.delivery.clone()];
        let read = self.outside.ledger.read(&ids).await.unwrap().remove(0);
        let is_due = match read.map(|delivery| delivery.state) {
            None => true,
            Some(State::Waiting { next_attempt_at, .. }) => {
                self.outside.now().duration_since(next_attempt_at) < SignedDuration::from_mins(15)
            }
            Some(_) => false,
        };
        if is_due {
            self.outside.journal.count("changed its lane: message");
        }
    }
}

impl DeferQueue for Port {
    async fn hide(
        &self,
        lane: Lane,
        receipt_handle: &str,
        seconds: u32,
    ) -> Result<(), Unavailable> {
        let hide = self.outside.queues.hide(lane, receipt_handle, seconds);
        self.call("queues.hide", hide).await
    }

    async fn send_later(&self, message: &Message, seconds: u32) -> Result<MessageId, Unavailable> {
        if self.process.function == "delivery" && seconds == 0 {
            self.tell_lane_change(message).await;
        }
        let send = self.outside.queues.send_later(message, seconds);
        self.call("queues.send_later", send).await
    }
}

impl DeadLetters for Port {
    async fn put(&self, body: &str, reason: &str) -> Result<(), Unavailable> {
        self.call("dead_letters.put", self.outside.queues.put(body, reason)).await
    }
}

impl QueueDepth for Port {
    async fn in_flight(&self) -> Result<u64, Unavailable> {
        self.call("queues.in_flight", self.outside.queues.in_flight()).await
    }
}
