use std::time::Duration;

use hooklane_contract::WireRequest;
use hooklane_domain::delivery::outcome::Outcome;
use hooklane_domain::delivery::remark::Remark;
use hooklane_domain::ids::TenantId;
use hooklane_domain::webhook::Webhook;
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

/// Where a request goes, for whom, and the address ranges that it must stay within, if its webhook has any.
#[derive(Debug, Clone, Copy)]
pub struct Destination<'a> {
    pub tenant: &'a TenantId,
    pub url: &'a TargetUrl,
    pub only: Option<&'a TargetCidrs>,
}

impl<'a> From<&'a Webhook> for Destination<'a> {
    fn from(webhook: &'a Webhook) -> Self {
        let Webhook { tenant, url, target_cidrs, .. } = webhook;
        Self { tenant, url, only: target_cidrs.as_ref() }
    }
}

/// The outcome of a request, and how long it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub outcome: Outcome,
    /// What there is to say beside the outcome.
    pub remarks: Vec<Remark>,
    pub took: Duration,
}
