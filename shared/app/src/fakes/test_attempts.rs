use hooklane_domain::delivery::attempt::TestAttempt;
use hooklane_domain::ids::{DeliveryId, TenantId};

use super::{MemoryLedger, lock};
use crate::ports::{TestAttemptStore, Unavailable};

impl TestAttemptStore for MemoryLedger {
    async fn keep_test_attempt(&self, test: &TestAttempt) -> Result<(), Unavailable> {
        lock(&self.tests).insert(test.id.clone(), test.clone());
        Ok(())
    }

    async fn test_attempt(
        &self,
        tenant: &TenantId,
        id: &DeliveryId,
    ) -> Result<Option<TestAttempt>, Unavailable> {
        Ok(lock(&self.tests).get(id).filter(|test| test.tenant == *tenant).cloned())
    }
}
