//! Event catalogs as a build contains them: checked and merged, with complete schemas that are not
//! compiled yet. So a cold start reads no TOML. The types of a catalog are read when one is first asked for, and
//! a schema is compiled when it is first needed.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use hooklane_domain::ids::EventType;

use super::{Catalog, Catalogs};
use crate::definition::Definition;
use crate::schema::Schema;
use hooklane_domain::json::RawJson;

/// A catalog in this form.
#[derive(Debug, Clone, Copy)]
pub struct PackedCatalog<'a> {
    pub name: &'a str,
    pub description: &'a str,
    pub contracts: &'a [&'a str],
    pub types: &'a [PackedType<'a>],
}

/// An event type in this form.
#[derive(Debug, Clone, Copy)]
pub struct PackedType<'a> {
    pub name: &'a str,
    pub category: &'a str,
    pub description: &'a str,
    pub sample: &'a str,
    pub schema: &'a str,
}

impl Catalogs {
    /// Takes catalogs that a build script has checked; `None` if their names are wrong all the same.
    #[must_use]
    pub fn unpack(catalogs: &'static [PackedCatalog<'static>]) -> Option<Self> {
        let unpack = |packed: &PackedCatalog<'static>| {
            let name = packed.name.parse().ok()?;
            let types = CatalogTypes { packed: packed.types, read: OnceLock::new() };
            let contracts = packed.contracts.iter().map(|name| name.parse().ok());
            let contracts = contracts.collect::<Option<_>>()?;
            let description = packed.description.to_owned();
            Some((packed.name.parse().ok()?, Catalog { name, description, contracts, types }))
        };
        catalogs.iter().map(unpack).collect::<Option<_>>().map(Self)
    }
}

/// The types of a catalog.
#[derive(Debug, Clone)]
pub(crate) struct CatalogTypes {
    packed: &'static [PackedType<'static>],
    read: OnceLock<BTreeMap<EventType, Definition>>,
}

impl CatalogTypes {
    pub(crate) fn all(&self) -> &BTreeMap<EventType, Definition> {
        self.read.get_or_init(|| {
            let read = |one: &PackedType<'_>| Some((one.name.parse().ok()?, one.unpack()?));
            match self.packed.iter().map(read).collect() {
                Some(types) => types,
                None => unreachable!("a build script has checked them"),
            }
        })
    }
}

impl From<BTreeMap<EventType, Definition>> for CatalogTypes {
    fn from(read: BTreeMap<EventType, Definition>) -> Self {
        Self { packed: &[], read: read.into() }
    }
}

impl PartialEq for CatalogTypes {
    fn eq(&self, other: &Self) -> bool {
        self.all() == other.all()
    }
}

impl Eq for CatalogTypes {}

impl PackedType<'_> {
    fn unpack(&self) -> Option<Definition> {
        Some(Definition {
            category: self.category.to_owned(),
            description: self.description.to_owned(),
            sample: RawJson::parse(self.sample).ok()?,
            schema: Schema::from_stored(RawJson::parse(self.schema).ok()?),
        })
    }
}
