//! Ids of tenants that were removed.

use hooklane_domain::Timestamp;
use hooklane_domain::access::tenant::{Tenant, Tombstone};
use hooklane_domain::ids::TenantId;

use crate::ports::{TenantStore, Unavailable};

/// The tenant was removed, and its id cannot be used yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    pub tenant: TenantId,
    pub tombstone: Tombstone,
}

impl std::fmt::Display for Removed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { tenant, tombstone } = self;
        write!(
            f,
            "the tenant {tenant} was removed; its id can be used again from {}, when everything of it has \
             expired",
            tombstone.reusable_from
        )?;
        if !tombstone.emptied {
            f.write_str(", if its removal is completed: delete it again")?;
        }
        Ok(())
    }
}

impl std::error::Error for Removed {}

/// A tenant whose id may be used. A tombstone that no longer blocks the id is taken away.
pub async fn usable(
    tenants: &impl TenantStore,
    id: &TenantId,
    now: Timestamp,
) -> Result<Result<Tenant, Removed>, Unavailable> {
    let tenant = tenants.tenant(id).await?;
    let Some(tombstone) = tenant.tombstone else { return Ok(Ok(tenant)) };
    if tombstone.blocks(now) {
        return Ok(Err(Removed { tenant: id.clone(), tombstone }));
    }
    tenants.revive(id, tombstone).await?;
    Ok(Ok(Tenant { tombstone: None, ..tenant }))
}
