//! Catalogs as a build carries them: checked, unions made, schemas whole but not compiled. A function
//! that starts cold reads no TOML and compiles no schema that it does not need.

use super::{Catalog, Catalogs};
use crate::definition::Definition;
use crate::schema::Schema;
use hooklane_domain::json::RawJson;

/// One catalog.
#[derive(Debug, Clone, Copy)]
pub struct Packed<'a> {
    pub name: &'a str,
    pub description: &'a str,
    pub types: &'a [PackedType<'a>],
}

/// One of its types.
#[derive(Debug, Clone, Copy)]
pub struct PackedType<'a> {
    pub name: &'a str,
    pub category: &'a str,
    pub description: &'a str,
    pub sample: &'a str,
    pub schema: &'a str,
}

impl Catalogs {
    /// The catalogs that a build script found right; `None` if they are not.
    #[must_use]
    pub fn unpack(catalogs: &[Packed<'_>]) -> Option<Self> {
        let unpack = |packed: &Packed<'_>| {
            let name = packed.name.parse().ok()?;
            let types =
                packed.types.iter().map(|one| Some((one.name.parse().ok()?, one.unpack()?)));
            let types = types.collect::<Option<_>>()?;
            let description = packed.description.to_owned();
            Some((packed.name.parse().ok()?, Catalog { name, description, types }))
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
