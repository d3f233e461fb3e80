//! Contracts: how requests, signatures and the API's answers look, as data.
//!
//! A contract is a TOML file; `docs/contracts.md` describes the format. Nothing here knows the name of
//! any contract. The files of this build are in `hooklane-bundled-contracts`.
//!
//! `files` reads the TOML and knows the line of every value. `request` writes, signs and outlines the
//! requests of a webhook. [`answers`] rewrites the API's answers for the clients of a tenant. [`portal`] has the names of
//! a platform guide for what the portal shows. [`Contract`] holds what they read from one file.

pub mod answers;
mod braces;
mod contract;
mod files;
pub mod portal;
mod request;
mod time_format;

#[cfg(test)]
mod tests;

pub use contract::{Contract, Contracts, UnfitSecret};
pub use files::InvalidContract;
pub use request::{HeaderOutline, Outline, Subject, WireRequest};
