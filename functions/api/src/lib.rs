//! `api`: the management API and one of the two doors for events.
//!
//! A request passes `gate` (who asks, within which limit, in which contract's words) and arrives at a
//! handler of `resources`, which decodes, calls one use case of `hooklane-app`, and encodes. `http` has
//! what all handlers share; `http::problem` is the one place that turns errors into answers.
//! `description` completes the OpenAPI document that the handlers' annotations make. `router` puts all
//! of it together over `backend`, the ports.

mod backend;
mod description;
mod gate;
mod http;
mod production;
mod resources;
mod router;
mod settings;

#[cfg(test)]
mod tests;

pub use backend::{Deps, Keys, Leases, Ledger, Ports, Pulse, Registry};
pub use production::Production;
pub use router::{openapi_json, router};
pub use settings::Settings;
