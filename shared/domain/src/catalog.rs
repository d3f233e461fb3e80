//! Event catalogs: which types of events there are, what their data looks like, and a sample of it.
//!
//! A catalog is a TOML file; `docs/catalog.md` describes the format. Beside it stand the types that the
//! platform and its tenants add at run time. A tenant's own type wins over the platform's, and that over
//! the file's.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::fields::FieldErrors;
use crate::ids::{EventType, TenantId};
use crate::json::RawJson;
use crate::subscription::Subscription;
use crate::tenant::CatalogName;

mod bounds;
mod load;
mod nearest;
mod packed;
mod read;
mod schema;
mod violation;

pub use bounds::MAX_SCHEMA_BYTES;
pub use load::InvalidCatalog;
pub use packed::{Packed, PackedType};
pub use read::MAX_SAMPLE_BYTES;
pub use schema::Schema;

/// The catalog of a tenant that names none.
pub const DEFAULT: &str = "default";

/// So many types one owner may add.
pub const MAX_OWN_TYPES: usize = 100;

/// What is known of one event type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// What it is listed under, such as `orders`.
    pub category: String,
    pub description: String,
    /// The `data` of one event as it might be; it fits the schema.
    pub sample: RawJson,
    /// What every event's `data` has to fit, for tenants that are strict.
    pub schema: Schema,
}

/// Whose types they are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// The platform's: every tenant has them.
    Platform,
    Tenant(TenantId),
}

/// A type that was added at run time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnType {
    pub name: EventType,
    pub definition: Definition,
    /// Counts its writes.
    pub revision: u64,
}

/// The types of one owner, in order of their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnTypes(BTreeMap<EventType, OwnType>);

impl FromIterator<OwnType> for OwnTypes {
    fn from_iter<T: IntoIterator<Item = OwnType>>(types: T) -> Self {
        Self(types.into_iter().map(|own| (own.name.clone(), own)).collect())
    }
}

impl OwnTypes {
    #[must_use]
    pub fn get(&self, name: &EventType) -> Option<&OwnType> {
        self.0.get(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &OwnType> {
        self.0.values()
    }

    /// Takes the compiled schemas of an `older` reading where the types are the same.
    #[must_use]
    pub fn after(self, older: &Self) -> Self {
        let keep = |(name, own): (EventType, OwnType)| match older.get(&name) {
            Some(old) if *old == own => (name, old.clone()),
            _ => (name, own),
        };
        Self(self.0.into_iter().map(keep).collect())
    }
}

/// The types of one file, with those that are in every catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    name: CatalogName,
    description: String,
    types: BTreeMap<EventType, Definition>,
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

    #[must_use]
    pub fn get(&self, name: &EventType) -> Option<&Definition> {
        self.types.get(name)
    }

    /// In order of their names.
    pub fn types(&self) -> impl Iterator<Item = (&EventType, &Definition)> {
        self.types.iter()
    }

    /// Whether a subscription names one of its types, or a wildcard has one to match.
    #[must_use]
    pub fn covers(&self, wanted: &Subscription) -> bool {
        covers(wanted, self.types.keys())
    }
}

/// Every catalog there is.
#[derive(Debug, Clone, Default)]
pub struct Catalogs(BTreeMap<CatalogName, Catalog>);

impl Catalogs {
    #[must_use]
    pub fn get(&self, name: &CatalogName) -> Option<&Catalog> {
        self.0.get(name)
    }

    pub fn names(&self) -> impl Iterator<Item = &CatalogName> {
        self.0.keys()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Catalog> {
        self.0.values()
    }
}

/// Where a type is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Catalog,
    Platform,
    Tenant,
}

/// All the types that one tenant has.
#[derive(Debug, Clone)]
pub struct Known<'a> {
    pub catalog: &'a Catalog,
    pub platform: Arc<OwnTypes>,
    pub tenant: Arc<OwnTypes>,
}

impl Known<'_> {
    #[must_use]
    pub fn get(&self, name: &EventType) -> Option<(Source, &Definition)> {
        let own = |types: &'_ Arc<OwnTypes>| types.0.contains_key(name);
        if own(&self.tenant) {
            return self.tenant.get(name).map(|own| (Source::Tenant, &own.definition));
        }
        if own(&self.platform) {
            return self.platform.get(name).map(|own| (Source::Platform, &own.definition));
        }
        self.catalog.get(name).map(|definition| (Source::Catalog, definition))
    }

    /// Each type once, in order of their names.
    pub fn types(&self) -> impl Iterator<Item = (&EventType, Source, &Definition)> {
        let names: std::collections::BTreeSet<&EventType> = self.names().collect();
        names.into_iter().filter_map(|name| {
            self.get(name).map(|(source, definition)| (name, source, definition))
        })
    }

    /// Why a webhook may not subscribe to this, with the nearest names there are.
    #[must_use]
    pub fn refusal(&self, wanted: &Subscription) -> Option<String> {
        if covers(wanted, self.names()) {
            return None;
        }
        Some(nearest::refusal(wanted, self.names()))
    }

    /// Whether an event of this type with this data is one that is expected; each mistake has its path
    /// in the event.
    pub fn judge(&self, name: &EventType, data: &RawJson) -> Result<(), FieldErrors> {
        match self.get(name) {
            Some((_, definition)) => definition.schema.judge("data", data),
            None => {
                let refusal = nearest::refusal(&Subscription::Exactly(name.clone()), self.names());
                Err(FieldErrors::one("type", refusal))
            }
        }
    }

    fn names(&self) -> impl Iterator<Item = &EventType> {
        self.catalog.types.keys().chain(self.platform.0.keys()).chain(self.tenant.0.keys())
    }
}

fn covers<'a>(wanted: &Subscription, mut names: impl Iterator<Item = &'a EventType>) -> bool {
    matches!(wanted, Subscription::All) || names.any(|name| wanted.matches(name))
}

#[cfg(test)]
mod tests;
