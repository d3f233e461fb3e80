//! The HTTP client that calls receivers.
//!
//! It does not follow redirects, uses no proxy, decompresses nothing and reads a bounded part of each
//! response. It connects only to addresses that it has judged: `guard` is the resolver of its clients, so
//! the addresses that are judged are the very ones that are connected to.

mod classify;
mod clients;
mod guard;
mod read;
mod sender;

#[cfg(test)]
mod tests;

pub use clients::ClientError;
pub use hooklane_app::ports::{Destination, Sent};
pub use sender::Sender;
