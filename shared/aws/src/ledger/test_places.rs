//! The places of a tenant's tests. Each is an item with the time until which it is taken (`taken`, in
//! microseconds), so that one conditional write takes it.

use hooklane_app::ports::{TestPlace, TestPlaces, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::ids::TenantId;

use super::{Ledger, keys};
use crate::table::{Write, number};

/// An item is kept for this many seconds after its place was free again, because clocks differ.
const GRACE: i64 = 3_600;

impl TestPlaces for Ledger {
    async fn take_test_place(
        &self,
        tenant: &TenantId,
        places: u32,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<TestPlace>, Unavailable> {
        for place in 0..places {
            let take = Write::update(
                &keys::test_place(tenant, place),
                "SET taken = :until, expiresAt = :expires",
            )
            .if_holds("attribute_not_exists(taken) OR taken <= :now")
            .value(":now", number(now.as_microsecond()))
            .value(":until", number(until.as_microsecond()))
            .value(":expires", number(until.as_second() + GRACE));
            if self.table.write(take).await? {
                return Ok(Some(TestPlace { number: place, until }));
            }
        }
        Ok(None)
    }

    async fn give_back_test_place(
        &self,
        tenant: &TenantId,
        place: TestPlace,
    ) -> Result<(), Unavailable> {
        let give_back = Write::update(&keys::test_place(tenant, place.number), "SET taken = :free")
            .if_holds("taken = :until")
            .value(":free", number(0))
            .value(":until", number(place.until.as_microsecond()));
        self.table.write(give_back).await.map(drop)
    }
}
