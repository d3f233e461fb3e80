//! What the operator sees across all tenants.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_app::operator::{self, Hit};
use hooklane_app::ports::Clock as _;
use hooklane_domain::ids::TenantId;
use lambda_http::http::header::CACHE_CONTROL;
use lambda_http::http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::backend::{Deps, Keys as _, Ports};
use crate::gate::authentication::bearer;
use crate::gate::caller::Operator;
use crate::http::cursor::List;
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::resources::views::{PortalLinkView, non_zero};

/// What an id names.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FoundPage)]
pub(crate) struct FoundView {
    data: Vec<HitView>,
    /// The number of things that have the id and cannot be read back. Absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    unreadable: Option<usize>,
    /// Pass it as `cursor` to look at further tenants; absent when all were looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<String>,
}

/// Something that has the id, and where the API shows it to the operator: `path`, with `tenant` in `X-Tenant-Id`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Found)]
struct HitView {
    kind: HitKind,
    #[schema(example = "acme")]
    tenant: String,
    #[schema(example = "evt_01JABCDEFGHJKMNPQRSTVWXYZ0")]
    id: String,
    #[schema(example = "/events/evt_01JABCDEFGHJKMNPQRSTVWXYZ0")]
    path: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = FoundKind)]
enum HitKind {
    Tenant,
    Webhook,
    Event,
    Delivery,
}

impl HitView {
    fn new(hit: &Hit) -> Self {
        let (kind, tenant, id, folder) = match hit {
            Hit::Tenant(tenant) => (HitKind::Tenant, &tenant.id, tenant.id.to_string(), "tenants"),
            Hit::Webhook(one) => (HitKind::Webhook, &one.tenant, one.id.to_string(), "webhooks"),
            Hit::Event(event) => (HitKind::Event, &event.tenant, event.id.to_string(), "events"),
            Hit::Delivery(one) => {
                (HitKind::Delivery, &one.tenant, one.id.to_string(), "webhooks/deliveries")
            }
        };
        let path = format!("/{folder}/{id}");
        Self { kind, tenant: tenant.to_string(), id, path }
    }
}

#[utoipa::path(
    get,
    path = "/find",
    operation_id = "findById",
    summary = "Find what an id names, whosever it is",
    description = "Operator key only. The id of a delivery is found at once. That of a webhook, an event or a tenant may \
        be anybody's: each request asks up to 1,000 tenants, in the order of their ids, and `nextCursor` says that there \
        are more. Several tenants may have an event with the same id.",
    security(("bearer" = [])),
    params(
        ("id" = String, Query, description = "The id of a tenant, webhook, event or delivery"),
        ("cursor" = Option<String>, Query, description = "The `nextCursor` of the previous answer, with the same id"),
    ),
    responses((status = 200, description = "What has the id", body = FoundView)),
)]
pub(crate) async fn find<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    _: Operator,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let mut query = Query::of(raw.as_deref());
    let id = query.required::<String>("id");
    let list = List::of(&[&"find", &id]);
    let after = query.place::<TenantId>(&list);
    query.finish()?;
    let id = id.unwrap_or_default();
    let found = operator::find(&deps.registry, &deps.ledger, &id, after.as_ref()).await?;
    let found = found.map_err(|none| Problem::bad_request(&format!("The id {none}.")))?;
    Ok(Json(FoundView {
        data: found.hits.iter().map(HitView::new).collect(),
        unreadable: non_zero(found.unreadable),
        next_cursor: found.next.map(|next| list.cursor(next)),
    })
    .into_response())
}

#[utoipa::path(
    post,
    path = "/operator-links",
    operation_id = "createOperatorLink",
    summary = "Create a link that signs in to the operator's pages",
    description = "Operator key only. The link can be exchanged for a session until `expiresAt`, five minutes later, also \
        more than once. A session ends after eight hours, or when the operator key of this request is taken out of its \
        secret.",
    security(("bearer" = [])),
    responses((status = 201, description = "The link", body = PortalLinkView)),
)]
pub(crate) async fn create_link<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    _: Operator,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let now = deps.system.now();
    let text = bearer(&headers).ok_or_else(Problem::unauthorized)?;
    let tokens = deps.token_keys.known(now).await?;
    let keys = deps.operator_keys.holding(text, now).await?;
    let key = keys.as_deref().and_then(|keys| keys.held(text)).ok_or_else(Problem::unauthorized)?;
    let link = operator::link(&deps.system, key, tokens.current());
    let view = PortalLinkView::of_operator(&deps.portal_origin, &link);
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], Json(view)).into_response())
}
