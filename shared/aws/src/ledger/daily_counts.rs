//! How often a tenant did something in a day (`n`).

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use hooklane_app::ports::{DailyCounts, Unavailable};
use hooklane_domain::access::quotas::{Day, QuotaName};
use hooklane_domain::ids::TenantId;

use super::{Ledger, keys};
use crate::failure::corrupt;
use crate::table::{Write, number};

/// A count is kept for this many seconds after its day.
const KEPT: i64 = 86_400;

impl DailyCounts for Ledger {
    async fn count_one(
        &self,
        tenant: &TenantId,
        quota: QuotaName,
        day: Day,
        most: u64,
    ) -> Result<Option<u64>, Unavailable> {
        let key = keys::daily_count(tenant, quota, day);
        let raise = Write::update(&key, "SET expiresAt = :end ADD n :one")
            .if_holds("attribute_not_exists(n) OR n < :most")
            .value(":end", number(day.ends_at() + KEPT))
            .value(":one", number(1))
            .value(":most", number(most));
        let raised = self.table.write_returning(raise, ReturnValue::UpdatedNew).await?;
        raised.map(|item| read(item.get("n"))).transpose()
    }

    async fn counted(
        &self,
        tenant: &TenantId,
        quota: QuotaName,
        day: Day,
    ) -> Result<u64, Unavailable> {
        let count = self.table.get_attribute(&keys::daily_count(tenant, quota, day), "n").await?;
        count.map_or(Ok(0), |count| read(Some(&count)))
    }
}

fn read(count: Option<&AttributeValue>) -> Result<u64, Unavailable> {
    match count {
        Some(AttributeValue::N(digits)) => digits.parse().map_err(|e| corrupt("a count", e)),
        _ => Err(corrupt("a count", "it is not a number")),
    }
}
