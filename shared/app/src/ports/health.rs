use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::isolation::health::{Change, Health};

use super::Unavailable;

/// The health of webhooks. Writing it does not change a webhook's revision.
pub trait HealthStore: Send + Sync {
    /// A webhook's health, the default if it has no item yet. The read is strongly consistent.
    fn health(
        &self,
        webhook: WebhookId,
    ) -> impl Future<Output = Result<Health, Unavailable>> + Send;

    /// The healths of these webhooks, in their order. The read is strongly consistent. One that cannot be
    /// read back counts as the default: it must not hide the others.
    fn healths(
        &self,
        webhooks: &[WebhookId],
    ) -> impl Future<Output = Result<Vec<Health>, Unavailable>> + Send;

    /// Writes a health if the stored one still has its revision, and raises the revision. Returns whether it
    /// did. `skipped` is not written. The rest of the change is written in the same transaction: the
    /// webhook's lane, which does not raise the version of its tenant's subscriptions, and a mark as by
    /// [`WatchList::watch`](super::WatchList::watch). A change of lane returns `false` if there is no such
    /// webhook.
    fn save_health(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        change: &Change,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Counts one delivery that was skipped.
    fn skip(&self, webhook: WebhookId) -> impl Future<Output = Result<(), Unavailable>> + Send;
}
