//! Who may do what at the API, and how often.

pub mod idempotency;
pub mod key_ring;
pub mod quota;
pub mod tenant;
pub mod token;
