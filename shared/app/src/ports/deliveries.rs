use hooklane_domain::delivery::attempt::Attempt;
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::delivery::{Delivery, Status};
use hooklane_domain::ids::{DeliveryId, EventType, TenantId, WebhookId};

use super::Unavailable;

/// Deliveries and their attempts.
pub trait DeliveryStore: Send + Sync {
    /// The deliveries as written, in the order asked for, read consistently: a `None` is believed. One
    /// that cannot be read back fails the call, with an error that [`Unavailable::is_corrupt`].
    fn read(
        &self,
        ids: &[DeliveryId],
    ) -> impl Future<Output = Result<Vec<Option<Delivery>>, Unavailable>> + Send;

    /// Writes a delivery if the one in the store still has its revision (0: if there is none), and
    /// raises the revision. A parked delivery gets its pointer in the same transaction.
    fn save(&self, delivery: &Delivery) -> impl Future<Output = Result<Saved, Unavailable>> + Send;

    /// Keeps an attempt beside its delivery: one that failed, or a success that is not prompt
    /// (`hooklane_domain::delivery::attempt_log`). Keeping it twice is keeping it once.
    fn keep_attempt(
        &self,
        delivery: &Delivery,
        attempt: &Attempt,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Every attempt of a delivery that is still known, in order.
    fn attempts(
        &self,
        delivery: &Delivery,
    ) -> impl Future<Output = Result<Vec<Attempt>, Unavailable>> + Send;

    /// A webhook's deliveries, the event accepted last first. Reads a bounded amount: a page may be
    /// empty and still have a next one. One that cannot be read back is left out and counted.
    fn list(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        filter: &DeliveryFilter,
    ) -> impl Future<Output = Result<DeliveryPage, Unavailable>> + Send;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saved {
    /// Written; as it now stands.
    Yes(Box<Delivery>),
    /// Somebody else wrote it since it was read. Nothing was changed.
    Conflict,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeliveryFilter {
    pub status: Option<Status>,
    /// Only those that wait without a message, or only those that do not.
    pub parked: Option<bool>,
    pub event_type: Option<EventType>,
    /// When their events were accepted.
    pub accepted: TimeRange,
    /// Only what comes after this one in the list.
    pub after: Option<DeliveryId>,
    pub limit: usize,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryPage {
    pub deliveries: Vec<Delivery>,
    /// So many were met that cannot be read back; nobody knows whether the filter would have let them
    /// through.
    pub unreadable: usize,
    /// Where the next page starts, if there may be one.
    pub next: Option<DeliveryId>,
}
