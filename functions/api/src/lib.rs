//! `api`: the management API, and one of the two ways to publish events.
//!
//! `edge` reads the request from the event of API Gateway. It passes `gate` (authentication, the tenant's
//! contract, the rate limit) and reaches a handler in `resources`. The handler decodes the request, calls one
//! use case of `hooklane-app`, and encodes the answer. `http` contains what all handlers share; only
//! `http::problem` turns errors into answers. `operation` registers a handler together with its description,
//! and `description` completes the OpenAPI document that these make. `router` puts everything together over
//! the ports in `backend`.

mod backend;
mod description;
mod edge;
mod gate;
mod http;
mod operation;
mod production;
mod resources;
mod router;
mod settings;

#[cfg(test)]
mod tests;

pub use backend::{Deps, Keys, Leases, Ledger, Ports, Pulse, Registry};
pub use edge::{Edge, NoRequest};
pub use http::span::open as open_span;
pub use production::Production;
pub use resources::{attempts_file, attempts_file_name, shown_fields};
pub use router::{openapi_json, router};
pub use settings::Settings;
