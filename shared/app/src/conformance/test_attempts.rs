use hooklane_domain::delivery::attempt::TestAttempt;
use hooklane_domain::ids::{DeliveryId, WebhookId};

use super::samples::{answered, at, tenant, unanswered};
use crate::ports::TestAttemptStore;

/// A test attempt reads back as it was, for its tenant only.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn test_attempts(store: &impl TestAttemptStore, salt: u128) {
    let (ours, theirs) = (tenant("tests", salt), tenant("others", salt));
    let webhook = WebhookId::new(at(0), salt);
    for (ms, attempt) in [(5, answered(1, 5, 200)), (6, unanswered(1, 6))] {
        let id = DeliveryId::new(webhook, at(ms), format!("test-{ms}").parse().unwrap());
        assert_eq!(store.test_attempt(&ours, &id).await.unwrap(), None);
        let event_type = "webhook.test".parse().unwrap();
        let test = TestAttempt { id, tenant: ours.clone(), event_type, attempt };
        store.keep_test_attempt(&test).await.unwrap();
        assert_eq!(store.test_attempt(&ours, &test.id).await.unwrap().as_ref(), Some(&test));
        assert_eq!(store.test_attempt(&theirs, &test.id).await.unwrap(), None);
    }
}
