use hooklane_domain::ids::WebhookId;
use hooklane_domain::isolation::recovery::Recovery;

use super::Unavailable;

/// Recoveries, at most one for a webhook.
pub trait RecoveryStore: Send + Sync {
    /// Read consistently.
    fn recovery(
        &self,
        webhook: WebhookId,
    ) -> impl Future<Output = Result<Option<Recovery>, Unavailable>> + Send;

    /// Writes a recovery if the one in the store still has its revision (0: if there is none), and
    /// raises the revision; whether it did.
    fn save_recovery(
        &self,
        recovery: &Recovery,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;
}
