//! Event catalogs as a build contains them: checked and merged, with complete schemas that are not
//! compiled yet. So a cold start reads no TOML and compiles only the schemas that it needs.

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
    /// Takes catalogs that a build script has checked; `None` if they are wrong all the same.
    #[must_use]
    pub fn unpack(catalogs: &[PackedCatalog<'_>]) -> Option<Self> {
        let unpack = |packed: &PackedCatalog<'_>| {
            let name = packed.name.parse().ok()?;
            let types =
                packed.types.iter().map(|one| Some((one.name.parse().ok()?, one.unpack()?)));
            let types = types.collect::<Option<_>>()?;
            let contracts = packed.contracts.iter().map(|name| name.parse().ok());
            let contracts = contracts.collect::<Option<_>>()?;
            let description = packed.description.to_owned();
            Some((packed.name.parse().ok()?, Catalog { name, description, contracts, types }))
        };
        catalogs.iter().map(unpack).collect::<Option<_>>().map(Self)
    }
}

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
