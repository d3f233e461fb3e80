//! What a list shows of many webhooks at once.

use hooklane_domain::ids::WebhookId;
use hooklane_domain::isolation::health::Health;

use super::Unavailable;

/// A webhook's health, and whether it is on the watch list: a webhook that is not has nothing parked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vitals {
    /// `None` if it cannot be read back.
    pub health: Option<Health>,
    pub is_watched: bool,
}

/// The health of many webhooks.
pub trait VitalsStore: Send + Sync {
    /// The vitals of these webhooks, in their order. The read is strongly consistent.
    fn vitals(
        &self,
        webhooks: &[WebhookId],
    ) -> impl Future<Output = Result<Vec<Vitals>, Unavailable>> + Send;
}

/// How many deliveries wait.
pub trait WaitingStore: Send + Sync {
    /// The number of a webhook's deliveries that wait for an attempt, parked ones included, counted up to
    /// `most`. It may lag, and a delivery counts once it has an item.
    fn count_waiting(
        &self,
        webhook: WebhookId,
        most: u16,
    ) -> impl Future<Output = Result<u64, Unavailable>> + Send;
}
