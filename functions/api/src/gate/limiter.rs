//! A tenant's rate limit. An instance leases blocks of the tenant's requests per minute from the ledger, and
//! counts the requests it gets against them.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use hooklane_app::ports::{Clock as _, QuotaStore};
use hooklane_domain::Timestamp;
use hooklane_domain::access::quota::{Lease, Quota, RequestDecision, Window};
use hooklane_domain::access::tenant::Tenant;
use hooklane_domain::ids::TenantId;
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue};

use crate::backend::{Deps, Leases, Ports};
use crate::gate::caller::Caller;
use crate::http::problem::Problem;

/// Counts a tenant's requests and refuses those over its limit.
pub(crate) async fn limit<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Response {
    let Some(standing) = standing(&deps, &caller).await else { return next.run(request).await };
    let mut response = if standing.refused {
        let seconds = standing.resets_at - deps.system.now().as_second();
        Problem::over_limit(seconds.max(1)).into_response()
    } else {
        next.run(request).await
    };
    write_quota(response.headers_mut(), standing);
    response
}

/// How much of a tenant's limit is left after this request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Standing {
    limit: u32,
    remaining: u32,
    /// Unix seconds.
    resets_at: i64,
    refused: bool,
}

/// The operator's own requests are neither counted nor refused, because a platform publishes for all its
/// tenants.
async fn standing<P: Ports>(deps: &Deps<P>, caller: &Caller) -> Option<Standing> {
    let tenant = caller.tenant.as_ref()?;
    let quota = quota(deps, tenant)?;
    let now = deps.system.now();
    Some(if caller.principal.is_operator() {
        peek(&deps.leases, &tenant.id, quota, now)
    } else {
        admit(&deps.leases, &deps.ledger, &tenant.id, quota, now).await
    })
}

impl<P: Ports> Deps<P> {
    /// Takes one request from a tenant's limit, for requests that are not of the API. If there is none left, says in
    /// how many seconds there is one.
    pub async fn over_limit(&self, tenant: &Tenant) -> Option<i64> {
        let now = self.system.now();
        let standing =
            admit(&self.leases, &self.ledger, &tenant.id, quota(self, tenant)?, now).await;
        standing.refused.then(|| (standing.resets_at - now.as_second()).max(1))
    }
}

fn quota<P: Ports>(deps: &Deps<P>, tenant: &Tenant) -> Option<Quota> {
    Quota::per_minute(tenant.settings.rate_limit.unwrap_or(deps.rate_limit))
}

/// Takes one request from the tenant's lease. If the ledger does not answer, the request passes: the limit
/// protects Hooklane, so its failure is no reason to refuse requests.
async fn admit(
    leases: &Leases,
    quotas: &impl QuotaStore,
    tenant: &TenantId,
    quota: Quota,
    now: Timestamp,
) -> Standing {
    let window = Window::at(now);
    let mut decision = with_lease(leases, tenant, window, quota, Lease::admit);
    if let RequestDecision::Lease(requests) = decision {
        match quotas.lease(tenant, window, requests).await {
            Ok(leased) => {
                decision = with_lease(leases, tenant, window, quota, |lease| {
                    lease.add(requests, leased);
                    lease.admit()
                });
            }
            Err(error) => {
                error.log("rate_limit.unknown");
                decision = RequestDecision::Granted;
            }
        }
    }
    let refused = decision != RequestDecision::Granted;
    Standing { refused, ..peek(leases, tenant, quota, now) }
}

/// What is left as far as this instance knows. Takes nothing.
fn peek(leases: &Leases, tenant: &TenantId, quota: Quota, now: Timestamp) -> Standing {
    let window = Window::at(now);
    let remaining = with_lease(leases, tenant, window, quota, |lease| lease.remaining());
    Standing { limit: quota.limit(), remaining, resets_at: window.ends_at(), refused: false }
}

fn with_lease<T>(
    leases: &Leases,
    tenant: &TenantId,
    window: Window,
    quota: Quota,
    act: impl FnOnce(&mut Lease) -> T,
) -> T {
    let new = || Lease::new(window, quota);
    leases.update(tenant, new, |lease| {
        if !lease.is_of(window, quota) {
            *lease = new();
        }
        act(lease)
    })
}

fn write_quota(headers: &mut HeaderMap, standing: Standing) {
    for (name, value) in [
        ("x-ratelimit-limit", standing.limit.into()),
        ("x-ratelimit-remaining", standing.remaining.into()),
        ("x-ratelimit-reset", standing.resets_at),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
    }
}
