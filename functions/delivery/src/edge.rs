//! What `delivery` touches, as its worker sees it.

use std::time::Duration;

use hooklane_app::ports::{DeadLetters, Deliveries, Events, Surroundings, Waits, Webhooks};
use hooklane_domain::contract::WireRequest;
use hooklane_sender::{Destination, Sent};

/// The things a worker works with: the real ones, or fakes in a test.
pub trait Edge {
    type Ledger: Deliveries + Events;
    type Registry: Webhooks;
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
        to: Destination<'_>,
        request: WireRequest,
        limit: Duration,
    ) -> impl Future<Output = Sent> + Send;
}
