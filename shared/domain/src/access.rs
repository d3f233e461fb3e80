//! Access to the API: tenants and their settings, keys and tokens, request quotas, and idempotent
//! requests.

pub mod idempotency;
pub mod key_ring;
pub mod quota;
pub mod quotas;
pub mod tenant;
pub mod token;
