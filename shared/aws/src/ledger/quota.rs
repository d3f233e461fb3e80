//! The number of a tenant's API requests that are leased in one minute (`n`).

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use hooklane_app::ports::{QuotaStore, Unavailable};
use hooklane_domain::access::quota::Window;
use hooklane_domain::ids::TenantId;

use super::{Ledger, keys};
use crate::failure::corrupt;
use crate::table::{Write, number};

/// A count is kept for this many seconds after its minute, because clocks differ.
const GRACE: i64 = 3_600;

impl QuotaStore for Ledger {
    async fn lease(
        &self,
        tenant: &TenantId,
        window: Window,
        requests: u32,
    ) -> Result<u64, Unavailable> {
        let key = keys::quota(tenant, window);
        let raise = Write::update(&key, "SET expiresAt = :end ADD n :more")
            .value(":end", number(window.ends_at() + GRACE))
            .value(":more", number(requests));
        let raised = self.table.write_returning(raise, ReturnValue::UpdatedNew).await?;
        let count = raised.as_ref().and_then(|item| item.get("n"));
        match count {
            Some(AttributeValue::N(digits)) => digits.parse().map_err(|e| corrupt("a count", e)),
            _ => Err(corrupt("a count", "it is missing after it was raised")),
        }
    }
}
