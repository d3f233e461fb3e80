//! `/keys`: a tenant's keys. Only the answers to a creation and to a rotation show the text of a key.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_app::keys;
use hooklane_app::ports::{Clock as _, KeyStore as _};
use hooklane_domain::access::quotas::QuotaName;
use hooklane_domain::ids::KeyId;
use lambda_http::http::StatusCode;
use lambda_http::http::header::{CACHE_CONTROL, LOCATION};
use serde::Serialize;
use utoipa::ToSchema;

use crate::backend::{Deps, Ports};
use crate::gate::caller::{Caller, KeyReader, KeyWriter, READ_KEYS, WRITE_KEYS};
use crate::http::body::Text;
use crate::http::cursor::List;
use crate::http::path;
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::resources::schemas::keys::{KeyChange, KeyRotation, NewKey};
use crate::resources::views::{KeyView, KeyWithSecret};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = KeyPage)]
pub(crate) struct PageView {
    data: Vec<KeyView>,
    /// Pass it as `cursor` to get the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<String>,
}

#[utoipa::path(
    get,
    path = "/keys",
    operation_id = "listKeys",
    summary = "List the tenant's keys, newest first; expired ones too, until they are deleted",
    security(("bearer" = [READ_KEYS])),
    params(
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Rows per page; 20 by default"),
        ("cursor" = Option<String>, Query, description = "The `nextCursor` of the previous page"),
    ),
    responses((status = 200, description = "A page", body = PageView)),
)]
pub(crate) async fn list<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    KeyReader(tenant): KeyReader,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let list = List::of(&[&"keys", &tenant]);
    let mut query = Query::of(raw.as_deref());
    let (limit, after) = (query.limit(), query.place::<KeyId>(&list));
    query.finish()?;
    let page = deps.registry.keys(&tenant, after, limit).await?;
    let now = deps.system.now();
    let view = PageView {
        data: page.keys.iter().map(|key| KeyView::new(key, now)).collect(),
        next_cursor: page.next.map(|id| list.cursor(id)),
    };
    Ok(Json(view).into_response())
}

#[utoipa::path(
    post,
    path = "/keys",
    operation_id = "createKey",
    summary = "Create a key of the tenant",
    description = "A key is a lasting bearer token of the tenant, for its own programs. Only this answer shows its \
        `secret`; Hooklane stores a hash of it. A caller that is not the operator can give a key only scopes that \
        it has itself.",
    security(("bearer" = [WRITE_KEYS])),
    request_body(content = NewKey),
    responses(
        (
            status = 201, description = "Created; the answer includes the secret", body = KeyWithSecret,
            headers(
                ("Location" = String, description = "The key's path"),
                ("Cache-Control" = String, description = "`no-store`"),
            ),
        ),
        (status = 409, description = "The quota of keys is used up: `quota`, `limit` and `used` say so"),
    ),
)]
pub(crate) async fn create<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    KeyWriter(tenant): KeyWriter,
    caller: Caller,
    Text(body): Text,
) -> Result<Response, Problem> {
    let most = deps.quotas_of(caller.acts_for()?).of(QuotaName::Keys);
    let (registry, system) = (&deps.registry, &deps.system);
    let issued = keys::create(registry, system, &caller.principal, (&tenant, most), &body).await?;
    let location = format!("/api/v1/keys/{}", issued.key.id);
    let headers = [(LOCATION, location), (CACHE_CONTROL, "no-store".to_owned())];
    let view = KeyView::issued(&issued, system.now());
    Ok((StatusCode::CREATED, headers, Json(view)).into_response())
}

#[utoipa::path(
    get,
    path = "/keys/{key}",
    operation_id = "getKey",
    summary = "Get a key; its secret is not shown",
    security(("bearer" = [READ_KEYS])),
    responses((status = 200, description = "The key", body = KeyView)),
)]
pub(crate) async fn get<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    KeyReader(tenant): KeyReader,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let key = deps.registry.key(&tenant, path::id(&id)?).await?;
    let key = key.ok_or_else(path::missing::<KeyId>)?;
    Ok(Json(KeyView::new(&key, deps.system.now())).into_response())
}

#[utoipa::path(
    patch,
    path = "/keys/{key}",
    operation_id = "patchKey",
    summary = "Rename a key",
    description = "Scopes and expiry of a key do not change: create another key.",
    security(("bearer" = [WRITE_KEYS])),
    request_body(content = KeyChange),
    responses((status = 200, description = "The key after the change", body = KeyView)),
)]
pub(crate) async fn patch<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    KeyWriter(tenant): KeyWriter,
    Path(id): Path<String>,
    Text(body): Text,
) -> Result<Response, Problem> {
    let key = keys::rename(&deps.registry, (&tenant, path::id(&id)?), &body).await?;
    Ok(Json(KeyView::new(&key, deps.system.now())).into_response())
}

#[utoipa::path(
    post,
    path = "/keys/{key}/rotate",
    operation_id = "rotateKey",
    summary = "Give a key another secret",
    description = "Only this answer shows the new `secret`. The old one stays valid for `overlapSeconds`; during that \
        time the only rotation allowed is one with `overlapSeconds: 0`, which ends every older secret at once. Id, \
        scopes and expiry stay. A caller that is not the operator can rotate only keys whose scopes it has itself.",
    security(("bearer" = [WRITE_KEYS])),
    request_body(content = Option<KeyRotation>, description = "Optional"),
    responses(
        (
            status = 200, description = "The key with its new secret", body = KeyWithSecret,
            headers(("Cache-Control" = String, description = "`no-store`")),
        ),
        (status = 409, description = "The overlap of the previous rotation has not ended"),
    ),
)]
pub(crate) async fn rotate<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    KeyWriter(tenant): KeyWriter,
    caller: Caller,
    Path(id): Path<String>,
    Text(body): Text,
) -> Result<Response, Problem> {
    let (place, system) = ((&tenant, path::id(&id)?), &deps.system);
    let issued = keys::rotate(&deps.registry, system, &caller.principal, place, &body).await?;
    let view = KeyView::issued(&issued, system.now());
    Ok(([(CACHE_CONTROL, "no-store")], Json(view)).into_response())
}

#[utoipa::path(
    delete,
    path = "/keys/{key}",
    operation_id = "deleteKey",
    summary = "Revoke a key",
    description = "The next request with it is refused. Other keys and tokens of the tenant stay valid.",
    security(("bearer" = [WRITE_KEYS])),
    responses((status = 204, description = "Revoked")),
)]
pub(crate) async fn delete<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    KeyWriter(tenant): KeyWriter,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    keys::revoke(&deps.registry, &tenant, path::id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
