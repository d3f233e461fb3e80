//! Event catalogs in files, as the build reads them.

use std::collections::BTreeMap;

use hooklane_domain::ids::{CatalogName, ContractName, EventType};
use hooklane_domain::webhook::subscription::Subscription;

use crate::definition::Definition;

mod load;
mod packed;

pub use load::InvalidCatalog;
use packed::CatalogTypes;
pub use packed::{PackedCatalog, PackedType};

/// The catalog of a tenant if neither its settings nor the deployment name one and none goes with its contract.
/// It has only the types that are in every catalog.
pub const FALLBACK: &str = "hooklane";

/// The event types of one file, and those that are in every catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    pub(crate) name: CatalogName,
    pub(crate) description: String,
    /// The contracts whose tenants have this catalog unless something else is said.
    pub(crate) contracts: Vec<ContractName>,
    pub(crate) types: CatalogTypes,
}

impl Catalog {
    #[must_use]
    pub fn name(&self) -> &CatalogName {
        &self.name
    }

    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The contracts whose tenants have this catalog unless their settings or the deployment name another.
    pub fn contracts(&self) -> impl Iterator<Item = &ContractName> {
        self.contracts.iter()
    }

    #[must_use]
    pub fn get(&self, name: &EventType) -> Option<&Definition> {
        self.types.all().get(name)
    }

    /// The names of its types, in order.
    pub fn names(&self) -> impl Iterator<Item = &EventType> {
        self.types.all().keys()
    }

    /// Its types, in order of their names.
    pub fn types(&self) -> impl Iterator<Item = (&EventType, &Definition)> {
        self.types.all().iter()
    }

    /// Whether a subscription matches one of its types.
    #[must_use]
    pub fn covers(&self, wanted: &Subscription) -> bool {
        covers(wanted, self.names())
    }
}

/// All event catalogs.
#[derive(Debug, Clone, Default)]
pub struct Catalogs(BTreeMap<CatalogName, Catalog>);

impl Catalogs {
    #[must_use]
    pub fn get(&self, name: &CatalogName) -> Option<&Catalog> {
        self.0.get(name)
    }

    /// The catalog of a tenant: the one that is `named` by its settings or by the deployment, or else the one
    /// that goes with its contract, or else [`FALLBACK`]. `None` if this build lacks the named one.
    #[must_use]
    pub fn of(&self, named: Option<&CatalogName>, contract: &ContractName) -> Option<&Catalog> {
        if let Some(name) = named {
            return self.0.get(name);
        }
        let of_contract = self.iter().find(|catalog| catalog.contracts.contains(contract));
        let fallback = || self.iter().find(|catalog| catalog.name.as_str() == FALLBACK);
        of_contract.or_else(fallback)
    }

    pub fn names(&self) -> impl Iterator<Item = &CatalogName> {
        self.0.keys()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Catalog> {
        self.0.values()
    }
}

/// Whether a subscription matches one of these types. `*` does, even where there are none.
pub(crate) fn covers<'a>(
    wanted: &Subscription,
    mut names: impl Iterator<Item = &'a EventType>,
) -> bool {
    matches!(wanted, Subscription::All) || names.any(|name| wanted.matches(name))
}
