//! Event catalogs: the event types, each with a sample and a JSON Schema of its data.
//!
//! A catalog is a TOML file; `docs/catalog.md` describes the format. The platform and its tenants add
//! types at run time. A tenant's own type takes precedence over the platform's, and the platform's over
//! the one in the file. The files of this build are in `hooklane-bundled-catalogs`.

mod definition;
mod files;
mod own_types;
mod schema;
mod tenant_types;

#[cfg(test)]
mod tests;

pub use definition::{Definition, MAX_SAMPLE_BYTES};
pub use files::{Catalog, Catalogs, FALLBACK, InvalidCatalog, PackedCatalog, PackedType};
pub use own_types::{OwnType, OwnTypes, Owner};
pub use schema::{
    Compiled, Cost, MAX_COST, MAX_SCHEMA_BYTES, Schema, no_longer_used, reference_to,
};
pub use tenant_types::{Source, TenantTypes};
