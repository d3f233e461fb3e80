//! Contracts: how requests, signatures and the API's answers look, as data.
//!
//! A contract is a TOML file; `docs/contracts.md` describes the format. [`Contract`] writes and signs
//! the requests of a webhook, [`shape`] rewrites the API's answers for a tenant's clients. Nothing here
//! knows the name of any contract. The files of this build are in `hooklane-bundled-contracts`.

mod body;
mod contract;
mod placeholder;
pub mod shape;
mod source;
mod template;

pub use contract::{Contract, Contracts, NoEd25519, Subject, WireRequest};
pub use source::InvalidContract;
