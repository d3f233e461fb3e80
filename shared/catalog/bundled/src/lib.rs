//! The event catalogs of `catalog/`, checked when Hooklane is built and carried in its binaries.

use hooklane_catalog::{Catalogs, Packed, PackedType};

include!(concat!(env!("OUT_DIR"), "/packed.rs"));

/// Every catalog of this build.
#[must_use]
pub fn load() -> Catalogs {
    match Catalogs::unpack(PACKED) {
        Some(catalogs) => catalogs,
        None => unreachable!("the build script has read them"),
    }
}

#[cfg(test)]
mod tests;
