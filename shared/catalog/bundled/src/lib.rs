//! The event catalogs of `catalog/`: checked by the build, and contained in the binaries.

use hooklane_catalog::{Catalogs, PackedCatalog, PackedType};

include!(concat!(env!("OUT_DIR"), "/packed.rs"));

/// All catalogs of this build.
#[must_use]
pub fn load() -> Catalogs {
    match Catalogs::unpack(PACKED) {
        Some(catalogs) => catalogs,
        None => unreachable!("the build script has read them"),
    }
}

#[cfg(test)]
mod tests;
