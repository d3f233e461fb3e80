//! `/inbox/{token}`: where requests to test inboxes arrive. It is open to everybody who knows the URL, so it
//! publishes nothing, answers with a status and nothing else, and says nothing about the tenant.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest as _, Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_app::inbox::{self, Reception};
use hooklane_app::ports::{Clock as _, Pause as _};
use hooklane_domain::inbox::{Arrival, InboxToken};
use hooklane_domain::time::whole_millisecond;
use lambda_http::http::{HeaderMap, StatusCode};

use crate::backend::{Deps, Ports};
use crate::http::problem::Problem;

#[utoipa::path(
    post,
    path = "/inbox/{token}",
    operation_id = "sendToInbox",
    summary = "Send a request to a test inbox",
    description = "The URL of an inbox, which `GET /inbox` shows, is for webhooks. Any body is kept, its first 16 KiB. \
        The answer is the status that `PATCH /inbox` set, without a body. Only `POST` is kept: links that are opened \
        or looked at leave nothing.",
    security(()),
    responses(
        (status = 200, description = "Kept; the tenant may have chosen another status from 200 to 299 or from 400 to 499"),
        (status = 400, description = "The path is not the URL of an inbox"),
        (status = 404, description = "There is no such inbox, or it is off, by the tenant or the operator"),
        (status = 429, description = "The inbox took as many requests as it may: 60 in a minute, 5,000 in a day; `Retry-After` says when to try again"),
    ),
)]
pub(crate) async fn receive<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Path(token): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let token: InboxToken = token.parse().map_err(|_| missing())?;
    let (method, headers) = (request.method().to_string(), texts(request.headers()));
    let body = Bytes::from_request(request, &()).await?;
    let at = whole_millisecond(deps.system.now());
    let arrival = Arrival { method: &method, headers: &headers, body: &body, at };
    let (stores, rules) = ((&deps.registry, &deps.ledger), (&deps.contracts, &deps.network));
    match inbox::receive(stores, rules, &token, arrival).await? {
        Reception::Missing => Err(missing()),
        Reception::Full { seconds } => Err(Problem::over_limit(seconds)),
        Reception::Kept(answer) => {
            deps.system.pause(answer.delay()).await;
            let status = StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::OK);
            Ok(status.into_response())
        }
    }
}

/// The same answer whatever is missing, so that a guess learns nothing.
fn missing() -> Problem {
    Problem::not_found("inbox, or it is off")
}

fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes()))).collect()
}
