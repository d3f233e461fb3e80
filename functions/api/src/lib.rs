//! `api`: the management API and one of the two doors for events.
//!
//! `routes` knows the operations; each module beside it holds the handlers of one resource, which
//! decode, call one use case of `hooklane-app`, and encode. `problem` is the one place that turns
//! errors into answers; `shape` gives a tenant's clients the answers they know from its contract.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use hooklane_app::catalog::EventCatalog;
use hooklane_app::ports::{
    AttemptLog, Clock, DeferQueue, DeliveryStore, Entropy, EventStore, EventTypeStore, HealthStore,
    IdempotencyStore, ParkingStore, Post, QuotaStore, RecoveryStore, SlotStore, TenantStore,
    TestAttemptStore, WatchList, WebhookStore,
};
use hooklane_app::tenants::SettingsRules;
use hooklane_app::webhooks::Rules;
use hooklane_contract::Contracts;
use hooklane_domain::webhook::network::NetworkRules;

mod auth;
mod body;
mod cursor;
mod deliveries;
mod etag;
mod event_types;
mod events;
mod gate;
mod idempotency;
mod limiter;
mod logs;
mod openapi;
mod operation;
mod owner;
mod parameters;
mod pausing;
mod problem;
mod query;
mod recover;
mod reference;
mod routes;
mod schemas;
mod secrets;
mod settings;
mod shape;
mod statistics;
mod status;
mod tenants;
mod testing;
mod views;
mod webhooks;

#[cfg(test)]
mod tests;

pub use auth::Keys;
pub use limiter::Limiter;
pub use openapi::openapi_json;
pub use settings::Settings;
use shape::Operations;
pub use status::Pulse;

/// What the handlers work with.
pub struct Api<L, R, Q, P, K, S> {
    pub ledger: L,
    pub registry: R,
    pub queues: Q,
    pub sender: P,
    pub operator_keys: K,
    /// They sign tenants' tokens.
    pub token_keys: K,
    pub system: S,
    pub contracts: Contracts,
    pub catalog: EventCatalog,
    pub network: NetworkRules,
    /// A tenant's requests a minute unless its settings say otherwise; 0 for as many as it likes.
    pub rate_limit: u32,
    pub limiter: Limiter,
    pub pulse: Pulse,
}

/// The ports of the ledger.
pub trait Ledger:
    EventStore
    + DeliveryStore
    + AttemptLog
    + ParkingStore
    + SlotStore
    + IdempotencyStore
    + TestAttemptStore
    + QuotaStore
{
}
impl<T> Ledger for T where
    T: EventStore
        + DeliveryStore
        + AttemptLog
        + ParkingStore
        + SlotStore
        + IdempotencyStore
        + TestAttemptStore
        + QuotaStore
{
}

/// Everything a handler needs of its [`Api`], whatever is behind it.
pub trait Backend: Send + Sync + 'static {
    type Ledger: Ledger;
    type Registry: WebhookStore
        + TenantStore
        + EventTypeStore
        + HealthStore
        + WatchList
        + RecoveryStore;
    type Queues: DeferQueue;
    type Sender: Post;
    type Keys: Keys;
    type System: Clock + Entropy;

    fn ledger(&self) -> &Self::Ledger;
    fn registry(&self) -> &Self::Registry;
    fn queues(&self) -> &Self::Queues;
    fn sender(&self) -> &Self::Sender;
    fn operator_keys(&self) -> &Self::Keys;
    fn token_keys(&self) -> &Self::Keys;
    fn system(&self) -> &Self::System;
    fn rules(&self) -> Rules<'_>;
    fn names(&self) -> SettingsRules<'_>;
    fn rate_limit(&self) -> u32;
    fn limiter(&self) -> &Limiter;
    fn pulse(&self) -> &Pulse;
}

impl<L, R, Q, P, K, S> Backend for Api<L, R, Q, P, K, S>
where
    L: Ledger + 'static,
    R: WebhookStore
        + TenantStore
        + EventTypeStore
        + HealthStore
        + WatchList
        + RecoveryStore
        + 'static,
    Q: DeferQueue + 'static,
    P: Post + 'static,
    K: Keys + 'static,
    S: Clock + Entropy + 'static,
{
    type Ledger = L;
    type Registry = R;
    type Queues = Q;
    type Sender = P;
    type Keys = K;
    type System = S;

    fn ledger(&self) -> &L {
        &self.ledger
    }
    fn registry(&self) -> &R {
        &self.registry
    }
    fn queues(&self) -> &Q {
        &self.queues
    }
    fn sender(&self) -> &P {
        &self.sender
    }
    fn operator_keys(&self) -> &K {
        &self.operator_keys
    }
    fn token_keys(&self) -> &K {
        &self.token_keys
    }
    fn system(&self) -> &S {
        &self.system
    }
    fn rules(&self) -> Rules<'_> {
        Rules {
            contracts: &self.contracts,
            network: &self.network,
            catalog: &self.catalog,
            tenant_contract: None,
        }
    }
    fn names(&self) -> SettingsRules<'_> {
        SettingsRules { contracts: &self.contracts, catalogs: self.catalog.files() }
    }
    fn rate_limit(&self) -> u32 {
        self.rate_limit
    }
    fn limiter(&self) -> &Limiter {
        &self.limiter
    }
    fn pulse(&self) -> &Pulse {
        &self.pulse
    }
}

/// The largest body any route takes: a batch of events.
const MAX_BODY: usize = events::MAX_BATCH_BYTES;

/// The prefixes that every route answers under: the canonical one, and those the documents call.
pub(crate) const PREFIXES: [&str; 3] = ["/api/v1", "/api", ""];

/// Every route under every prefix.
pub fn router<B: Backend>(api: Arc<B>) -> Router {
    let enter = from_fn_with_state(Arc::clone(&api), gate::enter::<B>);
    let limit = from_fn_with_state(Arc::clone(&api), gate::limit::<B>);
    let (guarded, described) = routes::guarded::<B>().split_for_parts();
    let operations = Arc::new(Operations::of(&described));
    let shape = from_fn_with_state((Arc::clone(&api), operations), shape::apply::<B>);
    let (open, _) = routes::open::<B>().split_for_parts();
    // The last layer is the outermost.
    let routes = guarded.route_layer(limit).route_layer(shape).route_layer(enter).merge(open);
    let router = PREFIXES.iter().fold(Router::new(), |router, prefix| match *prefix {
        "" => router.merge(routes.clone()),
        prefix => router.nest(prefix, routes.clone()),
    });
    router
        .fallback(problem::no_route)
        .method_not_allowed_fallback(problem::no_method)
        .layer(axum::middleware::from_fn(problem::only_text_paths))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(api)
}
