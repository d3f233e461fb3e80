//! What every request but the open ones passes before its handler.

pub(crate) mod auth;
pub(crate) mod entry;
pub(crate) mod limiter;
pub(crate) mod owner;
pub(crate) mod shape;
