//! A webhook: where a tenant wants which events, and how they are sent and signed.

mod definition;
pub mod headers;
pub mod limits;
pub mod network;
mod pausing;
pub mod rotation;
pub mod secret;
pub mod signature;
pub mod subscription;
pub mod target;

pub use definition::{
    DisableReason, Essentials, RetiringSecret, Route, Signing, Webhook, WebhookState,
};
pub use headers::{CustomHeaders, InvalidHeader};
pub use rotation::{InvalidOverlap, Overlap, RotateError};
