use hooklane_domain::access::quotas::{Day, QuotaName};
use hooklane_domain::ids::TenantId;

use super::Unavailable;

/// The counts of what tenants do in a day.
pub trait DailyCounts: Send + Sync {
    /// Counts one more, unless `most` have been counted. Returns the count with it, or `None` if it was not
    /// counted. Of several concurrent calls no more are counted than there is room for.
    fn count_one(
        &self,
        tenant: &TenantId,
        quota: QuotaName,
        day: Day,
        most: u64,
    ) -> impl Future<Output = Result<Option<u64>, Unavailable>> + Send;

    /// The count so far. The read is strongly consistent.
    fn counted(
        &self,
        tenant: &TenantId,
        quota: QuotaName,
        day: Day,
    ) -> impl Future<Output = Result<u64, Unavailable>> + Send;
}
