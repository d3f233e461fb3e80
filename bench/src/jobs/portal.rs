//! The portal, asked by a hostile visitor and then by its neighbour.

use super::{TENANT, hostile_record};
use crate::function::Limits;
use crate::hostile::expressions::Expression;
use crate::hostile::portal::{Visit, studio};
use crate::hostile::requests::RequestInput;
use crate::lambda::{MAX_PAYLOAD, Name};
use crate::payload::{Request, of_records};
use crate::row::{Bounds, Row};
use crate::world::{Answered, World, answered_page};

/// The events that the studio reads.
const EVENTS: usize = 20;

/// A visit by somebody who is signed in.
pub(super) async fn visit(
    world: &World,
    visit: &Visit,
    bounds: Bounds,
) -> anyhow::Result<Vec<Row>> {
    let session = world.session(TENANT).await?;
    let request = visit.request(TENANT, &session.cookie, &session.token);
    Ok(vec![asked(world, &visit.name, &request.payload(), bounds).await?])
}

/// The same input that strangers send to the API.
pub(super) async fn stranger(
    world: &World,
    input: &RequestInput,
    bounds: Bounds,
) -> anyhow::Result<Vec<Row>> {
    let mut row = asked(world, &format!("portal: {}", input.name), &input.payload, bounds).await?;
    if input.is_impossible && row.happened == FAILED {
        row.faults.clear();
    }
    Ok(vec![row])
}

/// The expression in the studio, on events that were made for it.
pub(super) async fn expression(
    world: &World,
    input: &Expression,
    bounds: Bounds,
) -> anyhow::Result<Vec<Row>> {
    let mut records = Vec::new();
    for _ in 0..EVENTS {
        records.push(hostile_record(world, &input.data).await?);
    }
    let mut stats = world.function(Name::Stats, Limits::None).await?;
    stats.invoke(&of_records(&records)).await?;
    stats.stop().await;
    visit(world, &studio(input), bounds).await
}

const FAILED: &str = "reported as an error";

/// Hands a request to a fresh portal. It may be refused in any way, but the process must live and answer its
/// neighbour.
async fn asked(
    world: &World,
    name: &str,
    payload: &serde_json::Value,
    bounds: Bounds,
) -> anyhow::Result<Row> {
    let neighbour = world.neighbour("a").await?;
    let theirs = world.session(&neighbour.tenant).await?;
    let mut portal = world.function(Name::Dashboard, Limits::Lambda).await?;
    let ran = portal.invoke(payload).await?;
    let mut row = Row::of(name, Name::Dashboard, &ran, bounds);
    row.happened = match answered_page(&ran) {
        Ok(Answered { status, .. }) => {
            if status >= 500 {
                row.faults.push(format!("answered {status}"));
            }
            if ran.answer_bytes > MAX_PAYLOAD {
                row.faults.push(format!("an answer of {} bytes, a 502", ran.answer_bytes));
            }
            format!("answered {status} in {} bytes", ran.answer_bytes)
        }
        Err(_) => FAILED.to_owned(),
    };
    let status = if portal.lives() {
        let path = format!("/portal/{}/webhooks", neighbour.tenant);
        let request = Request::new("GET", &path).header("cookie", theirs.cookie);
        let ran = portal.invoke(&request.payload()).await?;
        answered_page(&ran).map(|answer| answer.status).unwrap_or_default()
    } else {
        0
    };
    if status != 200 {
        row.faults.push(format!("the neighbour's page got {status}"));
    }
    portal.stop().await;
    Ok(row)
}
