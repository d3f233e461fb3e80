//! `/webhooks/deliveries/retry` and `/webhooks/deliveries/cancel`: many deliveries at once.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hooklane_app::deliveries::many::{self, Answer, Count, Order, Request, Which};
use hooklane_app::deliveries::{RequestError, Search};
use hooklane_app::ports::WebhookStore as _;
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};
use hooklane_domain::json::fields::FieldErrors;
use serde::Serialize;
use utoipa::ToSchema;

use crate::backend::{Deps, Ports};
use crate::gate::caller::{WRITE, Writer};
use crate::http::body::Text;
use crate::http::cursor::List;
use crate::http::path;
use crate::http::problem::Problem;
use crate::resources::schemas::{ManyCancellations, ManyRetries};
use crate::resources::views::CountView;
use crate::resources::words::DeliveryStatus;

/// What became of some deliveries.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ManyDeliveries)]
pub(crate) struct ManyView {
    /// In the order of the ids, or newest first. Empty with `dryRun`.
    data: Vec<OneView>,
    /// How many deliveries match; only with `dryRun`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    matching: Option<CountView>,
    /// Send it as `cursor`, with the same filter, to go on with the next deliveries. Absent if there are no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<String>,
}

/// What became of one delivery.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OneOfManyDeliveries)]
struct OneView {
    delivery_id: String,
    /// Whether it was done.
    accepted: bool,
    /// The delivery's status afterwards; absent if it was not done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    status: Option<DeliveryStatus>,
    /// Why it was not done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    problem: Option<Problem>,
}

impl OneView {
    fn new(delivery_id: String, result: Result<DeliveryStatus, Problem>) -> Self {
        let accepted = result.is_ok();
        let (status, problem) = match result {
            Ok(status) => (Some(status), None),
            Err(problem) => (None, Some(problem)),
        };
        Self { delivery_id, accepted, status, problem }
    }

    fn of(answer: Answer) -> Self {
        let result = answer.result.map(|delivery| delivery.status().into());
        Self::new(answer.id.to_string(), result.map_err(Problem::from))
    }
}

#[utoipa::path(
    post,
    path = "/webhooks/deliveries/retry",
    operation_id = "retryDeliveries",
    summary = "Retry many deliveries now",
    description = "Up to 100 by their ids, each as a retry of one delivery; or those that match a filter, newest first, 100 with \
        each request. Each has its own result. Sent again, it sends nothing twice: a delivery whose attempt is due \
        already is accepted and left alone. With `dryRun` nothing is done, and the deliveries that match are counted, \
        as far as one request reads.",
    security(("bearer" = [WRITE])),
    request_body(content = ManyRetries),
    responses(
        (status = 200, description = "What became of each", body = ManyView),
        (status = 404, description = "No webhook has the `externalId` of the filter"),
    ),
)]
pub(crate) async fn retry<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Writer(tenant): Writer,
    body: Text,
) -> Result<Response, Problem> {
    answer(&deps, &tenant, Request::Retry, body.object()).await
}

#[utoipa::path(
    post,
    path = "/webhooks/deliveries/cancel",
    operation_id = "cancelDeliveries",
    summary = "Cancel many deliveries: no further attempts are made",
    description = "Up to 100 by their ids, each as a cancellation of one delivery; or those that match a filter, newest first, \
        100 with each request. Each has its own result. Sent again, it changes nothing. With `dryRun` nothing is done, \
        and the deliveries that match are counted, as far as one request reads.",
    security(("bearer" = [WRITE])),
    request_body(content = ManyCancellations),
    responses(
        (status = 200, description = "What became of each", body = ManyView),
        (status = 404, description = "No webhook has the `externalId` of the filter"),
    ),
)]
pub(crate) async fn cancel<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Writer(tenant): Writer,
    body: Text,
) -> Result<Response, Problem> {
    answer(&deps, &tenant, Request::Cancel, body.object()).await
}

async fn answer<P: Ports>(
    deps: &Deps<P>,
    tenant: &TenantId,
    request: Request,
    body: &str,
) -> Result<Response, Problem> {
    let Order { which, dry_run } = Order::read(body, request)?;
    let view = match which {
        Which::These(ids) => {
            let data = each(deps, tenant, request, ids).await;
            ManyView { data, matching: None, next_cursor: None }
        }
        Which::Matching { search, external_id, cursor } => {
            let webhook = match external_id {
                Some(external) => {
                    let holder = deps.registry.holder(tenant, &external).await?;
                    Some(holder.ok_or_else(path::missing::<WebhookId>)?)
                }
                None => search.webhook,
            };
            let search = Search { webhook, ..*search };
            if dry_run {
                let matching = many::count(&deps.registry, &deps.ledger, tenant, &search).await?;
                ManyView { data: Vec::new(), matching: Some(matching.into()), next_cursor: None }
            } else {
                matching(deps, tenant, (request, &search), cursor).await?
            }
        }
    };
    Ok(Json(view).into_response())
}

async fn matching<P: Ports>(
    deps: &Deps<P>,
    tenant: &TenantId,
    (request, search): (Request, &Search),
    cursor: Option<String>,
) -> Result<ManyView, Problem> {
    let list = List::of(&[&"many", &request, tenant, search]);
    let place: Option<String> = cursor
        .map(|cursor| list.place(&cursor))
        .transpose()
        .map_err(|wrong| FieldErrors::one("cursor", wrong))?;
    let stores = (&deps.registry, &deps.ledger);
    let found = many::matching(stores.0, stores.1, tenant, search, place.as_deref()).await?;
    let ids: Vec<_> = found.deliveries.into_iter().map(|delivery| delivery.id).collect();
    let asked = (request, ids);
    let answers = many::each(&deps.ledger, &deps.queues, &deps.system, tenant, asked).await;
    let next_cursor = found.next.map(|next| list.cursor(next));
    Ok(ManyView {
        data: answers.into_iter().map(OneView::of).collect(),
        matching: None,
        next_cursor,
    })
}

/// The results in the order of the texts. One that is no id is like one that does not exist.
async fn each<P: Ports>(
    deps: &Deps<P>,
    tenant: &TenantId,
    request: Request,
    texts: Vec<String>,
) -> Vec<OneView> {
    let ids: Vec<DeliveryId> = texts.iter().filter_map(|text| text.parse().ok()).collect();
    let asked = (request, ids);
    let answers = many::each(&deps.ledger, &deps.queues, &deps.system, tenant, asked).await;
    let mut answers = answers.into_iter();
    let view = |text: String| match text.parse::<DeliveryId>() {
        Ok(_) => answers.next().map(OneView::of),
        Err(_) => Some(OneView::new(text, Err(RequestError::Missing.into()))),
    };
    texts.into_iter().filter_map(view).collect()
}

impl From<Count> for CountView {
    fn from(Count { count, capped }: Count) -> Self {
        Self::new(count, capped)
    }
}
