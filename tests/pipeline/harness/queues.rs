//! The queues behind calls that fail, also in part.

use hooklane_app::ports::{DeadLetters, Dispatch, InFlight, Unavailable, Waits};
use hooklane_domain::delivery::MessageId;
use hooklane_domain::message::Message;
use hooklane_domain::waiting::Lane;

use super::port::Port;

/// SQS takes ten messages at a time.
const BATCH: usize = 10;

impl Dispatch for Port {
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

impl Waits for Port {
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
        let send = self.outside.queues.send_later(message, seconds);
        self.call("queues.send_later", send).await
    }
}

impl DeadLetters for Port {
    async fn bury(&self, body: &str, reason: &str) -> Result<(), Unavailable> {
        self.call("dead_letters.bury", self.outside.queues.bury(body, reason)).await
    }
}

impl InFlight for Port {
    async fn in_flight(&self) -> Result<u64, Unavailable> {
        self.call("queues.in_flight", self.outside.queues.in_flight()).await
    }
}
