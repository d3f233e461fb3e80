//! Retrying and cancelling what is selected.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use futures::StreamExt as _;
use hooklane_api::Ports;
use hooklane_app::deliveries::{self, RequestError};
use hooklane_domain::ids::DeliveryId;

use super::ROWS;
use super::asked::Asked;
use crate::form::{Act, Fields};
use crate::frame::{Frame, Place};
use crate::oops::Oops;
use crate::pages::{page, see};
use crate::query::Query;
use crate::settings::Portal;
use crate::visitor::Visitor;

/// The requests of one form that are worked on at the same time.
const AT_ONCE: usize = 8;

/// What was done with the selected ones before this page.
pub(super) fn done(query: &Fields, visitor: &Visitor) -> Option<String> {
    let count = |name: &str| query.text(name).and_then(|text| text.parse::<u64>().ok());
    let act = match query.text("done")? {
        "retry" => ("sent again now", "already delivered"),
        "cancel" => ("cancelled", "already ended"),
        _ => return None,
    };
    let (done, left) = (count("n")?, count("left").unwrap_or_default());
    let deliveries = visitor.writer.count(done, "delivery is", "deliveries are");
    let others = match left {
        0 => String::new(),
        left => {
            format!(" {} left as they are: {}.", visitor.writer.count(left, "was", "were"), act.1)
        }
    };
    Some(format!("{deliveries} {}.{others}", act.0))
}

#[derive(Template)]
#[template(path = "confirm_many.html")]
struct Confirm {
    frame: Frame,
    count: String,
    ids: Vec<String>,
    action: String,
    back: String,
}

/// Retries or cancels what is selected. Cancelling asks once more, with the number.
pub(crate) async fn act<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    Query(query): Query,
    Act { visitor, fields }: Act,
) -> Result<Response, Oops> {
    let asked = Asked::read(&query);
    let mut ids: Vec<DeliveryId> =
        fields.all("d").filter_map(|text| text.parse().ok()).take(ROWS).collect();
    ids.dedup();
    let cancels = fields.text("do") == Some("cancel");
    let here = asked.address(&visitor, "deliveries", &[]);
    if ids.is_empty() {
        return Ok(see(&here));
    }
    if cancels && !fields.has("sure") {
        return page(&Confirm {
            frame: Frame::new(&visitor, Place::Deliveries, "Cancel deliveries"),
            count: visitor.writer.count(ids.len() as u64, "delivery", "deliveries"),
            ids: ids.iter().map(ToString::to_string).collect(),
            action: here.clone(),
            back: here,
        });
    }
    let (done, left) = each(&portal, &visitor, &ids, cancels).await?;
    let word = if cancels { "cancel" } else { "retry" };
    let (done, left) = (done.to_string(), left.to_string());
    let more = [("done", word), ("n", done.as_str()), ("left", left.as_str())];
    Ok(see(&asked.address(&visitor, "deliveries", &more)))
}

/// How many were retried or cancelled, and how many had ended before.
async fn each<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    ids: &[DeliveryId],
    cancels: bool,
) -> Result<(usize, usize), Oops> {
    let deps = &portal.deps;
    let one = |id: DeliveryId| async move {
        let tenant = visitor.id();
        if cancels {
            deliveries::cancel(&deps.ledger, &deps.system, tenant, &id).await
        } else {
            deliveries::retry(&deps.ledger, &deps.queues, &deps.system, tenant, &id).await
        }
    };
    let results: Vec<_> =
        futures::stream::iter(ids.to_vec()).map(one).buffered(AT_ONCE).collect().await;
    let mut counts = (0, 0);
    for result in results {
        match result {
            Ok(_) => counts.0 += 1,
            Err(RequestError::Ended(_) | RequestError::Missing) => counts.1 += 1,
            Err(RequestError::Unavailable(error)) => return Err(error.into()),
        }
    }
    Ok(counts)
}
