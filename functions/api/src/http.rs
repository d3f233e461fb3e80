//! What all handlers share for reading requests and writing answers.

pub(crate) mod body;
pub(crate) mod cursor;
pub(crate) mod etag;
pub(crate) mod idempotency;
pub(crate) mod panics;
pub(crate) mod parameters;
pub(crate) mod path;
pub(crate) mod problem;
pub(crate) mod query;
pub(crate) mod rows;
pub(crate) mod security;
pub(crate) mod span;
