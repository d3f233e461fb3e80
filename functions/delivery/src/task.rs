//! A message of the batch, as received, and each delivery that it is for.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU32, Ordering};

use hooklane_app::ports::{DeliveryStore, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::message::{Deliver, Message};
use hooklane_domain::delivery::receipt::Receipt;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::delivery::{Delivery, MessageId, Turn};
use hooklane_domain::ids::WebhookId;
use hooklane_domain::isolation::deaths::Suspect;

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

/// A message while its batch is worked on.
pub(crate) struct Held<'a> {
    pub(crate) task: &'a Task,
    /// Whether it is for several deliveries. Then it waits for none of them.
    pub(crate) is_shared: bool,
    /// For how many seconds it is to be hidden once the work on all of its deliveries has ended.
    hidden_for: AtomicU32,
}

const NOT_HIDDEN: u32 = u32::MAX;

impl<'a> Held<'a> {
    pub(crate) fn new(task: &'a Task, is_shared: bool) -> Self {
        Self { task, is_shared, hidden_for: AtomicU32::new(NOT_HIDDEN) }
    }

    /// Asks that the message is hidden for so long. The shortest time counts.
    pub(crate) fn ask_to_hide(&self, seconds: u32) {
        self.hidden_for.fetch_min(seconds, Ordering::Relaxed);
    }

    /// For how many seconds it is to be hidden, if something asked for it.
    pub(crate) fn hidden_for(&self) -> Option<u32> {
        Some(self.hidden_for.load(Ordering::Relaxed)).filter(|seconds| *seconds != NOT_HIDDEN)
    }
}

/// A delivery that a message is for.
pub(crate) struct Job<'a> {
    pub(crate) held: &'a Held<'a>,
    pub(crate) deliver: Deliver,
    /// How many messages before it in the batch are for the same delivery.
    pub(crate) twins: u32,
}

impl Job<'_> {
    pub(crate) fn receipt(&self) -> Receipt {
        Receipt {
            message: self.held.task.message.clone(),
            generation: self.deliver.generation,
            sent_at: self.held.task.sent_at,
        }
    }

    pub(crate) fn webhook(&self) -> WebhookId {
        self.deliver.delivery.webhook()
    }

    /// What a message for this delivery alone says.
    pub(crate) fn body(&self) -> Cow<'_, str> {
        if self.held.is_shared {
            Cow::Owned(Message::Deliver(self.deliver.clone()).encode())
        } else {
            Cow::Borrowed(&self.held.task.body)
        }
    }

    /// What may have ended the function.
    pub(crate) fn suspect(&self) -> Suspect {
        if self.held.is_shared {
            Suspect::delivery(&self.held.task.message.0, &self.deliver.delivery)
        } else {
            Suspect::message(&self.held.task.message.0)
        }
    }

    /// This message's own turn.
    pub(crate) fn turn(&self) -> Turn {
        Turn { generation: self.deliver.generation, owner: self.held.task.message.clone() }
    }

    /// The delivery as it is written when this receipt ends. If this message acts for it next, the item
    /// explains the receipts so far.
    pub(crate) fn noted(&self, delivery: Delivery) -> Delivery {
        delivery.received(&self.held.task.message, self.held.task.receives)
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
