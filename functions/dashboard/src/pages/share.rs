//! One delivery for somebody without a session, by a link that a tenant shared.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use hooklane_api::Ports;
use hooklane_app::portal::Shut;
use hooklane_domain::access::portal::Purpose;
use hooklane_domain::ids::TenantId;
use lambda_http::http::HeaderMap;

use crate::frame::Place;
use crate::oops::Oops;
use crate::pages::delivery::{Made, shown};
use crate::query::Query;
use crate::settings::Portal;
use crate::visitor::{Visitor, admitted};
use hooklane_app::ports::Clock as _;

pub(crate) async fn show<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    Path(tenant): Path<String>,
    Query(query): Query,
    headers: HeaderMap,
) -> Result<Response, Oops> {
    let tenant: TenantId = tenant.parse().map_err(|_| Oops::NoPage)?;
    let text = query.text("pass").ok_or(Oops::StaleLink)?;
    let (pass, tenant) = match admitted(&portal, Purpose::Share, text, &tenant).await {
        Err(Shut::Invalid | Shut::Expired) => return Err(Oops::StaleLink),
        admitted => admitted?,
    };
    if let Some(seconds) = portal.deps.over_limit(&tenant).await {
        return Err(Oops::TooMany(seconds));
    }
    let delivery = pass.delivery.clone().ok_or(Oops::StaleLink)?;
    let visitor = Visitor::new(tenant, pass, portal.deps.system.now(), &headers);
    shown(&portal, &visitor, &delivery, (Place::Shared, None, Made::Nothing)).await
}
