//! Expressions in filters, transforms, recoveries and explanations.

use anyhow::Context as _;
use serde_json::Value;

use super::{AT_THE_API, TENANT, between, hostile_record, recoveries, webhook_body};
use crate::hostile::expressions::Expression;
use crate::payload::Request;
use crate::row::{Bounds, Row};
use crate::world::{World, as_operator};

/// Webhooks with the same expression, beside two neighbours in a batch of ten.
const WEBHOOKS: usize = 7;

/// Saves the expression, then runs an event through `fanout` and `delivery` on webhooks in which it is
/// stored whether it was accepted or not: an earlier version may have accepted it.
pub(super) async fn expression(
    world: &World,
    input: &Expression,
    bounds: Bounds,
) -> anyhow::Result<Vec<Row>> {
    let neighbours = [world.neighbour("a").await?, world.neighbour("b").await?];
    let (filter, transform) = (input.filter.as_deref(), input.transform.as_deref());
    let url = world.receiver.url("/ok/hostile");
    let request = Request::new("POST", "/webhooks");
    let request = request.body(webhook_body(&url, filter, transform).to_string());
    let request = as_operator(AT_THE_API, request);
    let (row, _) = world.ask_hostile(&input.name, &request, &neighbours[0], bounds).await?;
    let mut rows = vec![row];

    let mut ids = Vec::new();
    for _ in 0..WEBHOOKS {
        ids.push(world.webhook(TENANT, &webhook_body(&url, None, None)).await?);
    }
    let records = vec![
        world.neighbours_record(&neighbours[0]).await?,
        hostile_record(world, &input.data).await?,
        world.neighbours_record(&neighbours[1]).await?,
    ];
    let messages = between(world.messages_of(&records).await?, &neighbours);
    store_expressions(world, &ids, filter, transform);
    if filter.is_some() {
        rows.push(world.fan_out(&input.name, &records, &neighbours, bounds).await?);
    }
    rows.push(world.deliver(&input.name, &messages, &neighbours, bounds).await?);
    Ok(rows)
}

fn store_expressions(world: &World, ids: &[String], filter: Option<&str>, transform: Option<&str>) {
    let both = [("filter", filter), ("transform", transform)];
    let attributes: Vec<_> =
        both.into_iter().filter_map(|(name, text)| Some((name, text?))).collect();
    for id in ids {
        world.store_in_webhook(TENANT, id, &attributes);
    }
}

/// Orders a recovery over twelve skipped events for the hostile tenant and its neighbour, and runs
/// `upkeep` once: the neighbour's event must be sent in this run.
pub(super) async fn recovery(
    world: &World,
    name: &str,
    input: &Expression,
    bounds: Bounds,
) -> anyhow::Result<Vec<Row>> {
    let hostile = world
        .webhook(TENANT, &webhook_body(&world.receiver.url("/ok/hostile"), None, None))
        .await?;
    let neighbour = world.neighbour("a").await?;
    for _ in 0..12 {
        hostile_record(world, &input.data).await?;
    }
    world.neighbours_record(&neighbour).await?;
    store_expressions(world, std::slice::from_ref(&hostile), input.filter.as_deref(), None);
    for (tenant, webhook) in [(TENANT, &hostile), (neighbour.tenant.as_str(), &neighbour.webhook)] {
        world.done(tenant, recoveries::recover(webhook)).await?;
    }
    let (mut row, sent) = recoveries::run_upkeep(world, name, &neighbour, bounds).await?;
    row.happened = format!("{sent} of 12 events sent");
    Ok(vec![row])
}

/// Asks the API why an event did not reach webhooks whose filter is the expression.
pub(super) async fn explanation(
    world: &World,
    name: &str,
    input: &Expression,
    bounds: Bounds,
) -> anyhow::Result<Vec<Row>> {
    let neighbour = world.neighbour("a").await?;
    let mut ids = Vec::new();
    for _ in 0..WEBHOOKS {
        let body = webhook_body(&world.receiver.url("/ok/hostile"), None, None);
        ids.push(world.webhook(TENANT, &body).await?);
    }
    let record = hostile_record(world, &input.data).await?;
    let event = record.pointer("/dynamodb/NewImage/i/S").and_then(Value::as_str);
    let path = format!("/events/{}", event.context("the event has no id")?);
    store_expressions(world, &ids, input.filter.as_deref(), None);
    let request = as_operator(TENANT, Request::new("GET", &path).query("explain=true"));
    let (row, _) = world.ask_hostile(name, &request, &neighbour, bounds).await?;
    Ok(vec![row])
}
