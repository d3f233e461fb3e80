//! A message of the batch, as received and as decoded.

use hooklane_app::ports::{DeliveryStore, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::message::Deliver;
use hooklane_domain::delivery::receipt::Receipt;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::delivery::{Delivery, MessageId, Turn};
use hooklane_domain::ids::WebhookId;

/// A message as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    pub message: MessageId,
    pub receipt_handle: String,
    /// The lane of its queue.
    pub lane: Lane,
    pub sent_at: Timestamp,
    /// How often SQS has handed it out, this time included.
    pub receives: u32,
    pub body: String,
}

/// A decoded message.
pub(crate) struct Job<'a> {
    pub(crate) task: &'a Task,
    pub(crate) deliver: Deliver,
    /// How many messages before it in the batch are for the same delivery.
    pub(crate) twins: u32,
}

impl Job<'_> {
    pub(crate) fn receipt(&self) -> Receipt {
        Receipt {
            message: self.task.message.clone(),
            generation: self.deliver.generation,
            sent_at: self.task.sent_at,
        }
    }

    pub(crate) fn webhook(&self) -> WebhookId {
        self.deliver.delivery.webhook()
    }

    /// This message's own turn.
    pub(crate) fn turn(&self) -> Turn {
        Turn { generation: self.deliver.generation, owner: self.task.message.clone() }
    }

    /// The delivery as it is written when this receipt ends. If this message acts for it next, the item
    /// explains the receipts so far.
    pub(crate) fn noted(&self, delivery: Delivery) -> Delivery {
        delivery.received(&self.task.message, self.task.receives)
    }

    /// The delivery as the message describes it, for a delivery that has no item yet.
    pub(crate) fn unwritten(&self) -> Delivery {
        let deliver = &self.deliver;
        let (id, tenant) = (deliver.delivery.clone(), deliver.tenant.clone());
        Delivery::unwritten(id, tenant, deliver.event_type.clone())
    }

    /// The delivery as it is stored now.
    pub(crate) async fn current(
        &self,
        ledger: &impl DeliveryStore,
    ) -> Result<Delivery, Unavailable> {
        let ids = [self.deliver.delivery.clone()];
        let read = ledger.read(&ids).await?.into_iter().next().flatten();
        Ok(read.unwrap_or_else(|| self.unwritten()))
    }
}
