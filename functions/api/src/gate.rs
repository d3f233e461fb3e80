//! What a request passes before its handler: authentication, the tenant's contract, and the rate limit.
//! `/status`, `/docs` and `/openapi.json` do not pass it.

pub(crate) mod authentication;
pub(crate) mod caller;
pub(crate) mod limiter;
pub(crate) mod owner;
pub(crate) mod shape;
pub(crate) mod webhook;
