//! A webhook: a tenant's registered URL, with the subscriptions, the secret and the settings of its
//! deliveries.

mod definition;
pub mod headers;
pub mod likeness;
pub mod limits;
pub mod masking;
pub mod metadata;
pub mod network;
mod pausing;
pub mod rotation;
pub mod secret;
pub mod signature;
pub mod subscription;
pub mod target;

pub use definition::{
    DisableReason, Essentials, RetiringSecret, Route, Signing, StateName, Webhook, WebhookState,
};
pub use headers::{CustomHeaders, InvalidHeader};
pub use metadata::Metadata;
pub use rotation::{InvalidOverlap, Overlap, RotateError};
