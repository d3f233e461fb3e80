//! The list of tenants.

use futures::{StreamExt as _, TryStreamExt as _};
use hooklane_domain::Timestamp;
use hooklane_domain::access::tenant::Tenant;
use hooklane_domain::ids::TenantId;
use hooklane_domain::usage::calendar::Month;
use hooklane_domain::usage::{Figures, MonthUsage};

use crate::ports::{TenantStore, Unavailable, UsageStore};

/// The requests that are made at the same time.
const CONCURRENCY: usize = 16;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantRow {
    pub tenant: Tenant,
    /// What it used in this month of UTC, as far as it is counted. `None` if that cannot be read back.
    pub used: Option<Figures>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantRows {
    pub rows: Vec<TenantRow>,
    /// Where the next page starts, if there may be more.
    pub next: Option<TenantId>,
}

/// A page of the tenants that have something in the registry, in the order of their ids: one query, and one read for
/// each of them.
pub async fn tenants(
    registry: &impl TenantStore,
    ledger: &impl UsageStore,
    (after, limit): (Option<&TenantId>, usize),
    now: Timestamp,
) -> Result<TenantRows, Unavailable> {
    let page = registry.tenants(after, limit).await?;
    let month = Month::of(now);
    let rows = futures::stream::iter(page.tenants)
        .map(|tenant| row(ledger, tenant, month))
        .buffered(CONCURRENCY)
        .try_collect()
        .await?;
    Ok(TenantRows { rows, next: page.next })
}

async fn row(
    ledger: &impl UsageStore,
    tenant: Tenant,
    month: Month,
) -> Result<TenantRow, Unavailable> {
    let used = match ledger.usage_of(&tenant.id, &[month]).await {
        Err(error) if error.is_unreadable() => {
            error.log("usage.left_out");
            None
        }
        read => Some(read?.first().map(MonthUsage::total).unwrap_or_default()),
    };
    Ok(TenantRow { tenant, used })
}
