//! `/status`. It needs no token, so it tells only whether the dependencies answer. The result is cached
//! for a few seconds, because anybody may ask and each read costs money.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hooklane_app::ports::{Clock as _, EventStore, TenantStore as _, Unavailable};
use hooklane_domain::Timestamp;
use lambda_http::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::backend::{Deps, Keys as _, Ports, Pulse};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Part {
    Ok,
    Unavailable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ServiceStatus)]
pub(crate) struct StatusView {
    /// `ok` if every dependency answers.
    status: Part,
    #[schema(example = "0.2.0")]
    version: &'static str,
    parts: Parts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
struct Parts {
    registry: Part,
    ledger: Part,
    secrets: Part,
}

#[utoipa::path(
    get,
    path = "/status",
    operation_id = "getStatus",
    summary = "Get the version, and whether the dependencies answer",
    security(()),
    responses(
        (status = 200, description = "Every dependency answers", body = StatusView),
        (status = 503, description = "At least one dependency does not answer", body = StatusView),
    ),
)]
pub(crate) async fn get<P: Ports>(State(deps): State<Arc<Deps<P>>>) -> Response {
    let now = deps.system.now();
    let pulse = match deps.pulse.get(&(), now) {
        Some(pulse) => pulse,
        None => {
            let pulse = look(&deps, now).await;
            deps.pulse.put((), pulse, now);
            pulse
        }
    };
    let view = StatusView::new(pulse);
    let status = match view.status {
        Part::Ok => StatusCode::OK,
        Part::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(view)).into_response()
}

async fn look<P: Ports>(deps: &Deps<P>, now: Timestamp) -> Pulse {
    Pulse {
        registry: registry(deps).await,
        ledger: ledger(deps).await,
        secrets: answers(deps.operator_keys.known(now).await),
    }
}

/// The id of the tenant and the event that are read. They may exist; nothing of them is shown.
const PROBE: &str = "status";

async fn registry<P: Ports>(deps: &Deps<P>) -> bool {
    match PROBE.parse() {
        Ok(tenant) => answers(deps.registry.tenant(&tenant).await),
        Err(_) => false,
    }
}

async fn ledger<P: Ports>(deps: &Deps<P>) -> bool {
    match (PROBE.parse(), PROBE.parse()) {
        (Ok(tenant), Ok(event)) => answers(EventStore::get(&deps.ledger, &tenant, &event).await),
        _ => false,
    }
}

fn answers<T>(answer: Result<T, Unavailable>) -> bool {
    answer.map_err(|error| error.log("status.part_unavailable")).is_ok()
}

impl StatusView {
    fn new(pulse: Pulse) -> Self {
        let part = |answers| if answers { Part::Ok } else { Part::Unavailable };
        let Pulse { registry, ledger, secrets } = pulse;
        Self {
            status: part(registry && ledger && secrets),
            version: env!("CARGO_PKG_VERSION"),
            parts: Parts { registry: part(registry), ledger: part(ledger), secrets: part(secrets) },
        }
    }
}
