use hooklane_domain::Timestamp;
use hooklane_domain::ids::TenantId;

use super::Unavailable;

/// One of the places of a tenant's tests. Who has it may test until a time; then somebody else may take it,
/// since an instance that ended gives nothing back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestPlace {
    pub number: u32,
    pub until: Timestamp,
}

/// The places of a tenant's tests: as many as may run at the same time, at all instances together.
pub trait TestPlaces: Send + Sync {
    /// Takes a place until `until`, out of `places`; `None` if others have all of them.
    fn take_test_place(
        &self,
        tenant: &TenantId,
        places: u32,
        now: Timestamp,
        until: Timestamp,
    ) -> impl Future<Output = Result<Option<TestPlace>, Unavailable>> + Send;

    /// Gives a place back, unless somebody else has it by now.
    fn give_back_test_place(
        &self,
        tenant: &TenantId,
        place: TestPlace,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}
