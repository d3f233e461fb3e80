//! What every request but the open ones passes: whose bearer token it carries, and whether its tenant is
//! within its rate limit. Between the two stands `shape`, so that a tenant is refused in its own words.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use hooklane_app::ports::{Clock as _, TenantStore as _};
use hooklane_domain::Timestamp;
use hooklane_domain::access::quota::Quota;
use hooklane_domain::access::tenant::Tenant;
use hooklane_domain::access::token::{InvalidToken, TokenClaims};
use hooklane_domain::ids::TenantId;
use lambda_http::http::header::AUTHORIZATION;
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue};

use crate::Backend;
use crate::auth::{Caller, Keys as _, Role};
use crate::limiter::Standing;
use crate::problem::Problem;

const TENANT_HEADER: &str = "x-tenant-id";

/// Finds out who is asking.
pub(crate) async fn enter<B: Backend>(
    State(api): State<Arc<B>>,
    mut request: Request,
    next: Next,
) -> Response {
    match identify(&*api, request.headers()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// Counts what a tenant asks, and refuses what is over its limit.
pub(crate) async fn limit<B: Backend>(
    State(api): State<Arc<B>>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Response {
    let standing = standing(&*api, &caller).await;
    let refused = matches!(standing, Some(Standing { refused: true, .. }));
    let mut response = if refused {
        let seconds = standing.map_or(1, |s| s.resets_at - api.system().now().as_second());
        Problem::over_limit(seconds.max(1)).into_response()
    } else {
        next.run(request).await
    };
    if let Some(standing) = standing {
        write_quota(response.headers_mut(), standing);
    }
    response
}

async fn identify<B: Backend>(api: &B, headers: &HeaderMap) -> Result<Caller, Problem> {
    let token = bearer(headers).ok_or_else(Problem::unauthorized)?;
    let now = api.system().now();
    let named = headers.get(TENANT_HEADER).map(HeaderValue::to_str);
    let claims = match recognize(api, token, now).await? {
        Credential::Token(claims) => claims,
        Credential::OperatorKey => {
            let tenant = match named {
                Some(name) => Some(api.registry().tenant(&read_name(name)?).await?),
                None => None,
            };
            return Ok(Caller { role: Role::Operator, tenant });
        }
    };
    // Read at every request, so that a revoked token stops at once.
    let tenant = api.registry().tenant(&claims.tenant).await?;
    if tenant.token_generation != claims.generation {
        return Err(Problem::unauthorized());
    }
    if named.is_some_and(|name| name.ok() != Some(claims.tenant.as_str())) {
        let detail = "the header X-Tenant-Id names another tenant than the token does";
        return Err(Problem::bad_request(detail));
    }
    Ok(Caller { role: Role::Tenant(claims.scopes), tenant: Some(tenant) })
}

enum Credential {
    OperatorKey,
    Token(TokenClaims),
}

/// What a bearer token is. One that is not known may be of a key that was made a moment ago.
async fn recognize<B: Backend>(
    api: &B,
    token: &str,
    now: Timestamp,
) -> Result<Credential, Problem> {
    if api.operator_keys().known(now).await?.holds(token) {
        return Ok(Credential::OperatorKey);
    }
    let verified = match TokenClaims::verify(token, &*api.token_keys().known(now).await?, now) {
        Err(InvalidToken::Signature) => {
            TokenClaims::verify(token, &*api.token_keys().newest(now).await?, now)
        }
        Err(InvalidToken::Shape) if api.operator_keys().newest(now).await?.holds(token) => {
            return Ok(Credential::OperatorKey);
        }
        verified => verified,
    };
    verified.map(Credential::Token).map_err(|_| Problem::unauthorized())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn read_name(
    name: Result<&str, lambda_http::http::header::ToStrError>,
) -> Result<TenantId, Problem> {
    name.unwrap_or_default()
        .parse()
        .map_err(|e| Problem::bad_request(&format!("the header X-Tenant-Id {e}")))
}

/// Where the tenant stands with its limit. The operator's own requests are neither counted nor refused: a
/// platform publishes for all its tenants.
async fn standing<B: Backend>(api: &B, caller: &Caller) -> Option<Standing> {
    let tenant = caller.tenant.as_ref()?;
    let quota = quota(api, tenant)?;
    let now = api.system().now();
    Some(match caller.role {
        Role::Operator => api.limiter().look(&tenant.id, quota, now),
        Role::Tenant(_) => api.limiter().admit(api.ledger(), &tenant.id, quota, now).await,
    })
}

fn quota<B: Backend>(api: &B, tenant: &Tenant) -> Option<Quota> {
    Quota::per_minute(tenant.settings.rate_limit.unwrap_or_else(|| api.rate_limit()))
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
