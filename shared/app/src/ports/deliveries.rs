use hooklane_domain::delivery::attempt::Attempt;
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::delivery::{Delivery, Status};
use hooklane_domain::ids::{DeliveryId, EventType, TenantId, WebhookId};

use super::Unavailable;

/// Deliveries and their attempts.
pub trait DeliveryStore: Send + Sync {
    /// The deliveries in the order of `ids`, `None` for those that have no item. The read is strongly
    /// consistent. If one item cannot be read back the call fails with an error that
    /// [`Unavailable::is_corrupt`].
    fn read(
        &self,
        ids: &[DeliveryId],
    ) -> impl Future<Output = Result<Vec<Option<Delivery>>, Unavailable>> + Send;

    /// Writes a delivery if the stored one still has its revision (0: if there is no item), and raises the
    /// revision. The pointer of a parked delivery is written in the same transaction.
    fn save(&self, delivery: &Delivery) -> impl Future<Output = Result<Saved, Unavailable>> + Send;

    /// Keeps an attempt beside its delivery: one that failed, or a success that is not prompt
    /// (`hooklane_domain::delivery::attempt_log`). Idempotent.
    fn keep_attempt(
        &self,
        delivery: &Delivery,
        attempt: &Attempt,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// The attempts of a delivery, oldest first, except those that have expired.
    fn attempts(
        &self,
        delivery: &Delivery,
    ) -> impl Future<Output = Result<Vec<Attempt>, Unavailable>> + Send;

    /// A webhook's deliveries in the order in which their events were accepted, newest first. A call
    /// reads a bounded amount, so a page may be empty and still have a next one. Deliveries that cannot be
    /// read back are left out and counted.
    fn list(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        filter: &DeliveryFilter,
    ) -> impl Future<Output = Result<DeliveryPage, Unavailable>> + Send;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saved {
    /// It was written; this is the delivery as stored.
    Yes(Box<Delivery>),
    /// Another writer was faster. Nothing was written.
    Conflict,
}

impl Saved {
    /// The delivery as it now stands, if it was written.
    #[must_use]
    pub fn written(self) -> Option<Delivery> {
        match self {
            Self::Yes(written) => Some(*written),
            Self::Conflict => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeliveryFilter {
    pub status: Option<Status>,
    /// Only parked deliveries, or only those that are not parked.
    pub parked: Option<bool>,
    pub event_type: Option<EventType>,
    /// When their events were accepted.
    pub accepted: TimeRange,
    /// Only deliveries after this one in the list.
    pub after: Option<DeliveryId>,
    pub limit: usize,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryPage {
    pub deliveries: Vec<Delivery>,
    /// The number of deliveries that cannot be read back. Whether the filter matches them is unknown.
    pub unreadable: usize,
    /// Where the next page starts, if there may be more.
    pub next: Option<DeliveryId>,
}
