use hooklane_domain::delivery::attempt::TestAttempt;
use hooklane_domain::ids::{DeliveryId, TenantId};

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
