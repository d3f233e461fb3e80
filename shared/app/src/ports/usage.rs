use hooklane_domain::Timestamp;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::usage::calendar::{Day, Month};
use hooklane_domain::usage::counting::{Counting, Kind};
use hooklane_domain::usage::{Figures, MonthUsage, Span};

use super::Unavailable;

/// The tenants that had events lately.
pub trait ActiveTenants: Send + Sync {
    /// Notes that the tenant had an event. It is listed as long as the ledger keeps anything of that event.
    /// Idempotent.
    fn note_active(
        &self,
        tenant: &TenantId,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// At most `limit` of these tenants, in the order of their ids, from the one that follows `after`. Fewer
    /// than `limit` are the last ones.
    fn active(
        &self,
        after: Option<&TenantId>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<TenantId>, Unavailable>> + Send;
}

/// The ids of webhooks, of which some may not be readable.
pub trait WebhookIds: Send + Sync {
    /// At most `limit` of the tenant's webhooks, newest first, from the one that follows `after`. Fewer than
    /// `limit` are the last ones.
    fn webhook_ids(
        &self,
        tenant: &TenantId,
        after: Option<WebhookId>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<WebhookId>, Unavailable>> + Send;
}

/// The webhooks that were deleted, as long as the ledger has deliveries of them.
pub trait DeletedWebhooks: Send + Sync {
    /// Notes a webhook that is about to be deleted. Idempotent.
    fn note_deleted(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// At most `limit` of them, newest first, from the one that follows `after`. Fewer than `limit` are the
    /// last ones.
    fn deleted(
        &self,
        tenant: &TenantId,
        after: Option<WebhookId>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<WebhookId>, Unavailable>> + Send;
}

/// What tenants used, month by month. It is kept for 14 months after the month.
pub trait UsageStore: Send + Sync {
    /// Adds what was counted of a span to its day, as [`hooklane_domain::usage::DayUsage::with`] says. So the
    /// same span counts once.
    fn add_usage(
        &self,
        tenant: &TenantId,
        span: Span,
        counted: Figures,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Makes a day final, as [`hooklane_domain::usage::DayUsage::finished`] says.
    fn finish_usage(
        &self,
        tenant: &TenantId,
        day: Day,
        recounted: Figures,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// What the tenant used in these months, in their order. The read is strongly consistent.
    fn usage_of(
        &self,
        tenant: &TenantId,
        months: &[Month],
    ) -> impl Future<Output = Result<Vec<MonthUsage>, Unavailable>> + Send;

    /// At most `limit` of the tenants that used something in the month, in the order of their ids, from the
    /// one that follows `after`. A call reads a bounded amount, so a page may be short and still have a next
    /// one. Months that cannot be read back are left out and counted.
    fn usage_in(
        &self,
        month: Month,
        after: Option<&TenantId>,
        limit: usize,
    ) -> impl Future<Output = Result<UsagePage, Unavailable>> + Send;

    /// How far a count is. The read is strongly consistent.
    fn counting(
        &self,
        kind: Kind,
    ) -> impl Future<Output = Result<Option<Counting>, Unavailable>> + Send;

    /// Writes how far a count is, if the stored one still has its revision (0: if there is none), and raises
    /// the revision. Returns whether it did.
    fn save_counting(
        &self,
        counting: &Counting,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsagePage {
    pub tenants: Vec<MonthUsage>,
    /// The number of tenants whose month cannot be read back.
    pub unreadable: usize,
    /// Where the next page starts, if there may be more.
    pub next: Option<TenantId>,
}
