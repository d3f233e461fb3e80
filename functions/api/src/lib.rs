//! `api`: the management API and one of the two doors for events.
//!
//! `routes` knows the operations; each module beside it holds the handlers of one resource, which
//! decode, call one use case of `hooklane-app`, and encode. `problem` is the one place that turns
//! errors into answers.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use hooklane_app::catalog::EventCatalog;
use hooklane_app::ports::{Deliveries, EventTypes, Events, Surroundings, Tenants, Waits, Webhooks};
use hooklane_app::webhooks::Rules;
use hooklane_domain::contract::Contracts;
use hooklane_domain::network::NetworkRules;

mod auth;
mod body;
mod deliveries;
mod etag;
mod event_types;
mod events;
mod openapi;
mod operation;
mod owner;
mod problem;
mod query;
mod reference;
mod routes;
mod schemas;
mod settings;
mod views;
mod webhooks;

#[cfg(test)]
mod tests;

pub use auth::OperatorKey;
pub use openapi::openapi_json;
pub use settings::Settings;

/// What the handlers work with.
pub struct Api<L, R, Q, K, S> {
    pub ledger: L,
    pub registry: R,
    pub queues: Q,
    pub operator_key: K,
    pub surroundings: S,
    pub contracts: Contracts,
    pub catalog: EventCatalog,
    pub network: NetworkRules,
}

/// Everything a handler needs of its [`Api`], whatever is behind it.
pub trait Backend: Send + Sync + 'static {
    type Ledger: Events + Deliveries;
    type Registry: Webhooks + Tenants + EventTypes;
    type Queues: Waits;
    type Key: OperatorKey;
    type Surroundings: Surroundings;

    fn ledger(&self) -> &Self::Ledger;
    fn registry(&self) -> &Self::Registry;
    fn queues(&self) -> &Self::Queues;
    fn operator_key(&self) -> &Self::Key;
    fn surroundings(&self) -> &Self::Surroundings;
    fn rules(&self) -> Rules<'_>;
}

impl<L, R, Q, K, S> Backend for Api<L, R, Q, K, S>
where
    L: Events + Deliveries + 'static,
    R: Webhooks + Tenants + EventTypes + 'static,
    Q: Waits + 'static,
    K: OperatorKey + 'static,
    S: Surroundings + 'static,
{
    type Ledger = L;
    type Registry = R;
    type Queues = Q;
    type Key = K;
    type Surroundings = S;

    fn ledger(&self) -> &L {
        &self.ledger
    }
    fn registry(&self) -> &R {
        &self.registry
    }
    fn queues(&self) -> &Q {
        &self.queues
    }
    fn operator_key(&self) -> &K {
        &self.operator_key
    }
    fn surroundings(&self) -> &S {
        &self.surroundings
    }
    fn rules(&self) -> Rules<'_> {
        Rules { contracts: &self.contracts, network: &self.network, catalog: &self.catalog }
    }
}

/// The largest body any route takes: a batch of events.
const MAX_BODY: usize = events::MAX_BATCH_BYTES;

/// Every route, under `/api/v1` and under the prefixes the documents call them by.
pub fn router<B: Backend>(api: Arc<B>) -> Router {
    let (routes, _) = routes::all::<B>().split_for_parts();
    Router::new()
        .merge(routes.clone())
        .nest("/api", routes.clone())
        .nest("/api/v1", routes)
        .fallback(problem::no_route)
        .method_not_allowed_fallback(problem::no_method)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(api)
}
