use hooklane_domain::Timestamp;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::webhook::{DisableReason, Route, Webhook};

use super::Unavailable;

/// Registered webhooks. Every change raises the version of its tenant's subscriptions in the same
/// transaction, so that [`RouteStore::version`] tells whether a cached table still holds.
pub trait WebhookStore: Send + Sync {
    /// Stores a new webhook, unless its tenant has one under its id already, which stays as it is;
    /// whether it did.
    fn create(&self, webhook: &Webhook) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// The webhook, read consistently; another tenant's is `None`.
    fn get(
        &self,
        tenant: &TenantId,
        id: WebhookId,
    ) -> impl Future<Output = Result<Option<Webhook>, Unavailable>> + Send;

    /// All webhooks of a tenant, newest first, but for those that cannot be read back.
    fn list(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<Vec<Webhook>, Unavailable>> + Send;

    /// Writes a changed webhook if the one in the store still has its revision, and raises the
    /// revision; whether it did. A webhook that is gone was changed, too.
    fn update(&self, webhook: &Webhook) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Removes a webhook, whatever its revision or only under this one; whether it did.
    fn delete(
        &self,
        tenant: &TenantId,
        id: WebhookId,
        revision: Option<u64>,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Switches off a webhook that is active and still as it was `seen`; whether it did.
    fn disable(
        &self,
        seen: &Webhook,
        reason: DisableReason,
        at: Timestamp,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;
}

/// Who gets which event.
pub trait RouteStore: Send + Sync {
    /// The version of a tenant's subscriptions, read consistently; 0 for a tenant without any.
    fn version(&self, tenant: &TenantId) -> impl Future<Output = Result<u64, Unavailable>> + Send;

    /// The webhooks of a tenant that get deliveries, be it that these wait; read consistently.
    fn table(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<RouteTable, Unavailable>> + Send;
}

/// A tenant's subscribed webhooks under a version at least as old as they are: a table that was read
/// while they changed carries the older version, and is read again at the next look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteTable {
    pub version: u64,
    pub routes: Vec<Route>,
    /// The webhooks that are stored and cannot be read back, and why. Nobody knows what they subscribed to.
    pub unreadable: Vec<String>,
}
