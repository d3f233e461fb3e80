//! A delivery as it is now, for the script of its page.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use hooklane_api::Ports;
use hooklane_app::deliveries::{Search, search};
use hooklane_domain::ids::DeliveryId;
use lambda_http::http::HeaderMap;

use super::{Made, shown};
use crate::frame::Place;
use crate::live::Tag;
use crate::oops::Oops;
use crate::settings::Portal;
use crate::visitor::Visitor;

/// The page of a delivery, or nothing if the browser has it as it is. That is decided by the delivery and its next
/// attempt, so while nothing changes neither attempts nor the event are read.
pub(crate) async fn now<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    visitor: Visitor,
    Path((_, delivery)): Path<(String, String)>,
    asked: HeaderMap,
) -> Result<Response, Oops> {
    let id: DeliveryId = delivery.parse().map_err(|_| Oops::NoPage)?;
    let (registry, ledger) = (&portal.deps.registry, &portal.deps.ledger);
    let wanted = Search { delivery: Some(id.clone()), ..Search::default() };
    let found = search(registry, ledger, visitor.id(), &wanted, (None, 1)).await;
    let found = found.map_err(|_| Oops::Unavailable)?;
    let delivery = found.deliveries.into_iter().next().ok_or(Oops::NoPage)?;
    let outlook = visitor.outlook(&portal, std::slice::from_ref(&delivery)).await?;
    let next = format!("{:?}", outlook.next_attempt(&delivery));
    // Times are written by the day.
    let tag = Tag::of(&(delivery.revision, next, visitor.writer.zone_and_day()));
    if tag.is_known_to(&asked) {
        return Ok(tag.unchanged());
    }
    let page = shown(&portal, &visitor, &id, (Place::Deliveries, None, Made::Nothing)).await?;
    Ok(tag.on(page))
}
