//! Recoveries that `upkeep` works on, one of them a neighbour's.

use serde_json::json;

use crate::clock::now_ms;
use crate::function::Limits;
use crate::lambda::Name;
use crate::payload::Request;
use crate::row::{Bounds, Row};
use crate::stage::Neighbour;
use crate::world::{RETRIES, World};

/// The order of a recovery of what a webhook missed in the last hour.
pub(crate) fn recover(webhook: &str) -> Request {
    let since = now_ms() - 3_600_000;
    let since = hooklane_domain::Timestamp::from_millisecond(since).unwrap_or_default().to_string();
    let body = json!({"since": since, "include": "skipped", "thorough": true});
    Request::new("POST", &format!("/webhooks/{webhook}/recover")).body(body.to_string())
}

/// Runs `upkeep` once: the neighbour's event must be sent in this run. Returns the number of messages for
/// other webhooks, too.
pub(crate) async fn run_upkeep(
    world: &World,
    name: &str,
    neighbour: &Neighbour,
    bounds: Bounds,
) -> anyhow::Result<(Row, usize)> {
    world.aws.sqs.purge(RETRIES);
    let mut upkeep = world.function(Name::Upkeep, Limits::Lambda).await?;
    let ran = upkeep.invoke(&json!({"source": "aws.events"})).await?;
    let mut row = Row::of(name, Name::Upkeep, &ran, bounds);
    let sent = world.aws.sqs.messages(RETRIES);
    let is_theirs = |group: Option<&str>| group == Some(neighbour.webhook.as_str());
    let theirs = sent.iter().filter(|message| is_theirs(message.group.as_deref())).count();
    if theirs != 1 {
        row.faults.push(format!("the neighbour's recovery sent {theirs} messages"));
    }
    upkeep.stop().await;
    Ok((row, sent.len() - theirs))
}
