//! What the operator sees across all tenants: signing in to its pages, finding what an id names, what is in trouble,
//! and how the service is doing. Each call makes a bounded number of requests, whatever is stored.

mod finding;
mod signing_in;
mod state;
mod tenants;
mod troubles;

pub use finding::{Found, Hit, MAX_TENANTS, NoId, find};
pub use signing_in::{admit, admits, link, session, view};
pub use state::{Letters, State, letter_counts, state};
pub use tenants::{TenantRow, TenantRows, tenants};
pub use troubles::{Order, Trouble, Troubles, troubles};

#[cfg(test)]
mod tests;
