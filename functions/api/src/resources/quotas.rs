//! `/quotas`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hooklane_app::ports::Clock as _;
use hooklane_app::tenants;
use serde::Serialize;
use utoipa::ToSchema;

use crate::backend::{Deps, Ports};
use crate::gate::caller::{Caller, READ, Reader};
use crate::http::problem::Problem;
use crate::resources::views::{QuotaView, UsageView, usage_view};

#[derive(Serialize, ToSchema)]
#[schema(as = QuotaUsage)]
pub(crate) struct QuotasView {
    /// The quotas by name.
    #[schema(value_type = std::collections::BTreeMap<String, QuotaView>)]
    quotas: UsageView,
}

#[utoipa::path(
    get,
    path = "/quotas",
    operation_id = "getQuotas",
    summary = "Get the tenant's quotas, and what it uses of them",
    security(("bearer" = [READ])),
    responses((status = 200, description = "The quotas by name", body = QuotasView)),
)]
pub(crate) async fn get<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Reader(_): Reader,
    caller: Caller,
) -> Result<Response, Problem> {
    let (tenant, now) = (caller.acts_for()?, deps.system.now());
    let quotas = deps.quotas_of(tenant);
    let usage = tenants::usage(&deps.registry, &deps.ledger, &quotas, tenant, now).await?;
    Ok(Json(QuotasView { quotas: usage_view(&usage) }).into_response())
}
