use std::time::Duration;

use hooklane_contract::WireRequest;
use hooklane_domain::delivery::outcome::Outcome;
use hooklane_domain::webhook::network::TargetCidrs;
use hooklane_domain::webhook::target::TargetUrl;

/// Makes one request to a receiver.
pub trait Post: Send + Sync {
    /// Makes one POST that takes at most `limit`. Whatever goes wrong is its outcome.
    fn post(
        &self,
        to: Destination<'_>,
        request: WireRequest,
        limit: Duration,
    ) -> impl Future<Output = Sent> + Send;
}

/// Where a request goes, and the address ranges that it must stay within, if its webhook has any.
#[derive(Debug, Clone, Copy)]
pub struct Destination<'a> {
    pub url: &'a TargetUrl,
    pub only: Option<&'a TargetCidrs>,
}

impl<'a> From<&'a TargetUrl> for Destination<'a> {
    fn from(url: &'a TargetUrl) -> Self {
        Self { url, only: None }
    }
}

/// The outcome of a request, and how long it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub outcome: Outcome,
    pub took: Duration,
}
