use std::time::Duration;

use hooklane_domain::contract::WireRequest;
use hooklane_domain::outcome::Outcome;
use hooklane_domain::target::TargetUrl;

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

/// What came of a request, and how long it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub outcome: Outcome,
    pub took: Duration,
}
