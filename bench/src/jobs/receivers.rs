//! Receivers that answer badly, and webhooks in numbers.

use super::{TENANT, between, hostile_record, webhook_body};
use crate::payload::Request;
use crate::row::{Bounds, Row};
use crate::world::{World, as_operator};

/// Delivers to eight hostile receivers of a kind, and to two neighbours in the same batch.
pub(super) async fn receiver(
    world: &World,
    name: &str,
    kind: &str,
    bounds: Bounds,
) -> anyhow::Result<Vec<Row>> {
    let neighbours = [world.neighbour("a").await?, world.neighbour("b").await?];
    for i in 0..8 {
        let url = world.receiver.url(&format!("/{kind}/{i}"));
        world.webhook(TENANT, &webhook_body(&url, None, None)).await?;
    }
    let records = vec![
        world.neighbours_record(&neighbours[0]).await?,
        hostile_record(world, "{\"a\":1}").await?,
        world.neighbours_record(&neighbours[1]).await?,
    ];
    let messages = between(world.messages_of(&records).await?, &neighbours);
    Ok(vec![world.deliver(name, &messages, &neighbours, bounds).await?])
}

/// Finding 4: many webhooks, whose filters of 24 patterns each an earlier version has stored. Then the
/// lists of the API over all of them.
pub(super) async fn webhooks(
    world: &World,
    name: &str,
    n: usize,
    bounds: Bounds,
) -> anyhow::Result<Vec<Row>> {
    let neighbours = [world.neighbour("a").await?, world.neighbour("b").await?];
    let url = world.receiver.url("/ok/hostile");
    for i in 0..n {
        let id = world.webhook(TENANT, &webhook_body(&url, None, None)).await?;
        // Different ones, so that no two webhooks can share a compiled form.
        let one = |k: usize| format!("event.id.matches('[ab]{{1,{}}}{}')", 60 + k, i % 10);
        let filter = (0..24).map(one).collect::<Vec<_>>().join(" || ");
        world.store_in_webhook(TENANT, &id, &[("filter", &filter)]);
    }
    let records = vec![
        world.neighbours_record(&neighbours[0]).await?,
        hostile_record(world, "{\"t\":\"aaaaaaaa\"}").await?,
        world.neighbours_record(&neighbours[1]).await?,
    ];
    let mut rows = vec![world.fan_out(name, &records, &neighbours, bounds).await?];
    for path in ["/webhooks", "/stats", "/deliveries", "/webhooks/events/available"] {
        let request = as_operator(TENANT, Request::new("GET", path));
        let input = format!("{n} webhooks, GET {path}");
        let (row, _) = world.ask_hostile(&input, &request, &neighbours[0], bounds).await?;
        rows.push(row);
    }
    Ok(rows)
}
