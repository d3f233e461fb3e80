//! What a tenant may have set. It needs no registration: it exists from its first use, with the
//! default settings.

use serde::{Deserialize, Serialize};

use crate::ids::{CatalogName, ContractName, TenantId};

/// A tenant's settings; what is `None` follows the deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantSettings {
    /// The contract of its webhooks that name none, and of the API's answers to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<ContractName>,
    /// The event catalog it publishes from: the name of a file in `catalog/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<CatalogName>,
    /// Only events of known types, whose data fits the type's schema, are accepted.
    #[serde(default)]
    pub strict: bool,
    /// Its API requests a minute; 0 for as many as it likes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<u32>,
    /// No attempts are made for any of its webhooks.
    #[serde(default)]
    pub paused: bool,
}

/// A tenant as the registry knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    pub id: TenantId,
    pub settings: TenantSettings,
    /// Tokens of an older generation are revoked.
    pub token_generation: u64,
    /// Counts the writes of the settings; 0 where they were never set.
    pub revision: u64,
}

impl Tenant {
    /// One of which nothing is stored.
    #[must_use]
    pub fn unknown(id: TenantId) -> Self {
        Self { id, settings: TenantSettings::default(), token_generation: 0, revision: 0 }
    }
}
