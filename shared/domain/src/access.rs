//! Access to the API: tenants and their settings, who makes a request and with which scopes, keys and tokens,
//! request quotas, and idempotent requests.

pub mod idempotency;
mod jwt;
pub mod key;
pub mod key_mark;
pub mod key_ring;
pub mod operator;
pub mod portal;
pub mod principal;
pub mod quota;
pub mod quotas;
pub mod scope;
pub mod tenant;
pub mod token;
