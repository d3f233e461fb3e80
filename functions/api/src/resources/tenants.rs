//! `/tenants` and the paths below it, for the operator only.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_app::ports::{Clock as _, TenantStore as _};
use hooklane_app::removed;
use hooklane_app::tenants::{self, Removal};
use hooklane_domain::access::tenant::Tenant;
use hooklane_domain::ids::TenantId;
use lambda_http::http::StatusCode;
use lambda_http::http::header::{CACHE_CONTROL, ETAG};
use serde::Serialize;
use utoipa::ToSchema;

use crate::backend::{Deps, Keys as _, Ports};
use crate::gate::caller::Operator;
use crate::http::body::Text;
use crate::http::etag::{self, IfMatch};
use crate::http::path;
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::resources::schemas::tenants::{NewToken, TenantSettings as SettingsSchema};
use crate::resources::views::{TenantView, TokenView};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TenantPage)]
pub(crate) struct PageView {
    data: Vec<TenantView>,
    /// Pass it as `cursor` to get the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[utoipa::path(
    get,
    path = "/tenants",
    operation_id = "listTenants",
    summary = "List the tenants that have, or once had, a webhook, a key, settings or event types, by id; a removed tenant is not listed",
    description = "Operator key only.",
    security(("bearer" = [])),
    params(
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Rows per page; 20 by default"),
        ("cursor" = Option<String>, Query, description = "The `nextCursor` of the previous page",
            pattern = "^[A-Za-z0-9_-]{1,64}$"),
    ),
    responses((status = 200, description = "A page", body = PageView)),
)]
pub(crate) async fn list<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    _: Operator,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let mut query = Query::of(raw.as_deref());
    let (limit, after) = (query.limit(), query.parse::<TenantId>("cursor"));
    query.finish()?;
    let page = deps.registry.tenants(after.as_ref(), limit).await?;
    let view = PageView {
        data: page.tenants.iter().map(TenantView::new).collect(),
        next_cursor: page.next.map(|id| id.to_string()),
    };
    Ok(Json(view).into_response())
}

#[utoipa::path(
    get,
    path = "/tenants/{tenant}",
    operation_id = "getTenant",
    summary = "Get a tenant's settings, and what it uses of its quotas",
    description = "Operator key only.",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The settings; send the `ETag` as `If-Match`", body = TenantView,
            headers(("ETag" = String))),
        (status = 410, description = "The tenant was removed, and its id cannot be used yet"),
    ),
)]
pub(crate) async fn get<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    _: Operator,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = path::tenant(&id)?;
    let now = deps.system.now();
    if !deps.registry.is_listed(&id).await? {
        removed::usable(&deps.registry, &id, now).await??;
        return Err(path::missing::<TenantId>());
    }
    let tenant = deps.registry.tenant(&id).await?;
    let quotas = deps.quotas_of(&tenant);
    let usage = tenants::usage(&deps.registry, &deps.ledger, &quotas, &tenant, now).await?;
    let view = TenantView::with_usage(&tenant, &usage);
    Ok(([(ETAG, etag::of(tenant.revision))], Json(view)).into_response())
}

#[utoipa::path(
    put,
    path = "/tenants/{tenant}",
    operation_id = "setTenant",
    summary = "Set a tenant's settings; omitted fields get their defaults",
    description = "Operator key only. Tenants need no registration: a tenant exists from its first use.",
    security(("bearer" = [])),
    params(
        ("If-Match" = Option<String>, Header, description = "The expected `ETag`; answers 412 if it differs"),
    ),
    request_body(content = SettingsSchema),
    responses(
        (status = 200, description = "The settings after the change", body = TenantView, headers(("ETag" = String))),
        (status = 410, description = "The tenant was removed, and its id cannot be used yet"),
    ),
)]
pub(crate) async fn set<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    _: Operator,
    Path(id): Path<String>,
    IfMatch(known): IfMatch,
    Text(body): Text,
) -> Result<Response, Problem> {
    let id = path::tenant(&id)?;
    let now = deps.system.now();
    let set = tenants::set(&deps.registry, deps.names(), &id, &known, &body, now).await?;
    Ok(shown(&set))
}

#[utoipa::path(
    delete,
    path = "/tenants/{tenant}",
    operation_id = "deleteTenant",
    summary = "Remove a tenant",
    description = "Operator key only. Its webhooks, keys, tokens, settings and event types are deleted at once. Its \
        events and deliveries expire. Until all of it has expired, its id cannot be used again: every request \
        for it is answered with 410 and the time from which it can. A tenant with thousands of webhooks is not \
        removed by one request: repeat the request while the answer is 202.",
    security(("bearer" = [])),
    responses(
        (status = 204, description = "Removed"),
        (status = 202, description = "Removed, but some webhooks are still to be deleted: repeat the request"),
    ),
)]
pub(crate) async fn remove<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    _: Operator,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = path::tenant(&id)?;
    let stores = (&deps.registry, &deps.ledger);
    match tenants::remove(stores, &deps.system, deps.retention, &id).await? {
        Removal::Done => Ok(StatusCode::NO_CONTENT.into_response()),
        Removal::Unfinished => Ok(StatusCode::ACCEPTED.into_response()),
        Removal::Missing => Err(path::missing::<TenantId>()),
    }
}

#[utoipa::path(
    post,
    path = "/tenants/{tenant}/tokens",
    operation_id = "createToken",
    summary = "Create a token for a tenant",
    description = "Operator key only. The token is a JWT that is valid for at most a day; a key (`POST /keys`) lasts. \
        Only this answer shows it; Hooklane does not store it.",
    security(("bearer" = [])),
    request_body(content = NewToken),
    responses(
        (status = 201, description = "The token", body = TokenView),
        (status = 410, description = "The tenant was removed, and its id cannot be used yet"),
        (status = 429, description = "As many tokens as may be were created for the tenant today; `Retry-After` says when to try again"),
    ),
)]
pub(crate) async fn create_token<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    _: Operator,
    Path(id): Path<String>,
    Text(body): Text,
) -> Result<Response, Problem> {
    let id = path::tenant(&id)?;
    let keys = deps.token_keys.known(deps.system.now()).await?;
    let (stores, key) = ((&deps.registry, &deps.ledger), keys.current());
    let minted = tenants::issue_token(stores, &deps.system, key, &deps.quotas, &id, &body).await?;
    let headers = [(CACHE_CONTROL, "no-store")];
    Ok((StatusCode::CREATED, headers, Json(TokenView::new(&minted))).into_response())
}

#[utoipa::path(
    post,
    path = "/tenants/{tenant}/tokens/revoke",
    operation_id = "revokeTokens",
    summary = "Revoke every token of a tenant",
    description = "Operator key only. They stop working immediately. Its keys stay valid: revoke each with \
        `DELETE /keys/{key}`.",
    security(("bearer" = [])),
    responses((status = 204, description = "Revoked")),
)]
pub(crate) async fn revoke_tokens<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    _: Operator,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    deps.registry.revoke_tokens(&path::tenant(&id)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn shown(tenant: &Tenant) -> Response {
    ([(ETAG, etag::of(tenant.revision))], Json(TenantView::new(tenant))).into_response()
}
