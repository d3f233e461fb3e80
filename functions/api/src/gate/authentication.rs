//! Authentication: finds out who makes a request by its bearer text, which is an operator key, a key of a tenant
//! or a token.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures::future::{join, try_join};
use hooklane_app::ports::{Clock as _, KeyStore, TenantStore as _};
use hooklane_app::removed;
use hooklane_domain::Timestamp;
use hooklane_domain::access::key::{Key, KeyText};
use hooklane_domain::access::principal::Principal;
use hooklane_domain::access::tenant::Tenant;
use hooklane_domain::access::token::{InvalidToken, TokenClaims};
use hooklane_domain::ids::{ClientsTenant, InvalidId, TenantId};
use hooklane_domain::time::whole_millisecond;
use lambda_http::http::header::AUTHORIZATION;
use lambda_http::http::{HeaderMap, HeaderValue};

use crate::backend::{Deps, Keys as _, Ports};
use crate::gate::caller::Caller;
use crate::http::problem::Problem;
use crate::http::span;

const TENANT_HEADER: &str = "x-tenant-id";

/// Attaches the caller to the request, or refuses it. The use of a key is noted beside the handler.
pub(crate) async fn authenticate<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    mut request: Request,
    next: Next,
) -> Response {
    let now = deps.system.now();
    match identify(&deps, request.headers(), now).await {
        Ok((caller, key)) => {
            span::of_principal(&caller.principal);
            request.extensions_mut().insert(caller);
            let used = key.filter(|key| key.use_is_due(now));
            let (response, ()) = join(next.run(request), note_use(&deps.registry, used, now)).await;
            response
        }
        Err(problem) => problem.into_response(),
    }
}

/// Writes that a key was used. A failure is no reason to refuse what the key asks for.
async fn note_use(keys: &impl KeyStore, used: Option<Key>, now: Timestamp) {
    let Some(key) = used else { return };
    if let Err(error) = keys.note_use(&key.tenant, key.id, whole_millisecond(now)).await {
        error.log("key.use_not_noted");
    }
}

/// The caller, and the key that it holds.
async fn identify<P: Ports>(
    deps: &Deps<P>,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<(Caller, Option<Key>), Problem> {
    let text = bearer(headers).ok_or_else(Problem::unauthorized)?;
    let named = headers.get(TENANT_HEADER).map(HeaderValue::to_str);
    let (principal, tenant, key) = match recognize(deps, text, now).await? {
        Credential::OperatorKey => {
            let tenant = match named {
                Some(name) => Some(usable_tenant(deps, &read_name(name)?, now).await?),
                None => None,
            };
            return Ok((Caller { principal: Principal::Operator, tenant }, None));
        }
        Credential::Key(text) => {
            let (tenant, key) = holder_of(deps, &text, now).await?;
            let (id, scopes) = (key.id, key.scopes.clone());
            (Principal::Key { id, tenant: key.tenant.clone(), scopes }, tenant, Some(key))
        }
        Credential::Token(claims) => {
            let tenant = tenant_of(deps, &claims).await?;
            let TokenClaims { tenant: id, scopes, .. } = claims;
            (Principal::Token { tenant: id, scopes }, tenant, None)
        }
    };
    // From a time when a tenant could have this id.
    if tenant.id.is_canary() {
        return Err(Problem::unauthorized());
    }
    if named.is_some_and(|name| name.ok() != Some(tenant.id.as_str())) {
        let kind = principal.kind();
        let detail = format!("The header X-Tenant-Id names a different tenant than the {kind}.");
        return Err(Problem::bad_request(&detail));
    }
    Ok((Caller { principal, tenant: Some(tenant) }, key))
}

/// The tenant of a key's text and the key itself. Both are read at every request, at the same time, so that a
/// revoked key stops working immediately.
async fn holder_of<P: Ports>(
    deps: &Deps<P>,
    text: &KeyText,
    now: Timestamp,
) -> Result<(Tenant, Key), Problem> {
    let (registry, id) = (&deps.registry, &text.tenant);
    let (tenant, key) = try_join(registry.tenant(id), registry.key(id, text.id)).await?;
    // The keys of a removed tenant are deleted, but not all of them at once.
    let valid =
        key.filter(|key| tenant.tombstone.is_none() && key.verify(&text.secret, now).is_ok());
    let key = valid.ok_or_else(Problem::unauthorized)?;
    span::of_tenant(id);
    Ok((tenant, key))
}

/// The tenant of a token. It is read at every request, so that a revoked token stops working immediately.
async fn tenant_of<P: Ports>(deps: &Deps<P>, claims: &TokenClaims) -> Result<Tenant, Problem> {
    span::of_tenant(&claims.tenant);
    let tenant = deps.registry.tenant(&claims.tenant).await?;
    if tenant.token_generation == claims.generation {
        Ok(tenant)
    } else {
        Err(Problem::unauthorized())
    }
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

enum Credential {
    OperatorKey,
    Key(KeyText),
    Token(TokenClaims),
}

/// Recognises a bearer text. An unknown one may belong to an operator key or a signing key that was rotated a
/// moment ago, so these are read again once.
async fn recognize<P: Ports>(
    deps: &Deps<P>,
    text: &str,
    now: Timestamp,
) -> Result<Credential, Problem> {
    if deps.operator_keys.known(now).await?.holds(text) {
        return Ok(Credential::OperatorKey);
    }
    if let Some(key) = KeyText::parse(text) {
        return Ok(Credential::Key(key));
    }
    let verified = match TokenClaims::verify(text, &*deps.token_keys.known(now).await?, now) {
        Err(InvalidToken::Signature) => {
            TokenClaims::verify(text, &*deps.token_keys.newest(now).await?, now)
        }
        Err(InvalidToken::Shape) if deps.operator_keys.newest(now).await?.holds(text) => {
            return Ok(Credential::OperatorKey);
        }
        verified => verified,
    };
    verified.map(Credential::Token).map_err(|_| Problem::unauthorized())
}

/// The text of the header `Authorization: Bearer`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn read_name(
    name: Result<&str, lambda_http::http::header::ToStrError>,
) -> Result<TenantId, Problem> {
    let read = name.unwrap_or_default().parse();
    let read = read.map(|ClientsTenant(tenant)| tenant);
    read.map_err(|e: InvalidId| Problem::bad_request(&format!("The header X-Tenant-Id {e}.")))
}
