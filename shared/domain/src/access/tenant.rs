//! A tenant and its settings. A tenant needs no registration: it exists from its first use, with the
//! default settings.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::access::quotas::{OwnQuotas, Usage};
use crate::event::SearchKey;
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
    /// The quotas that take the place of the deployment's.
    #[serde(default, skip_serializing_if = "OwnQuotas::is_empty")]
    pub quotas: OwnQuotas,
    /// The key of its events' metadata by which deliveries can be searched for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search_key: Option<SearchKey>,
    /// Whether the operator has turned its test inbox off.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inbox_off: bool,
}

/// What the deployment gives to tenants whose settings do not say otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantDefaults {
    pub contract: ContractName,
    /// `None`: the catalog that goes with the tenant's contract.
    pub catalog: Option<CatalogName>,
}

impl TenantDefaults {
    /// The contract of a tenant: of its webhooks that name none, and of the API's answers to it.
    #[must_use]
    pub fn contract_of<'a>(&'a self, settings: &'a TenantSettings) -> &'a ContractName {
        settings.contract.as_ref().unwrap_or(&self.contract)
    }
}

impl Default for TenantDefaults {
    /// The defaults of `template.yaml`.
    fn default() -> Self {
        match "standard".parse() {
            Ok(contract) => Self { contract, catalog: None },
            Err(_) => unreachable!("the constant is a name"),
        }
    }
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
    /// Set if it was removed.
    pub tombstone: Option<Tombstone>,
    /// What it has; `None` until that was counted for the first time.
    pub usage: Option<Usage>,
    /// The number of its keys.
    pub keys: u64,
}

/// What is left of a tenant that was removed. As long as something of it may be stored (its events, its
/// deliveries, its idempotency records), nobody may use its id: a new tenant of the same id would read it.
///
/// Stored as is: renaming a field needs a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// When everything of it has expired.
    pub reusable_from: Timestamp,
    /// Whether all its webhooks and event types have been deleted.
    pub emptied: bool,
}

/// DynamoDB deletes expired items within a few days (*DynamoDB Developer Guide*, "Using time to live").
const EXPIRY_MARGIN: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Tombstone {
    /// The tombstone of a tenant that is removed now, where everything is kept for `retention`.
    #[must_use]
    pub fn new(now: Timestamp, retention: SignedDuration) -> Self {
        let kept = retention.saturating_add(EXPIRY_MARGIN);
        Self { reusable_from: now.saturating_add(kept).unwrap_or(Timestamp::MAX), emptied: false }
    }

    /// Whether the tenant's id cannot be used now.
    #[must_use]
    pub fn blocks(&self, now: Timestamp) -> bool {
        !self.emptied || now < self.reusable_from
    }
}

impl Tenant {
    /// A tenant that has no item yet.
    #[must_use]
    pub fn unknown(id: TenantId) -> Self {
        Self {
            id,
            settings: TenantSettings::default(),
            token_generation: 0,
            revision: 0,
            tombstone: None,
            usage: None,
            keys: 0,
        }
    }

    /// Its tombstone, if it was removed and its id cannot be used yet.
    #[must_use]
    pub fn blocked_at(&self, now: Timestamp) -> Option<Tombstone> {
        self.tombstone.filter(|tombstone| tombstone.blocks(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_blocked_until_everything_has_expired_and_is_deleted() {
        let removed_at: Timestamp = "2024-01-15T10:30:00Z".parse().unwrap();
        let unemptied = Tombstone::new(removed_at, SignedDuration::from_hours(30 * 24));
        assert_eq!(unemptied.reusable_from, "2024-02-21T10:30:00Z".parse().unwrap(), "37 days");
        let emptied = Tombstone { emptied: true, ..unemptied };
        for (now, blocked) in [
            ("2024-01-15T10:30:00Z", true),
            ("2024-02-21T10:29:59Z", true),
            ("2024-02-21T10:30:00Z", false),
        ] {
            let now = now.parse().unwrap();
            assert_eq!(emptied.blocks(now), blocked, "{now}");
            assert!(unemptied.blocks(now), "{now}");
            let id = "acme".parse().unwrap();
            let tenant = Tenant { tombstone: Some(emptied), ..Tenant::unknown(id) };
            assert_eq!(tenant.blocked_at(now).is_some(), blocked);
        }
    }
}
