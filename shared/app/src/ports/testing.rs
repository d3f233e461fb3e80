use hooklane_domain::delivery::attempt::TestAttempt;
use hooklane_domain::ids::{DeliveryId, EventType, TenantId};
use hooklane_domain::json::RawJson;

use super::Unavailable;

/// Attempts that tenants made to try their webhooks. They stand beside the attempts of deliveries, in
/// the same order of time, and belong to no delivery: nothing counts them.
pub trait TestAttemptStore: Send + Sync {
    /// Keeps a test attempt as long as deliveries are kept.
    fn keep_test_attempt(
        &self,
        test: &TestAttempt,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// The test attempt as kept, read consistently; another tenant's is `None`.
    fn test_attempt(
        &self,
        tenant: &TenantId,
        id: &DeliveryId,
    ) -> impl Future<Output = Result<Option<TestAttempt>, Unavailable>> + Send;
}

/// The samples of the catalog that a tenant publishes from.
pub trait Samples: Send + Sync {
    /// The data of a typical event of that type, or `None` where the tenant has no such type.
    fn sample(
        &self,
        tenant: &TenantId,
        event_type: &EventType,
    ) -> impl Future<Output = Result<Option<RawJson>, Unavailable>> + Send;
}
