use hooklane_domain::Timestamp;
use hooklane_domain::access::tenant::Tombstone;
use hooklane_domain::ids::TenantId;
use hooklane_domain::inbox::{Admission, Inbox, KeptRequest, RequestNumber};
use hooklane_domain::webhook::Webhook;

use super::Unavailable;

/// The test inboxes of tenants.
pub trait InboxStore: Send + Sync {
    /// The tenant's inbox, if it has one. The read is strongly consistent.
    fn inbox(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<Option<Inbox>, Unavailable>> + Send;

    /// Writes the inbox of the tenant that its token names, if the stored one has the revision before its own:
    /// none if its own is 1. Nothing is added to a tenant that was removed.
    fn save_inbox(
        &self,
        inbox: &Inbox,
    ) -> impl Future<Output = Result<InboxSaved, Unavailable>> + Send;

    /// Those of the tenant's webhooks that have exactly this URL, at most `most` of them. Those that cannot be
    /// read back are left out. The read is strongly consistent.
    fn webhooks_at(
        &self,
        tenant: &TenantId,
        url: &str,
        most: usize,
    ) -> impl Future<Output = Result<Vec<Webhook>, Unavailable>> + Send;
}

/// What became of the write of an inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InboxSaved {
    Yes,
    /// Somebody else changed it.
    No,
    Removed(Tombstone),
}

/// The requests that inboxes keep. An inbox has no more than [`hooklane_domain::inbox::KEPT`] of them, each for
/// [`hooklane_domain::inbox::KEPT_FOR`].
pub trait InboxLog: Send + Sync {
    /// Counts a request, if the inbox takes it. Of concurrent requests no two get the same number, and no more are
    /// taken than there is room for.
    fn admit_request(
        &self,
        tenant: &TenantId,
        now: Timestamp,
    ) -> impl Future<Output = Result<Admission, Unavailable>> + Send;

    /// Keeps a request that was taken, in the place of the one that has so been pushed out.
    fn keep_request(
        &self,
        tenant: &TenantId,
        request: &KeptRequest,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// The newest requests, or those before one of them, newest first. Those that cannot be read back are left
    /// out. The read is strongly consistent.
    fn kept_requests(
        &self,
        tenant: &TenantId,
        before: Option<RequestNumber>,
        limit: usize,
        now: Timestamp,
    ) -> impl Future<Output = Result<RequestPage, Unavailable>> + Send;

    /// A request, if the inbox still has it. The read is strongly consistent.
    fn kept_request(
        &self,
        tenant: &TenantId,
        number: RequestNumber,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<KeptRequest>, Unavailable>> + Send;

    /// Deletes all requests that were kept so far.
    fn clear_requests(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// Some of the requests of an inbox, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestPage {
    pub requests: Vec<KeptRequest>,
    /// The request before which the next page starts, if there may be more.
    pub next: Option<RequestNumber>,
}
