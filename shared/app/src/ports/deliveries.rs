use hooklane_domain::attempt::Attempt;
use hooklane_domain::delivery::{Delivery, Status};
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};

use super::Unavailable;

/// Deliveries and their attempts.
pub trait Deliveries: Send + Sync {
    /// The deliveries as written, in the order asked for, read consistently: a `None` is believed. One
    /// that cannot be read back fails the call, with an error that [`Unavailable::is_corrupt`].
    fn read(
        &self,
        ids: &[DeliveryId],
    ) -> impl Future<Output = Result<Vec<Option<Delivery>>, Unavailable>> + Send;

    /// Writes a delivery if the one in the store still has its revision (0: if there is none), and
    /// raises the revision. A parked delivery gets its pointer in the same transaction.
    fn save(&self, delivery: &Delivery) -> impl Future<Output = Result<Saved, Unavailable>> + Send;

    /// Keeps a failed attempt. Keeping it twice is keeping it once.
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

    /// A webhook's deliveries, newest first. Reads a bounded amount: a page may be empty and still
    /// have a next one.
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

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryFilter {
    pub status: Option<Status>,
    /// Only what comes after this one in the list.
    pub after: Option<DeliveryId>,
    pub limit: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryPage {
    pub deliveries: Vec<Delivery>,
    /// Where the next page starts, if there may be one.
    pub next: Option<DeliveryId>,
}
