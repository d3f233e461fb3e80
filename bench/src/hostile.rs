//! The hostile inputs: those that a survey found, and others of their kinds.

pub mod expressions;
pub mod poison;
pub mod portal;
pub mod requests;
pub mod schemas;

/// The ways in which a hostile receiver answers; `crate::receiver` knows them.
pub const RECEIVERS: [&str; 13] = [
    "informational",
    "continue",
    "informational-headers",
    "tiny-chunks",
    "chunk-extensions",
    "trailers",
    "header-flood",
    "long-header",
    "long-status",
    "drip",
    "header-drip",
    "endless-body",
    "silent",
];
