use hooklane_domain::Timestamp;
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

    /// Takes or keeps a turn to read the ledger for a webhook's recovery, from now to a time at most. Returns
    /// whether it did: no more than `most` recoveries of a tenant have a turn at the same time.
    fn take_turn(
        &self,
        recovery: &Recovery,
        now_and_until: (Timestamp, Timestamp),
        most: u64,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Gives the turn back, if the webhook has one.
    fn end_turn(&self, recovery: &Recovery)
    -> impl Future<Output = Result<(), Unavailable>> + Send;
}
