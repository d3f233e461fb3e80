//! How many API requests of a tenant's minute are leased (`n`).

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use hooklane_app::ports::{QuotaStore, Unavailable};
use hooklane_domain::access::quota::Window;
use hooklane_domain::ids::TenantId;

use super::{Ledger, keys};
use crate::failure::{corrupt, unavailable};
use crate::table::number;

/// A count outlives its minute by so many seconds, for the sake of clocks that disagree.
const GRACE: i64 = 3_600;

impl QuotaStore for Ledger {
    async fn lease(
        &self,
        tenant: &TenantId,
        window: Window,
        requests: u32,
    ) -> Result<u64, Unavailable> {
        let answer = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::quota(tenant, window).attributes()))
            .update_expression("SET expiresAt = :end ADD n :more")
            .expression_attribute_values(":end", number(window.ends_at() + GRACE))
            .expression_attribute_values(":more", number(requests))
            .return_values(ReturnValue::UpdatedNew)
            .send()
            .await
            .map_err(unavailable(self.call("UpdateItem")))?;
        let count = answer.attributes.as_ref().and_then(|item| item.get("n"));
        match count {
            Some(AttributeValue::N(digits)) => digits.parse().map_err(|e| corrupt("a count", e)),
            _ => Err(corrupt("a count", "it is not there after it was raised")),
        }
    }
}
