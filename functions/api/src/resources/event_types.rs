//! `/webhooks/events/available`, `/webhooks/events/openapi.json`, `/event-types` and `/event-types/{type}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_app::catalog::Freshness;
use hooklane_app::event_types;
use hooklane_app::openapi::{Order, describe};
use hooklane_app::ports::{Clock as _, EventTypeStore as _};
use hooklane_catalog::{OwnType, Owner, Source};
use hooklane_domain::access::quotas::QuotaName;
use hooklane_domain::ids::EventType;
use hooklane_domain::json::fields::FieldErrors;
use lambda_http::http::StatusCode;
use lambda_http::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, ETAG};
use serde::Serialize;
use utoipa::ToSchema;

use crate::backend::{Deps, Ports};
use crate::gate::caller::{Caller, READ, Reader, WRITE};
use crate::gate::owner::{ReadsTypes, WritesTypes};
use crate::http::body::Text;
use crate::http::etag::{self, IfMatch};
use crate::http::path;
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::resources::schemas::NewEventType;
use crate::resources::views::EventTypeView;

#[derive(Serialize, ToSchema)]
#[schema(as = AvailableEventTypes)]
pub(crate) struct AvailableView {
    /// The tenant's catalog.
    #[schema(example = "hooklane")]
    catalog: String,
    data: Vec<EventTypeView>,
}

#[utoipa::path(
    get,
    path = "/webhooks/events/available",
    operation_id = "listAvailableEventTypes",
    summary = "List all event types of the tenant, by name: its catalog's, the platform's and its own",
    security(("bearer" = [READ])),
    params(("category" = Option<String>, Query, description = "Only event types of this category")),
    responses((status = 200, description = "The event types, each with a sample and a JSON Schema of its data", body = AvailableView)),
)]
pub(crate) async fn available<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Reader(tenant): Reader,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let mut query = Query::of(raw.as_deref());
    let category = query.parse::<String>("category");
    query.finish()?;
    let now = deps.system.now();
    let known = deps.catalog.types_of(&deps.registry, &tenant, now, Freshness::Current).await?;
    let data = known
        .types()
        .filter(|(_, _, definition)| category.as_ref().is_none_or(|c| *c == definition.category))
        .map(|(name, source, definition)| EventTypeView::new(name, source, definition))
        .collect();
    Ok(Json(AvailableView { catalog: known.catalog.name().to_string(), data }).into_response())
}

/// The most patterns that one request may name, as many as a webhook may have by default.
const MAX_EVENTS: usize = 100;

#[utoipa::path(
    get,
    path = "/webhooks/events/openapi.json",
    operation_id = "getWebhookRequests",
    summary = "Get an OpenAPI document of the requests that webhooks get",
    description = "OpenAPI 3.1 with an entry in `webhooks` for each event type of the tenant: the body's schema in \
        which the data has the type's own schema, the headers, a request for the type's sample, and what the \
        receiver's answers mean. It is for generators of code and for tools that show documentation. `info.version` \
        changes whenever anything else in it changes. If it would be too large for one answer, it has no examples \
        and no white space.",
    security(("bearer" = [READ])),
    params(
        ("format" = Option<String>, Query, description = "The contract: the format of the requests. The tenant's own unless given", example = "standard"),
        ("event" = Option<Vec<String>>, Query, description = "Only these event types, as webhooks subscribe to them; may be repeated. All unless given", example = json!(["order.*"])),
    ),
    responses((
        status = 200,
        description = "The document, to be saved as a file",
        body = serde_json::Value,
        headers(("Content-Disposition" = String, description = "`attachment`, with a name for the file")),
        example = json!({
            "openapi": "3.1.0",
            "info": { "title": "Webhooks of acme", "version": "3f1c0a9b2d4e" },
            "webhooks": {
                "order.created": { "post": { "operationId": "order.created" } }
            },
            "components": { "schemas": { "order.created": { "type": "object" } } },
        }),
    )),
)]
pub(crate) async fn described<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Reader(_): Reader,
    caller: Caller,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let mut query = Query::of(raw.as_deref());
    let order =
        Order { format: query.parse("format"), events: query.parse_all("event", MAX_EVENTS) };
    query.finish()?;
    let from = (&deps.catalog, &deps.contracts);
    let described =
        describe(&deps.registry, from, caller.acts_for()?, &order, deps.system.now()).await?;
    let name = format!("attachment; filename=\"{}\"", described.file_name);
    let headers = [(CONTENT_TYPE, "application/json"), (CONTENT_DISPOSITION, name.as_str())];
    Ok((headers, described.text).into_response())
}

#[derive(Serialize, ToSchema)]
#[schema(as = EventTypeList)]
pub(crate) struct ListView {
    data: Vec<EventTypeView>,
}

#[utoipa::path(
    get,
    path = "/event-types",
    operation_id = "listEventTypes",
    summary = "List the event types added by the tenant, or by the platform if the operator key is used without `X-Tenant-Id`",
    security(("bearer" = [READ])),
    responses((status = 200, description = "At most 100, by name", body = ListView)),
)]
pub(crate) async fn list<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    ReadsTypes(owner): ReadsTypes,
) -> Result<Response, Problem> {
    let types = deps.registry.event_types(&owner).await?;
    Ok(Json(ListView { data: types.iter().map(|own| view(&owner, own)).collect() }).into_response())
}

#[utoipa::path(
    get,
    path = "/event-types/{type}",
    operation_id = "getEventType",
    summary = "Get an event type that was added",
    security(("bearer" = [READ])),
    responses((status = 200, description = "The event type; send its `ETag` as `If-Match`", body = EventTypeView)),
)]
pub(crate) async fn get<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    ReadsTypes(owner): ReadsTypes,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let name = path::id(&name)?;
    let own =
        deps.registry.event_type(&owner, &name).await?.ok_or_else(path::missing::<EventType>)?;
    Ok(shown(StatusCode::OK, &owner, &own))
}

#[utoipa::path(
    put,
    path = "/event-types/{type}",
    operation_id = "setEventType",
    summary = "Add or replace an event type; it hides one of the same name in the catalog",
    security(("bearer" = [WRITE])),
    params(
        ("type" = String, Path, description = "The event type's name: words joined by dots", max_length = 255, pattern = "^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$", example = "shipment.sent"),
        ("If-Match" = Option<String>, Header, description = "The expected `ETag`; answers 412 if it differs"),
    ),
    request_body(content = NewEventType),
    responses(
        (status = 201, description = "Added", body = EventTypeView),
        (status = 200, description = "Replaced", body = EventTypeView),
        (status = 409, description = "The quota of event types is used up: `quota`, `limit` and `used` say so"),
        (status = 422, description = "Invalid body; `errors` lists the wrong fields with their paths, at most fifty. The sample must match the schema"),
    ),
)]
pub(crate) async fn put<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    WritesTypes(owner): WritesTypes,
    caller: Caller,
    Path(name): Path<String>,
    IfMatch(known): IfMatch,
    body: Text,
) -> Result<Response, Problem> {
    let name = name.parse().map_err(|e| FieldErrors::one("", format!("the event type {e}")))?;
    // The platform's own types have the limit of the deployment.
    let quotas = caller.tenant.as_ref().map_or(deps.quotas, |tenant| deps.quotas_of(tenant));
    let owner_and_limit = (&owner, quotas.of(QuotaName::EventTypes));
    let (own, new) =
        event_types::put(&deps.registry, owner_and_limit, &name, &known, body.object()).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(shown(status, &owner, &own))
}

#[utoipa::path(
    delete,
    path = "/event-types/{type}",
    operation_id = "deleteEventType",
    summary = "Delete an added event type; a catalog type of the same name becomes visible again",
    security(("bearer" = [WRITE])),
    params(
        ("If-Match" = Option<String>, Header, description = "The expected `ETag`; answers 412 if it differs"),
    ),
    responses(
        (status = 204, description = "Deleted"),
        (status = 409, description = "The event type belongs to the catalog or the platform"),
    ),
)]
pub(crate) async fn delete<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    WritesTypes(owner): WritesTypes,
    Path(name): Path<String>,
    IfMatch(known): IfMatch,
) -> Result<Response, Problem> {
    let name = path::id(&name)?;
    let (catalog, now) = (&deps.catalog, deps.system.now());
    event_types::delete(&deps.registry, catalog, &owner, &name, &known, now).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn view(owner: &Owner, own: &OwnType) -> EventTypeView {
    let source = match owner {
        Owner::Platform => Source::Platform,
        Owner::Tenant(_) => Source::Tenant,
    };
    EventTypeView::new(&own.name, source, &own.definition)
}

fn shown(status: StatusCode, owner: &Owner, own: &OwnType) -> Response {
    (status, [(ETAG, etag::of(own.revision))], Json(view(owner, own))).into_response()
}
