use std::collections::BTreeSet;

use hooklane_domain::delivery::MessageId;
use hooklane_domain::delivery::message::Message;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::ids::WebhookId;

use super::Unavailable;

/// Sends the first message of each delivery.
pub trait DispatchQueue: Send + Sync {
    /// Sends any number of messages, each in the message group of its webhook. A message that fails is sent
    /// again. An error means that at least one could not be sent; others may have been. Returns the messages that
    /// the queue refuses and would refuse again. All others were sent.
    fn dispatch(
        &self,
        lane: Lane,
        messages: &[Message],
    ) -> impl Future<Output = Result<Vec<Refused>, Unavailable>> + Send;

    /// Does the same in the fast lane, where several messages for one webhook may travel as one
    /// (`message::bundle`), unless it is one of `alone`.
    fn dispatch_together(
        &self,
        messages: &[Message],
        _alone: &BTreeSet<WebhookId>,
    ) -> impl Future<Output = Result<Vec<Refused>, Unavailable>> + Send {
        self.dispatch(Lane::Fast, messages)
    }
}

/// A message that a queue does not take, however often it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its place among the messages that were to be sent.
    pub index: usize,
    /// What the queue says.
    pub reason: String,
}

/// Hides a message that a function has received from its queue.
pub trait HideMessage: Send + Sync {
    /// Sets the message's visibility timeout to `seconds` from now.
    fn hide(
        &self,
        receipt_handle: &str,
        seconds: u32,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// Sends to the event queue, as producers do.
pub trait SendEvent: Send + Sync {
    fn send(&self, body: &str) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// Makes a delivery wait in a queue.
pub trait DeferQueue: Send + Sync {
    /// Sets a received message's visibility timeout to `seconds` from now. SQS refuses a timeout that ends
    /// more than 12 hours after the receipt.
    fn hide(
        &self,
        lane: Lane,
        receipt_handle: &str,
        seconds: u32,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Sends a message to the retry queue with a delay of `seconds` (at most 900). Returns its id. An error
    /// with an [`Unavailable::refusal`] says that the queue would refuse the message each time.
    fn send_later(
        &self,
        message: &Message,
        seconds: u32,
    ) -> impl Future<Output = Result<MessageId, Unavailable>> + Send;
}

/// The dead-letter queue of one source.
pub trait DeadLetters: Send + Sync {
    /// Dead-letters what the pipeline itself cannot handle. Its reason, origin and time become message
    /// attributes.
    fn put(&self, body: &str, reason: &str)
    -> impl Future<Output = Result<(), Unavailable>> + Send;
}
