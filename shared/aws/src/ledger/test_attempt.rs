//! The item of a test attempt. Its key is like that of a failed attempt, so that the log has both in
//! order of time. Only a test attempt has its event type in `y`, which tells the two apart.

use hooklane_app::ports::{TestAttemptStore, Unavailable};
use hooklane_domain::delivery::FailedAt;
use hooklane_domain::delivery::attempt::TestAttempt;
use hooklane_domain::ids::{DeliveryId, EventType, TenantId};
use serde::{Deserialize, Serialize};

use super::attempt::StoredAttempt;
use super::{Ledger, keys};
use crate::table::{Key, from_item, to_item};

#[derive(Serialize, Deserialize)]
struct TestItem {
    /// Tenant.
    t: TenantId,
    /// Event type. No other attempt has this attribute.
    y: EventType,
    #[serde(flatten)]
    attempt: StoredAttempt,
    #[serde(rename = "expiresAt")]
    expires_at: i64,
}

/// A test has one attempt, which begins when its event is accepted.
fn key(id: &DeliveryId) -> Key {
    keys::attempt(id, FailedAt { number: 1, at: id.accepted_at() })
}

impl TestAttemptStore for Ledger {
    async fn keep_test_attempt(&self, test: &TestAttempt) -> Result<(), Unavailable> {
        let stored = TestItem {
            t: test.tenant.clone(),
            y: test.event_type.clone(),
            attempt: StoredAttempt::new(&test.attempt),
            expires_at: self.retention.expires_at(test.id.accepted_at()),
        };
        self.table.put(to_item(&key(&test.id), &stored)?).await
    }

    async fn test_attempt(
        &self,
        tenant: &TenantId,
        id: &DeliveryId,
    ) -> Result<Option<TestAttempt>, Unavailable> {
        let item = self.table.get_item(&key(id)).await?;
        let Some(item) = item.filter(|item| item.contains_key("y")) else {
            return Ok(None);
        };
        let stored: TestItem = from_item(item)?;
        if stored.t != *tenant {
            return Ok(None);
        }
        let attempt = stored.attempt.read()?;
        Ok(Some(TestAttempt { id: id.clone(), tenant: stored.t, event_type: stored.y, attempt }))
    }
}
