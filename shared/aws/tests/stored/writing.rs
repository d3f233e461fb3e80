//! Writes the values through the ports.

use hooklane_app::ports::{
    BrakeStore, DeliveryStore, EventStore, IdempotencyStore, RecoveryStore, TestAttemptStore,
    WebhookStore,
};
use hooklane_aws::ledger::Ledger;
use hooklane_aws::registry::Registry;

use super::values;

/// Writes every value that is put as a whole item.
pub(crate) async fn put_all(registry: &Registry, ledger: &Ledger) {
    for webhook in values::webhooks() {
        let _ = registry.create(&webhook).await.unwrap();
    }
    registry.set_brake(values::brake()).await.unwrap();
    for recovery in values::recoveries() {
        assert!(registry.save_recovery(&recovery).await.unwrap());
    }
    for event in values::events() {
        ledger.put(&event).await.unwrap();
    }
    for delivery in values::deliveries() {
        ledger.save(&delivery).await.unwrap();
    }
    for attempt in values::attempts() {
        ledger.keep_attempt(&values::attempted(), &attempt).await.unwrap();
    }
    ledger.keep_test_attempt(&values::test_attempt()).await.unwrap();
    for (key, record) in values::idempotency_records() {
        if record.fulfilled {
            ledger.fulfil(&values::tenant(), &key, &record).await.unwrap();
        } else {
            ledger.claim(&values::tenant(), &key, &record).await.unwrap();
        }
    }
}
