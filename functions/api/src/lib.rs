//! `api`: the management API and one of the two doors for events.
//!
//! `router` knows the paths; each module beside it holds the handlers of one resource, which
//! decode, call one use case of `hooklane-app`, and encode. `problem` is the one place that turns
//! errors into answers.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use hooklane_app::ports::{Deliveries, Events, Surroundings, Waits, Webhooks};
use hooklane_app::webhooks::Rules;
use hooklane_domain::contract::Contracts;
use hooklane_domain::network::NetworkRules;

mod auth;
mod body;
mod deliveries;
mod etag;
mod events;
mod problem;
mod query;
mod settings;
mod views;
mod webhooks;

#[cfg(test)]
mod tests;

pub use auth::OperatorKey;
pub use settings::Settings;

/// What the handlers work with.
pub struct Api<L, R, Q, K, S> {
    pub ledger: L,
    pub registry: R,
    pub queues: Q,
    pub operator_key: K,
    pub surroundings: S,
    pub contracts: Contracts,
    pub network: NetworkRules,
}

/// Everything a handler needs of its [`Api`], whatever is behind it.
pub trait Backend: Send + Sync + 'static {
    type Ledger: Events + Deliveries;
    type Registry: Webhooks;
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
    R: Webhooks + 'static,
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
        Rules { contracts: &self.contracts, network: &self.network }
    }
}

/// The largest body any route takes: a batch of events.
const MAX_BODY: usize = events::MAX_BATCH_BYTES;

/// Every route, under `/api/v1` and under the prefixes the documents call them by.
pub fn router<B: Backend>(api: Arc<B>) -> Router {
    Router::new()
        .merge(routes::<B>())
        .nest("/api", routes::<B>())
        .nest("/api/v1", routes::<B>())
        .fallback(problem::no_route)
        .method_not_allowed_fallback(problem::no_method)
        .layer(axum::middleware::from_fn(problem::only_text_paths))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(api)
}

fn routes<B: Backend>() -> Router<Arc<B>> {
    Router::new()
        .route("/events", post(events::publish::<B>))
        .route("/events/{event}", get(events::get::<B>))
        .route("/events/batch", post(events::publish_batch::<B>))
        .route("/webhooks", get(webhooks::list::<B>).post(webhooks::create::<B>))
        .route(
            "/webhooks/{webhook}",
            get(webhooks::get::<B>)
                .put(webhooks::change::<B>)
                .patch(webhooks::change::<B>)
                .delete(webhooks::delete::<B>),
        )
        .route("/webhooks/deliveries/{delivery}/retry", post(deliveries::retry::<B>))
        .route("/webhooks/deliveries/{delivery}/cancel", post(deliveries::cancel::<B>))
        .route("/webhooks/{webhook}/deliveries", get(deliveries::list::<B>))
        .route("/webhooks/{webhook}/deliveries/{delivery}", get(deliveries::get::<B>))
}
