//! `/status`: open to everybody, so that it says no more than whether the parts answer.

use std::sync::Arc;
use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hooklane_app::ports::{Clock as _, EventStore, TenantStore as _};
use hooklane_domain::Timestamp;
use lambda_http::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Backend;
use crate::auth::Keys as _;

/// Asking again within this time gets the same answer: anybody may ask, and reads are paid for.
const MAX_AGE_SECONDS: i64 = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Part {
    Ok,
    Unavailable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Status)]
pub(crate) struct StatusView {
    /// `ok` where every part answers.
    status: Part,
    #[schema(example = "0.1.0")]
    version: &'static str,
    parts: Parts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
struct Parts {
    registry: Part,
    ledger: Part,
    secrets: Part,
}

/// The last answer, and when it was found out.
#[derive(Debug, Default)]
pub struct Pulse(Mutex<Option<(Timestamp, StatusView)>>);

#[utoipa::path(
    get,
    path = "/status",
    tag = "reference",
    operation_id = "getStatus",
    summary = "The version, and whether the parts answer",
    security(()),
    responses(
        (status = 200, description = "Every part answers", body = StatusView),
        (status = 503, description = "One does not", body = StatusView),
    ),
)]
pub(crate) async fn get<B: Backend>(State(api): State<Arc<B>>) -> Response {
    let now = api.system().now();
    let view = match api.pulse().known(now) {
        Some(view) => view,
        None => {
            let view = look(&*api, now).await;
            api.pulse().keep(now, view);
            view
        }
    };
    let status = match view.status {
        Part::Ok => StatusCode::OK,
        Part::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(view)).into_response()
}

async fn look<B: Backend>(api: &B, now: Timestamp) -> StatusView {
    let parts = Parts {
        registry: registry(api).await,
        ledger: ledger(api).await,
        secrets: secrets(api, now).await,
    };
    let all = [parts.registry, parts.ledger, parts.secrets];
    let status = if all.contains(&Part::Unavailable) { Part::Unavailable } else { Part::Ok };
    StatusView { status, version: env!("CARGO_PKG_VERSION"), parts }
}

/// A tenant and an event of this name may well exist: nothing of them is shown.
const PROBE: &str = "status";

async fn registry<B: Backend>(api: &B) -> Part {
    match PROBE.parse() {
        Ok(tenant) => part(api.registry().tenant(&tenant).await),
        Err(_) => Part::Unavailable,
    }
}

async fn ledger<B: Backend>(api: &B) -> Part {
    match (PROBE.parse(), PROBE.parse()) {
        (Ok(tenant), Ok(event)) => part(EventStore::get(api.ledger(), &tenant, &event).await),
        _ => Part::Unavailable,
    }
}

async fn secrets<B: Backend>(api: &B, now: Timestamp) -> Part {
    part(api.operator_keys().known(now).await)
}

fn part<T>(answer: Result<T, hooklane_app::ports::Unavailable>) -> Part {
    match answer {
        Ok(_) => Part::Ok,
        Err(error) => {
            tracing::error!(error = error.chain(), "status.part_unavailable");
            Part::Unavailable
        }
    }
}

impl Pulse {
    fn known(&self, now: Timestamp) -> Option<StatusView> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh =
            |at: Timestamp| (0..MAX_AGE_SECONDS).contains(&(now.as_second() - at.as_second()));
        known.filter(|(at, _)| fresh(*at)).map(|(_, view)| view)
    }

    fn keep(&self, now: Timestamp, view: StatusView) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, view));
    }
}
