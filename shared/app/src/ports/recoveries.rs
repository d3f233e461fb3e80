use hooklane_domain::ids::WebhookId;
use hooklane_domain::isolation::recovery::Recovery;

use super::Unavailable;

/// Recoveries, at most one for a webhook.
pub trait RecoveryStore: Send + Sync {
    /// A webhook's newest recovery. The read is strongly consistent.
    fn recovery(
        &self,
        webhook: WebhookId,
    ) -> impl Future<Output = Result<Option<Recovery>, Unavailable>> + Send;

    /// Writes a recovery if the stored one still has its revision (0: if there is none), and raises the
    /// revision. Returns whether it did.
    fn save_recovery(
        &self,
        recovery: &Recovery,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;
}
