//! Requests of strangers and tenants to the API.

use crate::function::{End, Limits};
use crate::hostile::requests::RequestInput;
use crate::lambda::Name;
use crate::payload::Request;
use crate::row::{Bounds, Row};
use crate::world::{World, answered, as_operator};

/// The longest answer to a request that is refused.
const MAX_REFUSAL: usize = 256 * 1024;

/// Hands a request to a fresh API. It may be refused in any way, but the process must live and answer
/// its neighbour.
pub(super) async fn request(
    world: &World,
    input: &RequestInput,
    bounds: Bounds,
) -> anyhow::Result<Vec<Row>> {
    let neighbour = world.neighbour("a").await?;
    let mut api = world.function(Name::Api, Limits::Lambda).await?;
    let ran = api.invoke(&input.payload).await?;
    let mut row = Row::of(&input.name, Name::Api, &ran, bounds);
    row.happened = match answered(&ran) {
        Ok(answer) => {
            if answer.status >= 500 {
                row.faults.push(format!("answered {}", answer.status));
            }
            if answer.status >= 400 && ran.answer_bytes > MAX_REFUSAL {
                row.faults.push(format!("a refusal of {} bytes", ran.answer_bytes));
            }
            format!("answered {} in {} bytes", answer.status, ran.answer_bytes)
        }
        Err(_) if input.is_impossible && matches!(ran.end, End::Failed(_)) => {
            row.faults.clear();
            "reported as an error".to_owned()
        }
        Err(_) => "no answer".to_owned(),
    };
    let theirs = Request::new("GET", "/webhooks");
    let status = if api.lives() {
        let ran = api.invoke(&as_operator(&neighbour.tenant, theirs).payload()).await?;
        answered(&ran).map(|answer| answer.status).unwrap_or_default()
    } else {
        0
    };
    if status != 200 {
        row.faults.push(format!("the neighbour's request got {status}"));
    }
    api.stop().await;
    Ok(vec![row])
}
