//! A tenant and its settings. A tenant needs no registration: it exists from its first use, with the
//! default settings.

use serde::{Deserialize, Serialize};

use crate::ids::{CatalogName, ContractName, TenantId};

/// A tenant's settings; `None` is the default of the deployment.
///
/// Stored as is: renaming a field needs a migration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantSettings {
    /// The contract of webhooks that name none, and of the API's answers to the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<ContractName>,
    /// The event catalog it publishes from: the name of a file in `catalog/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<CatalogName>,
    /// Whether only events of known types whose data fits the schema are accepted.
    #[serde(default)]
    pub strict: bool,
    /// Its quota of API requests a minute; 0 for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<u32>,
    /// Whether all its webhooks are paused.
    #[serde(default)]
    pub paused: bool,
}

/// A tenant as the registry stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    pub id: TenantId,
    pub settings: TenantSettings,
    /// Counts the revocations of its tokens. Tokens of an older generation are revoked.
    pub token_generation: u64,
    /// Counts the writes of the settings; 0 where there is no item yet.
    pub revision: u64,
}

impl Tenant {
    /// A tenant that has no item yet.
    #[must_use]
    pub fn unknown(id: TenantId) -> Self {
        Self { id, settings: TenantSettings::default(), token_generation: 0, revision: 0 }
    }
}
