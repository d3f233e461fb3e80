//! `/source-ips`: the addresses that deliveries come from. Receivers put them into their firewalls, so it needs
//! no token, and machines may read it as often as they like.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hooklane_domain::sources::SourceAddresses;
use lambda_http::http::header::CACHE_CONTROL;
use serde::Serialize;
use utoipa::ToSchema;

use crate::backend::{Deps, Ports};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SourceIps)]
pub(crate) struct SourceIpsView {
    /// Whether every delivery comes from one of `addresses`. If not, the addresses change without notice.
    fixed: bool,
    /// Ranges in CIDR notation, IPv4 and IPv6; empty unless `fixed`.
    #[schema(example = json!(["203.0.113.7/32"]))]
    addresses: Vec<String>,
}

impl SourceIpsView {
    fn of(sources: &SourceAddresses) -> Self {
        let addresses: Vec<_> = sources.ranges().iter().map(ToString::to_string).collect();
        Self { fixed: matches!(sources, SourceAddresses::Fixed(_)), addresses }
    }
}

#[utoipa::path(
    get,
    path = "/source-ips",
    operation_id = "getSourceIps",
    summary = "Get the addresses that deliveries come from",
    description = "For receivers that let only known addresses through. They change only when the operator changes \
        them. An address proves nothing by itself: verify the signature too.",
    security(()),
    responses((
        status = 200,
        description = "The addresses; may be cached for five minutes",
        body = SourceIpsView,
        headers(("Cache-Control" = String, description = "`public, max-age=300`")),
    )),
)]
pub(crate) async fn get<P: Ports>(State(deps): State<Arc<Deps<P>>>) -> Response {
    ([(CACHE_CONTROL, "public, max-age=300")], Json(SourceIpsView::of(&deps.sources)))
        .into_response()
}
