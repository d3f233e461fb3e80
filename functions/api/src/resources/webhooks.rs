//! `/webhooks` and `/webhooks/{webhook}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_app::figures;
use hooklane_app::ports::{Clock as _, WebhookStore as _};
use hooklane_app::precondition::Precondition;
use hooklane_app::webhooks::{self, Filters, Overview};
use hooklane_domain::access::tenant::Tenant;
use hooklane_domain::delivery::period::Period;
use hooklane_domain::figures::report::{Report, Window};
use hooklane_domain::ids::{EventType, TenantId, WebhookId};
use hooklane_domain::webhook::Webhook;
use hooklane_domain::webhook::metadata::{Entry, MAX_ENTRIES};
use lambda_http::http::StatusCode;
use lambda_http::http::header::{CACHE_CONTROL, ETAG, LOCATION};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::backend::{Deps, Ports};
use crate::gate::caller::{Caller, READ, Reader, WRITE, Writer};
use crate::gate::webhook::Named;
use crate::http::body::Text;
use crate::http::cursor::List;
use crate::http::etag::{self, IfMatch};
use crate::http::idempotency::Key;
use crate::http::path;
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::http::rows::Rows;
use crate::resources::schemas::{NewWebhook, WebhookChange};
use crate::resources::views::{WebhookView, WebhookWithSecret, shown_fields};
use crate::resources::words::WebhookStatus;

#[utoipa::path(
    post,
    path = "/webhooks",
    operation_id = "createWebhook",
    summary = "Register a webhook",
    security(("bearer" = [WRITE])),
    params((
        "Idempotency-Key" = Option<String>, Header, nullable = false, min_length = 1, max_length = 255, pattern = "^[!-~]([ -~]*[!-~])?$",
        description = "Makes the request idempotent: for 24 hours, the same request with the same key returns the webhook that the first one registered",
    )),
    request_body(content = NewWebhook),
    responses(
        (
            status = 201, description = "Registered; the answer includes the secret", body = WebhookWithSecret,
            headers(
                ("Location" = String, description = "The webhook's path"),
                ("ETag" = String, description = "Send it as `If-Match`"),
                ("Cache-Control" = String, description = "`no-store`"),
            ),
        ),
        (status = 409, description = "The key was used with a different body, or its webhook has been deleted; or another webhook, `webhookId`, has the `externalId`; or a quota is used up: then `quota`, `limit` and `used` say which"),
    ),
)]
pub(crate) async fn create<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Writer(tenant): Writer,
    caller: Caller,
    Key(key): Key,
    body: Text,
) -> Result<Response, Problem> {
    let (rules, quotas) = (deps.rules_of(caller.acts_for()?), deps.quotas_of(caller.acts_for()?));
    let (registry, system, checked) = (&deps.registry, &deps.system, (rules, &quotas));
    let webhook = match key {
        None => webhooks::register(registry, system, checked, tenant, body.object()).await?,
        Some(key) => {
            let claim = (tenant, &key);
            webhooks::register_once(registry, &deps.ledger, system, checked, claim, body.object())
                .await?
        }
    };
    let location = format!("/api/v1/webhooks/{}", webhook.id);
    let warnings = webhooks::warnings(registry, system, rules, &webhook).await;
    let view = WebhookView::with_secret(&webhook, &deps.contracts).with_warnings(warnings);
    let headers = [(LOCATION, location), (CACHE_CONTROL, "no-store".to_owned())];
    let tag = [(ETAG, etag::of(webhook.revision))];
    Ok((StatusCode::CREATED, headers, tag, Json(view)).into_response())
}

#[derive(Serialize, ToSchema)]
#[schema(as = WebhookList)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListView {
    #[schema(value_type = Vec<WebhookView>)]
    data: Vec<Box<RawValue>>,
    page: usize,
    limit: usize,
    /// The number of all webhooks that match.
    total: u64,
    /// Pass it as `cursor` to get the next page; absent on the last page. A page may be shorter than `limit` and
    /// have one, because the answer would be too large.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<String>,
}

#[utoipa::path(
    get,
    path = "/webhooks",
    operation_id = "listWebhooks",
    summary = "List the tenant's webhooks, newest first",
    security(("bearer" = [READ])),
    params(
        ("page" = Option<u64>, Query, minimum = 1, maximum = 9007199254740991_u64, description = "Page number, starting at 1; a page past the end is empty"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Rows per page; 20 by default"),
        ("active" = Option<bool>, Query, description = "Only active webhooks (`true`) or only those that are not active (`false`); also accepted as `isActive`"),
        ("event" = Option<String>, Query, max_length = 255, pattern = "^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$", description = "Only webhooks that subscribe to this event type", example = "order.created"),
        ("status" = inline(Option<WebhookStatus>), Query, description = "Only webhooks with this status"),
        ("externalId" = Option<String>, Query, pattern = "^[A-Za-z0-9._~:-]{1,128}$", description = "Only the webhook with this `externalId`", example = "crm-4711"),
        ("metadata" = Option<Vec<String>>, Query, description = "Only webhooks whose metadata has this entry, as `key:value`. Repeat it for webhooks that have all of several entries, at most 20", example = json!(["team:payments"])),
        ("figures" = Option<bool>, Query, description = "With `true`, the `health` of each webhook has its figures of the last 24 hours"),
        ("cursor" = Option<String>, Query, description = "The `nextCursor` of the previous page, with the same filters; cannot be combined with `page`"),
    ),
    responses((status = 200, description = "A page", body = ListView)),
)]
pub(crate) async fn list<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Reader(tenant): Reader,
    caller: Caller,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let mut query = Query::of(raw.as_deref());
    let (page, limit) = (query.page(), query.limit());
    let active = query.flag(&["active", "isActive", "is_active"]);
    let event: Option<EventType> = query.parse("event");
    let (status, external_id) = (query.parse("status"), query.parse("externalId"));
    let figures = query.flag(&["figures"]).unwrap_or(false);
    let metadata: Vec<Entry> = query.parse_all("metadata", MAX_ENTRIES);
    let filters = Filters { active, event, status, metadata, external_id };
    let list = List::of(&[&"webhooks", &tenant, &filters]);
    let after: Option<WebhookId> = query.place(&list);
    if page > 1 && after.is_some() {
        query.error("page", "cannot be combined with cursor");
    }
    query.finish()?;
    let asked = ((page - 1).saturating_mul(limit), limit);
    let listed = webhooks::list(&deps.registry, caller.acts_for()?, &filters, after, asked).await?;
    let (overviews, now) =
        (overviews(&deps, &tenant, &listed.webhooks, figures).await?, deps.system.now());
    let both = listed.webhooks.iter().zip(&overviews);
    let views = both.map(|(webhook, (overview, figures))| {
        WebhookView::seen_by(&caller, webhook).with_health(overview.as_ref(), figures.as_ref(), now)
    });
    let Rows { rows, is_cut } = Rows::fitting(views)?;
    let next = if is_cut {
        listed.webhooks.get(rows.len().saturating_sub(1)).map(|webhook| webhook.id)
    } else {
        listed.next
    };
    let next_cursor = next.map(|id| list.cursor(id));
    Ok(Json(ListView { data: rows, page, limit, total: listed.total, next_cursor }).into_response())
}

#[utoipa::path(
    get,
    path = "/webhooks/{webhook}",
    operation_id = "getWebhook",
    summary = "Get a webhook",
    security(("bearer" = [READ])),
    responses((status = 200, description = "The webhook", body = WebhookView, headers(("ETag" = String, description = "Send it as `If-Match`")))),
)]
pub(crate) async fn get<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Reader(tenant): Reader,
    caller: Caller,
    Named(id): Named,
) -> Result<Response, Problem> {
    let webhook = deps.registry.get(&tenant, id).await?.ok_or_else(path::missing::<WebhookId>)?;
    let (one, now) = (std::slice::from_ref(&webhook), deps.system.now());
    let overviews = overviews(&deps, &tenant, one, false).await?;
    let view = WebhookView::seen_by(&caller, &webhook);
    let view = overviews.iter().fold(view, |view, (overview, figures)| {
        view.with_health(overview.as_ref(), figures.as_ref(), now)
    });
    Ok(([(ETAG, etag::of(webhook.revision))], Json(view)).into_response())
}

/// How webhooks are doing, each with its figures of the last 24 hours if they are wanted.
async fn overviews<P: Ports>(
    deps: &Deps<P>,
    tenant: &TenantId,
    webhooks: &[Webhook],
    with_figures: bool,
) -> Result<Vec<(Option<Overview>, Option<Report>)>, Problem> {
    let ids: Vec<_> = webhooks.iter().map(|webhook| webhook.id).filter(|_| with_figures).collect();
    let window = Window::Period(Period::Day);
    let (overviews, figures) = futures::future::try_join(
        webhooks::overviews(&deps.registry, &deps.ledger, tenant, webhooks),
        figures::of_list(&deps.ledger, tenant, &ids, window, deps.asking()),
    )
    .await?;
    let figures = figures.into_iter().map(Some).chain(std::iter::repeat(None));
    Ok(overviews.into_iter().zip(figures).collect())
}

/// A partial update: that is what `PUT` does in all platform guides.
#[utoipa::path(
    put,
    path = "/webhooks/{webhook}",
    operation_id = "updateWebhook",
    summary = "Change the fields that the body names; the others stay",
    description = "The body may be a webhook as `GET` shows it, changed or not: what is in it as it is changes nothing, \
        and if nothing changes, the `ETag` stays. `id`, `createdAt`, `updatedAt` and `publicKey` cannot be \
        changed: with another value they are refused. `health` is ignored, since it changes by itself.",
    security(("bearer" = [WRITE])),
    params(
        ("If-Match" = Option<String>, Header, nullable = false, description = "The expected `ETag`s, or `*` for any; answers 412 if none matches", example = "*"),
    ),
    request_body(content = WebhookChange),
    responses(
        (status = 200, description = "The webhook after the change", body = WebhookView, headers(("ETag" = String, description = "Send it as `If-Match`"))),
        (status = 409, description = "Another webhook, `webhookId`, has the `externalId`; or a quota is used up: `quota`, `limit` and `used` say which"),
    ),
)]
pub(crate) async fn put<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Writer(_): Writer,
    caller: Caller,
    Named(id): Named,
    IfMatch(known): IfMatch,
    Text(body): Text,
) -> Result<Response, Problem> {
    change(&deps, caller.acts_for()?, id, known, &body).await
}

#[utoipa::path(
    patch,
    path = "/webhooks/{webhook}",
    operation_id = "patchWebhook",
    summary = "Same as `PUT`",
    security(("bearer" = [WRITE])),
    params(
        ("If-Match" = Option<String>, Header, nullable = false, description = "The expected `ETag`s, or `*` for any; answers 412 if none matches", example = "*"),
    ),
    request_body(content = WebhookChange),
    responses(
        (status = 200, description = "The webhook after the change", body = WebhookView, headers(("ETag" = String, description = "Send it as `If-Match`"))),
        (status = 409, description = "Another webhook, `webhookId`, has the `externalId`; or a quota is used up: `quota`, `limit` and `used` say which"),
    ),
)]
pub(crate) async fn patch<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Writer(_): Writer,
    caller: Caller,
    Named(id): Named,
    IfMatch(known): IfMatch,
    Text(body): Text,
) -> Result<Response, Problem> {
    change(&deps, caller.acts_for()?, id, known, &body).await
}

async fn change<P: Ports>(
    deps: &Deps<P>,
    tenant: &Tenant,
    id: WebhookId,
    known: Precondition,
    body: &str,
) -> Result<Response, Problem> {
    let (key, quotas) = ((&tenant.id, id), deps.quotas_of(tenant));
    let (registry, system, rules) = (&deps.registry, &deps.system, deps.rules_of(tenant));
    let seen = |webhook: &Webhook| shown_fields(webhook, &deps.contracts);
    let sent = (body, seen);
    let changed = webhooks::change(registry, system, (rules, &quotas), key, &known, sent).await?;
    let warnings = webhooks::warnings(registry, system, rules, &changed).await;
    let view = WebhookView::new(&changed).with_warnings(warnings);
    Ok(([(ETAG, etag::of(changed.revision))], Json(view)).into_response())
}

#[utoipa::path(
    delete,
    path = "/webhooks/{webhook}",
    operation_id = "deleteWebhook",
    summary = "Delete a webhook and cancel its unfinished deliveries",
    security(("bearer" = [WRITE])),
    params(
        ("If-Match" = Option<String>, Header, nullable = false, description = "The expected `ETag`s, or `*` for any; answers 412 if none matches", example = "*"),
    ),
    responses((status = 204, description = "Deleted")),
)]
pub(crate) async fn delete<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Writer(tenant): Writer,
    Named(id): Named,
    IfMatch(known): IfMatch,
) -> Result<Response, Problem> {
    let stores = (&deps.registry, &deps.ledger);
    webhooks::delete(stores, &deps.system, (&tenant, id), &known).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(crate) fn shown(webhook: &Webhook) -> Response {
    ([(ETAG, etag::of(webhook.revision))], Json(WebhookView::new(webhook))).into_response()
}
