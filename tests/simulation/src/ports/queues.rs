use std::sync::Arc;

use hooklane_app::ports::{
    DeadLetters, DeferQueue, DispatchQueue, QueueDepth, Refused, SendEvent, Unavailable,
};
use hooklane_domain::delivery::MessageId;
use hooklane_domain::delivery::message::Message as WireMessage;
use hooklane_domain::delivery::waiting::{Lane, MAX_DELAY_SECONDS};

use crate::ledger::number_of;
use crate::queue::{Message, index};
use crate::time::Millis;
use crate::world::{Happening, World};

/// The two queues, and the dead-letter queue. Each sending takes a time.
pub(crate) struct WorldQueues {
    pub(crate) world: Arc<World>,
    pub(crate) takes: Millis,
}

impl WorldQueues {
    fn message(&self, wire: &WireMessage) -> Result<Message, Unavailable> {
        let WireMessage::Deliver(deliver) = wire;
        let event = number_of(deliver.delivery.event());
        let webhook = event.and_then(|event| self.world.state().ledger.webhook_of(event));
        let (Some(event), Some(webhook)) = (event, webhook) else {
            return Err(self.world.refuse("SendMessage", "no event of the simulation"));
        };
        Ok(Message {
            id: 0,
            event,
            webhook,
            generation: deliver.generation,
            has_payload: deliver.payload.is_some(),
            receives: 0,
            sent: self.world.now(),
        })
    }
}

impl DeferQueue for WorldQueues {
    async fn hide(&self, _: Lane, receipt_handle: &str, seconds: u32) -> Result<(), Unavailable> {
        let hidden = self.world.state().hide(receipt_handle, seconds, self.world.now());
        hidden.map_err(|why| self.world.refuse("ChangeMessageVisibility", why))
    }

    async fn send_later(
        &self,
        message: &WireMessage,
        seconds: u32,
    ) -> Result<MessageId, Unavailable> {
        if seconds > MAX_DELAY_SECONDS {
            return Err(self.world.refuse("SendMessage", "DelaySeconds"));
        }
        self.world.sleep(self.takes).await;
        let message = self.message(message)?;
        let id = self.world.state().send_later(message, seconds);
        Ok(MessageId(id.to_string()))
    }
}

impl DispatchQueue for WorldQueues {
    async fn dispatch(
        &self,
        lane: Lane,
        messages: &[WireMessage],
    ) -> Result<Vec<Refused>, Unavailable> {
        self.world.sleep(self.takes).await;
        for message in messages {
            let message = self.message(message)?;
            let state = &mut *self.world.state();
            let message = Message { id: state.next_message_id(), ..message };
            state.on_their_way += 1;
            state.calendar.plan(message.sent, Happening::Dispatched { lane, message });
        }
        Ok(Vec::new())
    }
}

impl SendEvent for WorldQueues {
    async fn send(&self, _: &str) -> Result<(), Unavailable> {
        Err(self.world.refuse("SendMessage", "the simulation sends no canary"))
    }
}

impl QueueDepth for WorldQueues {
    async fn in_flight(&self) -> Result<u64, Unavailable> {
        let state = self.world.state();
        let in_flight = state.queues[index(Lane::Slow)].in_flight() as usize;
        Ok((in_flight + state.held_back) as u64)
    }
}

impl DeadLetters for WorldQueues {
    async fn put(&self, _: &str, _: &str) -> Result<(), Unavailable> {
        self.world.state().figures.dead_letters += 1;
        Ok(())
    }
}
