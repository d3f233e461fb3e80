use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::isolation::health::{Change, Health};

use super::Unavailable;

/// How webhooks fare. None of it touches a webhook's revision.
pub trait HealthStore: Send + Sync {
    /// Read consistently; of a webhook that nothing was written of, the default.
    fn health(
        &self,
        webhook: WebhookId,
    ) -> impl Future<Output = Result<Health, Unavailable>> + Send;

    /// Writes a health if the one in the store still has its revision, and raises that; whether it
    /// did. `skipped` is not written. What else the change names is written with it, all or nothing: the
    /// webhook's lane, with the version of its tenant's subscriptions, and a mark as by
    /// [`WatchList::watch`](super::WatchList::watch). A lane fails, as if the revision was another, where there is no such webhook.
    fn save_health(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        change: &Change,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Counts deliveries that were not made.
    fn skip(&self, webhook: WebhookId) -> impl Future<Output = Result<(), Unavailable>> + Send;
}
