use hooklane_domain::Timestamp;
use hooklane_domain::expression::Filter;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::webhook::{DisableReason, Route, Webhook};

use super::Unavailable;

/// Registered webhooks. Every change raises the version of its tenant's subscriptions in the same
/// transaction, so that [`RouteStore::version`] tells whether a cached route table is current.
pub trait WebhookStore: Send + Sync {
    /// Stores a new webhook, and answers whether it did. If its tenant has one under its id already, that one
    /// stays as it is.
    fn create(&self, webhook: &Webhook) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// The webhook, `None` if there is none or it is another tenant's. The read is strongly consistent.
    fn get(
        &self,
        tenant: &TenantId,
        id: WebhookId,
    ) -> impl Future<Output = Result<Option<Webhook>, Unavailable>> + Send;

    /// All webhooks of a tenant, newest first, except those that cannot be read back.
    fn list(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<Vec<Webhook>, Unavailable>> + Send;

    /// Writes a changed webhook if the stored one still has its revision and lane, and raises the revision.
    /// Returns whether it did: `false` also if the webhook has been deleted.
    fn update(&self, webhook: &Webhook) -> impl Future<Output = Result<bool, Unavailable>> + Send;

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
}

/// Which webhooks get which events.
pub trait RouteStore: Send + Sync {
    /// The version of a tenant's subscriptions, 0 if it never had any. The read is strongly consistent.
    fn version(&self, tenant: &TenantId) -> impl Future<Output = Result<u64, Unavailable>> + Send;

    /// A bounded part of the webhooks of a tenant for which deliveries are made, including those whose
    /// deliveries wait. `after` is the `next` of the page before. A page may be empty and still have a next
    /// one. The read is strongly consistent.
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
