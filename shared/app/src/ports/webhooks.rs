use hooklane_domain::Timestamp;
use hooklane_domain::access::quotas::{Exceeded, Room};
use hooklane_domain::access::tenant::Tombstone;
use hooklane_domain::expression::Filter;
use hooklane_domain::ids::{ExternalId, TenantId, WebhookId};
use hooklane_domain::webhook::subscription::Subscription;
use hooklane_domain::webhook::{DisableReason, Metadata, Route, Webhook, WebhookState};

use super::Unavailable;

/// Webhooks whose tenant is not known.
pub trait WebhookSearch: Send + Sync {
    /// The webhook with this id of whichever of these tenants has it, unless it cannot be read back. The read is
    /// strongly consistent.
    fn of_any(
        &self,
        tenants: &[TenantId],
        id: WebhookId,
    ) -> impl Future<Output = Result<Option<Webhook>, Unavailable>> + Send;
}

/// Registered webhooks. Every change raises the version of its tenant's subscriptions in the same
/// transaction, so that [`RouteStore::version`] tells whether a cached route table is current. The same
/// transaction counts what the tenant has, so that two requests at once never exceed a quota together.
pub trait WebhookStore: Send + Sync {
    /// Stores a new webhook, if its tenant has room for it and has not been removed. `No` if the tenant has
    /// one under its id already, which stays as it is; `Taken` if another one has its external id.
    fn register(
        &self,
        webhook: &Webhook,
        room: Room,
    ) -> impl Future<Output = Result<Written, Unavailable>> + Send;

    /// Why [`WebhookStore::register`] would refuse the webhook at the moment, if it would. Nothing is written
    /// but counts that need it.
    fn refusal(
        &self,
        webhook: &Webhook,
        room: Room,
    ) -> impl Future<Output = Result<Option<Refusal>, Unavailable>> + Send;

    /// The webhook of the tenant that has this external id, if one has it. The read is strongly consistent.
    fn holder(
        &self,
        tenant: &TenantId,
        external: &ExternalId,
    ) -> impl Future<Output = Result<Option<WebhookId>, Unavailable>> + Send;

    /// The webhook, `None` if there is none or it is another tenant's. The read is strongly consistent.
    fn get(
        &self,
        tenant: &TenantId,
        id: WebhookId,
    ) -> impl Future<Output = Result<Option<Webhook>, Unavailable>> + Send;

    /// Those of these webhooks that the tenant has, in the order of `ids`, except those that cannot be read
    /// back.
    fn some(
        &self,
        tenant: &TenantId,
        ids: &[WebhookId],
    ) -> impl Future<Output = Result<Vec<Webhook>, Unavailable>> + Send;

    /// A page of a tenant's webhooks in outline, newest first, from the one that follows `after`. It holds at
    /// most `limit` of them, and may hold fewer and still have a next one. No secret is opened and no
    /// expression compiled. Those that cannot be read back are left out.
    fn outlines(
        &self,
        tenant: &TenantId,
        after: Option<WebhookId>,
        limit: usize,
    ) -> impl Future<Output = Result<OutlinePage, Unavailable>> + Send;

    /// Writes a changed webhook if the stored one is still the one that was `seen`, by its revision and lane,
    /// and raises the revision. `No` if it is another one or has been deleted. Refused if the change adds
    /// more to a quota than there is room for, and `Taken` if another webhook has its new external id.
    fn replace(
        &self,
        seen: &Webhook,
        webhook: &Webhook,
        room: Room,
    ) -> impl Future<Output = Result<Written, Unavailable>> + Send;

    /// Removes a webhook: any revision of it, or only this one. Returns whether it did.
    fn delete(
        &self,
        tenant: &TenantId,
        id: WebhookId,
        revision: Option<u64>,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Disables a webhook that is active and still has the revision that was `seen`. Returns whether it
    /// did.
    fn disable(
        &self,
        seen: &Webhook,
        reason: DisableReason,
        at: Timestamp,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// [`WebhookStore::register`] with room for everything, for tests. Returns whether it stored the webhook.
    #[cfg(any(test, feature = "test-support"))]
    fn create(&self, webhook: &Webhook) -> impl Future<Output = Result<bool, Unavailable>> + Send {
        async { self.register(webhook, EVERYTHING).await.map(|written| written == Written::Yes) }
    }

    /// [`WebhookStore::replace`] of a webhook whose expressions stay, for tests. Returns whether it was
    /// written.
    #[cfg(any(test, feature = "test-support"))]
    fn update(&self, webhook: &Webhook) -> impl Future<Output = Result<bool, Unavailable>> + Send {
        async {
            let written = self.replace(webhook, webhook, EVERYTHING).await;
            written.map(|written| written == Written::Yes)
        }
    }

    /// All webhooks of a tenant, newest first, for tests. Production reads them in pages.
    #[cfg(any(test, feature = "test-support"))]
    fn list(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<Vec<Webhook>, Unavailable>> + Send {
        async {
            let (mut all, mut after) = (Vec::new(), None);
            loop {
                let page = self.outlines(tenant, after, 100).await?;
                let ids: Vec<_> = page.outlines.iter().map(|outline| outline.id).collect();
                all.extend(self.some(tenant, &ids).await?);
                after = page.next;
                if after.is_none() {
                    return Ok(all);
                }
            }
        }
    }
}

/// Room for everything, at a time when every count is verified.
#[cfg(any(test, feature = "test-support"))]
const EVERYTHING: Room = Room {
    webhooks: i64::MAX.unsigned_abs(),
    expression_cost: i64::MAX.unsigned_abs(),
    now: Timestamp::UNIX_EPOCH,
};

/// What became of a write that a quota may forbid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Yes,
    /// What is stored is not what the write expects.
    No,
    Refused(Refusal),
    /// This other webhook of the tenant has its external id.
    Taken(WebhookId),
}

/// Why nothing may be added for a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The tenant was removed. Whether its id can be used again is for the caller to say: it knows the time.
    Removed(Tombstone),
    Over(Exceeded),
}

/// What lists of webhooks are filtered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    pub id: WebhookId,
    pub state: WebhookState,
    pub events: Vec<Subscription>,
    pub metadata: Metadata,
}

impl Outline {
    #[must_use]
    pub fn of(webhook: &Webhook) -> Self {
        Self {
            id: webhook.id,
            state: webhook.state,
            events: webhook.events.clone(),
            metadata: webhook.metadata.clone(),
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutlinePage {
    pub outlines: Vec<Outline>,
    /// The webhook after which the next page starts, if there may be more.
    pub next: Option<WebhookId>,
}

/// Which webhooks get which events.
pub trait RouteStore: Send + Sync {
    /// The version of a tenant's subscriptions, 0 if it never had any. The read is strongly consistent.
    fn version(&self, tenant: &TenantId) -> impl Future<Output = Result<u64, Unavailable>> + Send;

    /// A bounded part of the webhooks of a tenant for which deliveries are made, including those whose
    /// deliveries wait. `after` is the `next` of the page before. A page may be empty and still have a next
    /// one. None if the tenant has been removed, even while its webhooks are being deleted. The read is
    /// strongly consistent.
    fn routes(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
    ) -> impl Future<Output = Result<RoutePage, Unavailable>> + Send;

    /// All pages in one table, however large it is.
    fn table(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<RouteTable, Unavailable>> + Send {
        async move {
            // The version first: if a webhook changes after it, the table counts as older than it is.
            let version = self.version(tenant).await?;
            let mut table = RouteTable { version, ..RouteTable::default() };
            let mut after = None;
            loop {
                let page = self.routes(tenant, after.as_deref()).await?;
                after = table.add(page);
                if after.is_none() {
                    return Ok(table);
                }
            }
        }
    }
}

/// A page of a tenant's subscribed webhooks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoutePage {
    pub routes: Vec<Route>,
    /// The stored webhooks that cannot be read back, and why.
    pub unreadable: Vec<String>,
    /// Where the next page starts, if there may be more.
    pub next: Option<String>,
}

/// A tenant's subscribed webhooks, with a version that is not newer than they are: a table that was read
/// during a change carries the older version, so the next version check reads it again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RouteTable {
    pub version: u64,
    pub routes: Vec<Route>,
    /// The stored webhooks that cannot be read back, and why. What they subscribed to is unknown.
    pub unreadable: Vec<String>,
}

impl RouteTable {
    /// Adds a page, and returns where the next one starts.
    pub fn add(&mut self, page: RoutePage) -> Option<String> {
        self.routes.extend(page.routes);
        self.unreadable.extend(page.unreadable);
        page.next
    }

    /// About the bytes that it takes in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let unreadable = self.unreadable.iter().map(String::len);
        self.routes.iter().map(bytes_of).chain(unreadable).sum()
    }
}

fn bytes_of(route: &Route) -> usize {
    let events: usize =
        route.events.iter().map(|event| size_of_val(event) + event.to_string().len()).sum();
    let filter = route.filter.as_ref().map_or(0, Filter::bytes);
    size_of::<Route>() + events + filter
}
