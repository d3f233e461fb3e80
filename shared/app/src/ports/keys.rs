use hooklane_domain::Timestamp;
use hooklane_domain::access::key::Key;
use hooklane_domain::ids::{KeyId, TenantId};

use super::{Refusal, Unavailable};

/// The keys of tenants.
pub trait KeyStore: Send + Sync {
    /// A key of a tenant. The read is strongly consistent, so a key that was revoked is not found.
    fn key(
        &self,
        tenant: &TenantId,
        id: KeyId,
    ) -> impl Future<Output = Result<Option<Key>, Unavailable>> + Send;

    /// A tenant's keys, newest first.
    fn keys(
        &self,
        tenant: &TenantId,
        after: Option<KeyId>,
        limit: usize,
    ) -> impl Future<Output = Result<KeyPage, Unavailable>> + Send;

    /// Adds a key to those of a tenant that has fewer than `most` and has not been removed. From then on the
    /// tenant is listed. Of several concurrent calls no more succeed than there is room for. Returns why it
    /// was not added.
    fn add_key(
        &self,
        key: &Key,
        most: u64,
    ) -> impl Future<Output = Result<Option<Refusal>, Unavailable>> + Send;

    /// Writes the name and the secrets of a key that was read as `seen`. Returns whether it did: not if the key
    /// has changed since, or was removed. When it was used stays as it is stored.
    fn change_key(
        &self,
        seen: &Key,
        key: &Key,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Removes a key. Returns whether there was one.
    fn remove_key(
        &self,
        tenant: &TenantId,
        id: KeyId,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Notes that a key was used now, unless a use within the hour before was noted, or there is no such key.
    /// Returns whether it was noted. It changes no revision.
    fn note_use(
        &self,
        tenant: &TenantId,
        id: KeyId,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyPage {
    pub keys: Vec<Key>,
    /// Where the next page starts, if there may be more.
    pub next: Option<KeyId>,
}
