//! Authentication: finds the caller by the bearer token.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use hooklane_app::ports::{Clock as _, TenantStore as _};
use hooklane_app::removed;
use hooklane_domain::Timestamp;
use hooklane_domain::access::tenant::Tenant;
use hooklane_domain::access::token::{InvalidToken, TokenClaims};
use hooklane_domain::ids::TenantId;
use lambda_http::http::header::AUTHORIZATION;
use lambda_http::http::{HeaderMap, HeaderValue};

use crate::backend::{Deps, Keys as _, Ports};
use crate::gate::caller::{Caller, Role};
use crate::http::problem::Problem;
use crate::http::span;

const TENANT_HEADER: &str = "x-tenant-id";

/// Attaches the caller to the request, or refuses it.
pub(crate) async fn authenticate<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    mut request: Request,
    next: Next,
) -> Response {
    match identify(&deps, request.headers()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

async fn identify<P: Ports>(deps: &Deps<P>, headers: &HeaderMap) -> Result<Caller, Problem> {
    let token = bearer(headers).ok_or_else(Problem::unauthorized)?;
    let now = deps.system.now();
    let named = headers.get(TENANT_HEADER).map(HeaderValue::to_str);
    let claims = match recognize(deps, token, now).await? {
        Credential::Token(claims) => claims,
        Credential::OperatorKey => {
            let tenant = match named {
                Some(name) => Some(usable_tenant(deps, &read_name(name)?, now).await?),
                None => None,
            };
            return Ok(Caller { role: Role::Operator, tenant });
        }
    };
    // Read at every request, so that a revoked token stops working immediately.
    let tenant = read_tenant(deps, &claims.tenant).await?;
    if tenant.token_generation != claims.generation {
        return Err(Problem::unauthorized());
    }
    if named.is_some_and(|name| name.ok() != Some(claims.tenant.as_str())) {
        let detail = "The header X-Tenant-Id names a different tenant than the token.";
        return Err(Problem::bad_request(detail));
    }
    Ok(Caller { role: Role::Tenant(claims.scopes), tenant: Some(tenant) })
}

/// The tenant that the operator names, unless it was removed and its id cannot be used yet: nobody may read
/// what is left of it.
async fn usable_tenant<P: Ports>(
    deps: &Deps<P>,
    id: &TenantId,
    now: Timestamp,
) -> Result<Tenant, Problem> {
    span::of_tenant(id);
    Ok(removed::usable(&deps.registry, id, now).await??)
}

async fn read_tenant<P: Ports>(deps: &Deps<P>, id: &TenantId) -> Result<Tenant, Problem> {
    span::of_tenant(id);
    Ok(deps.registry.tenant(id).await?)
}

enum Credential {
    OperatorKey,
    Token(TokenClaims),
}

/// Recognises a bearer token. An unknown one may belong to a key that was rotated a moment ago, so the
/// keys are read again once.
async fn recognize<P: Ports>(
    deps: &Deps<P>,
    token: &str,
    now: Timestamp,
) -> Result<Credential, Problem> {
    if deps.operator_keys.known(now).await?.holds(token) {
        return Ok(Credential::OperatorKey);
    }
    let verified = match TokenClaims::verify(token, &*deps.token_keys.known(now).await?, now) {
        Err(InvalidToken::Signature) => {
            TokenClaims::verify(token, &*deps.token_keys.newest(now).await?, now)
        }
        Err(InvalidToken::Shape) if deps.operator_keys.newest(now).await?.holds(token) => {
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
        .map_err(|e| Problem::bad_request(&format!("The header X-Tenant-Id {e}.")))
}
