use hooklane_domain::delivery::attempt::TestAttempt;
use hooklane_domain::ids::{DeliveryId, TenantId};

use super::Unavailable;

/// Test attempts, which tenants make to try their webhooks. They are in the same log as the attempts of
/// deliveries, belong to no delivery, and are counted nowhere.
pub trait TestAttemptStore: Send + Sync {
    /// Keeps a test attempt for as long as deliveries are kept.
    fn keep_test_attempt(
        &self,
        test: &TestAttempt,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// The test attempt, `None` if there is none or it is another tenant's. The read is strongly
    /// consistent.
    fn test_attempt(
        &self,
        tenant: &TenantId,
        id: &DeliveryId,
    ) -> impl Future<Output = Result<Option<TestAttempt>, Unavailable>> + Send;
}
