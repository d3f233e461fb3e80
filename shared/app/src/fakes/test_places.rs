use hooklane_domain::Timestamp;
use hooklane_domain::ids::TenantId;

use super::{MemoryLedger, lock};
use crate::ports::{TestPlace, TestPlaces, Unavailable};

impl TestPlaces for MemoryLedger {
    async fn take_test_place(
        &self,
        tenant: &TenantId,
        places: u32,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<TestPlace>, Unavailable> {
        let mut taken = lock(&self.test_places);
        let is_free =
            |number: &u32| taken.get(&(tenant.clone(), *number)).is_none_or(|until| *until <= now);
        let free = (0..places).find(is_free);
        Ok(free.map(|number| {
            taken.insert((tenant.clone(), number), until);
            TestPlace { number, until }
        }))
    }

    async fn give_back_test_place(
        &self,
        tenant: &TenantId,
        place: TestPlace,
    ) -> Result<(), Unavailable> {
        let mut taken = lock(&self.test_places);
        let key = (tenant.clone(), place.number);
        if taken.get(&key) == Some(&place.until) {
            taken.remove(&key);
        }
        Ok(())
    }
}
