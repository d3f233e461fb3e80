//! What `delivery` touches, as its worker sees it.

use std::time::Duration;

use hooklane_app::ports::{
    Brakes, DeadLetters, Deliveries, Events, Healths, Slots, Surroundings, Tenants, Waits, Watches,
    Webhooks,
};
use hooklane_domain::contract::WireRequest;
use hooklane_domain::target::TargetUrl;
use hooklane_sender::Sent;

/// The things a worker works with: the real ones, or fakes in a test.
pub trait Edge {
    type Ledger: Deliveries + Events + Slots;
    type Registry: Webhooks + Tenants + Healths + Watches + Brakes;
    type Queues: Waits;
    type DeadLetters: DeadLetters;
    type Sender: Post;
    type Surroundings: Surroundings;
}

/// Makes one request to a receiver.
pub trait Post: Send + Sync {
    /// One POST, over within `limit`; whatever goes wrong is its outcome.
    fn post(
        &self,
        url: &TargetUrl,
        request: WireRequest,
        limit: Duration,
    ) -> impl Future<Output = Sent> + Send;
}
