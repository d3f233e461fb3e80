//! The contract files of `contracts/`: checked by the build, and contained in the binaries.

use hooklane_contract::Contracts;

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// All contracts of this build.
#[must_use]
pub fn load() -> Contracts {
    match Contracts::of_checked(FILES) {
        Ok(contracts) => contracts,
        Err(mistake) => unreachable!("the build script read the same files: {mistake}"),
    }
}

#[cfg(test)]
mod tests;
