//! The HTTP client that calls receivers.
//!
//! It does not follow redirects, uses no proxy, decompresses nothing, and bounds what it reads of each
//! answer. It connects only to addresses that it has judged: `guard` is the resolver of its connections, so
//! the addresses that are judged are the very ones that are connected to.

mod answer;
mod classify;
mod connection;
mod connector;
mod guard;
mod lookup;
mod meter;
mod pool;
mod record;
mod request;
mod sender;
mod trust;

#[cfg(test)]
mod tests;

pub use hooklane_app::ports::{Destination, Sent};
pub use sender::Sender;
pub use trust::{InvalidCas, TrustedCas};
