//! Bodies that no function can process.

use super::events::ingest;
use crate::hostile::poison;
use crate::row::{Bounds, Row};
use crate::world::{DELIVERIES, World};

pub(super) async fn events(world: &World, name: &str, bounds: Bounds) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (what, body) in poison::of_event_queue() {
        let neighbours = [world.neighbour("a").await?, world.neighbour("b").await?];
        let input = format!("{name}: {what}");
        rows.push(ingest(world, &input, vec![body; 4], &neighbours, bounds).await?);
    }
    Ok(rows)
}

pub(super) async fn messages(
    world: &World,
    name: &str,
    bounds: Bounds,
) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (what, body) in poison::of_delivery_queue() {
        let neighbours = [world.neighbour("a").await?, world.neighbour("b").await?];
        let records = vec![
            world.neighbours_record(&neighbours[0]).await?,
            world.neighbours_record(&neighbours[1]).await?,
        ];
        let mut batch = world.messages_of(&records).await?;
        let poison = super::messages(DELIVERIES, &vec![body; 4]);
        let last = batch.len();
        batch.splice(last - 1..last - 1, poison);
        let input = format!("{name}: {what}");
        rows.push(world.deliver(&input, &batch, &neighbours, bounds).await?);
    }
    Ok(rows)
}

pub(super) async fn records(world: &World, name: &str, bounds: Bounds) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (what, record) in poison::of_stream() {
        let neighbours = [world.neighbour("a").await?, world.neighbour("b").await?];
        let records = vec![
            world.neighbours_record(&neighbours[0]).await?,
            record,
            world.neighbours_record(&neighbours[1]).await?,
        ];
        let input = format!("{name}: {what}");
        rows.push(world.fan_out(&input, &records, &neighbours, bounds).await?);
        rows.push(world.index(&input, &records, &neighbours, bounds).await?);
    }
    Ok(rows)
}
