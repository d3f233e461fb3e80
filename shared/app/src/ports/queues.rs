use hooklane_domain::delivery::MessageId;
use hooklane_domain::delivery::message::Message;
use hooklane_domain::delivery::waiting::Lane;

use super::Unavailable;

/// Sends first messages of deliveries.
pub trait DispatchQueue: Send + Sync {
    /// Sends messages, whatever their number, each in its webhook's group. An entry that fails is
    /// tried again; an error means that at least one could not be sent, and others may have been.
    fn dispatch(
        &self,
        lane: Lane,
        messages: &[Message],
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// Lets deliveries wait.
pub trait DeferQueue: Send + Sync {
    /// Hides a received message for so many seconds from now. SQS refuses more than 12 hours counted
    /// from the receipt.
    fn hide(
        &self,
        lane: Lane,
        receipt_handle: &str,
        seconds: u32,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Sends a message to the retry queue, held back for so many seconds (900 at most), and says
    /// its id.
    fn send_later(
        &self,
        message: &Message,
        seconds: u32,
    ) -> impl Future<Output = Result<MessageId, Unavailable>> + Send;
}

/// The dead-letter queue of one source.
pub trait DeadLetters: Send + Sync {
    /// Puts away what the pipeline itself cannot handle, with the reason, where it came from and
    /// when, as message attributes.
    fn put(&self, body: &str, reason: &str)
    -> impl Future<Output = Result<(), Unavailable>> + Send;
}
