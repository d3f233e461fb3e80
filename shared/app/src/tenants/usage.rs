//! A tenant's quotas, and what it uses of them.

use futures::future::try_join3;
use hooklane_catalog::Owner;
use hooklane_domain::Timestamp;
use hooklane_domain::access::quotas::{Day, QuotaName, Quotas};
use hooklane_domain::access::tenant::Tenant;

use crate::ports::{DailyCounts, EventTypeStore, Unavailable};

/// A quota of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaUse {
    pub quota: QuotaName,
    pub limit: u64,
    /// `None` if it is not known, or if the quota is about each webhook on its own or about this moment.
    pub used: Option<u64>,
}

/// All quotas of a tenant.
pub async fn usage(
    types: &impl EventTypeStore,
    counts: &impl DailyCounts,
    quotas: &Quotas,
    tenant: &Tenant,
    now: Timestamp,
) -> Result<Vec<QuotaUse>, Unavailable> {
    let day = Day::at(now);
    let counted = |quota| counts.counted(&tenant.id, quota, day);
    let owner = Owner::Tenant(tenant.id.clone());
    let (types, tokens, recoveries) = try_join3(
        types.count_event_types(&owner),
        counted(QuotaName::TokensPerDay),
        counted(QuotaName::RecoveriesPerDay),
    )
    .await?;
    let used = |quota| match quota {
        QuotaName::Webhooks => tenant.usage.map(|usage| usage.webhooks),
        QuotaName::ExpressionCost => tenant.usage.map(|usage| usage.expression_cost),
        QuotaName::EventTypes => Some(types),
        QuotaName::Keys => Some(tenant.keys),
        QuotaName::TokensPerDay => Some(tokens),
        QuotaName::RecoveriesPerDay => Some(recoveries),
        QuotaName::EventsPerWebhook
        | QuotaName::HeaderBytesPerWebhook
        | QuotaName::ConcurrentTests
        | QuotaName::ConcurrentScans => None,
    };
    let row = |quota| QuotaUse { quota, limit: quotas.of(quota), used: used(quota) };
    Ok(QuotaName::ALL.map(row).to_vec())
}
