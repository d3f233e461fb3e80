//! Schemas, and messages of the event queue.

use anyhow::Context as _;
use serde_json::{Value, json};

use super::{AT_THE_API, TENANT, definition, messages};
use crate::function::Limits;
use crate::hostile::schemas::SchemaInput;
use crate::lambda::Name;
use crate::payload::{Request, failures, of_messages};
use crate::row::{Bounds, Row};
use crate::stage::{EVENT_TYPE, Neighbour};
use crate::world::{DEAD, EVENTS, REGISTRY, World, as_operator};

/// Saves the schema, stores it whether it was accepted or not, and judges an event by it: at the API, and
/// in a batch of `ingest` with neighbours.
pub(super) async fn schema(
    world: &World,
    input: &SchemaInput,
    bounds: Bounds,
) -> anyhow::Result<Vec<Row>> {
    let neighbours = [world.neighbour("a").await?, world.neighbour("b").await?];
    let request = as_operator(AT_THE_API, definition(&input.schema));
    let (row, _) = world.ask_hostile(&input.name, &request, &neighbours[0], bounds).await?;
    let mut rows = vec![row];

    let settings = Request::new("PUT", &format!("/tenants/{TENANT}"));
    world.done("", settings.body(json!({"strict": true}).to_string())).await?;
    let key = (format!("T#{TENANT}"), "ET#hostile.event".to_owned());
    let mut item = world
        .aws
        .dynamodb
        .item(REGISTRY, &key.0, &key.1)
        .context("the event type is not in the registry")?;
    item.insert("schema".to_owned(), json!({"S": input.schema}));
    world.aws.dynamodb.store(REGISTRY, item);

    let event = format!("{{\"type\":\"hostile.event\",\"data\":{}}}", input.data);
    let publish = as_operator(TENANT, Request::new("POST", "/events").body(event));
    let name = format!("{}, stored", input.name);
    let (row, _) = world.ask_hostile(&name, &publish, &neighbours[0], bounds).await?;
    rows.push(row);

    let hostile =
        format!("{{\"tenant\":\"{TENANT}\",\"type\":\"hostile.event\",\"data\":{}}}", input.data);
    // Six of them, because a batch is at most 6 MB and ten messages.
    rows.push(ingest(world, &input.name, vec![hostile; 6], &neighbours, bounds).await?);
    Ok(rows)
}

/// Runs messages through a fresh `ingest`, between those of two neighbours: each neighbour's event must
/// be stored once, and its message must be done.
pub(crate) async fn ingest(
    world: &World,
    name: &str,
    hostile: Vec<String>,
    neighbours: &[Neighbour; 2],
    bounds: Bounds,
) -> anyhow::Result<Row> {
    let of = |neighbour: &Neighbour| {
        json!({"tenant": neighbour.tenant, "type": EVENT_TYPE, "data": {"orderId": "A-1"}})
            .to_string()
    };
    let count = hostile.len();
    let mut bodies = vec![of(&neighbours[0])];
    bodies.extend(hostile);
    bodies.push(of(&neighbours[1]));
    let batch = messages(EVENTS, &bodies);
    for queue in [EVENTS, DEAD[0]] {
        world.aws.sqs.purge(queue);
    }
    drop(world.aws.dynamodb.take_records());
    let mut ingest = world.function(Name::Ingest, Limits::Lambda).await?;
    let ran = ingest.invoke(&of_messages(EVENTS, &batch)).await?;
    let mut row = Row::of(name, Name::Ingest, &ran, bounds);
    let failed = ran.answer().map(failures).unwrap_or_default();
    let records = world.aws.dynamodb.take_records();
    let stored = |tenant: &str| {
        let of = |record: &&Value| {
            record.pointer("/dynamodb/NewImage/t/S").and_then(Value::as_str) == Some(tenant)
        };
        records.iter().filter(of).count()
    };
    for (i, neighbour) in neighbours.iter().enumerate() {
        let events = stored(&neighbour.tenant);
        if events != 1 {
            row.faults.push(format!("neighbour {} has {events} events", i + 1));
        }
        let message = if i == 0 { batch.first() } else { batch.last() };
        if message.is_some_and(|message| failed.contains(&message.id)) {
            row.faults.push(format!("the message of neighbour {} stays", i + 1));
        }
    }
    let dead = world.aws.sqs.messages(DEAD[0]).len();
    let stay = failed.len();
    row.happened = format!("{} stored, {dead} dead letters", stored(TENANT));
    if stay > 0 {
        row.happened.push_str(&format!(", {stay} of {count} stay"));
    }
    if row.faults.is_empty() && !ingest.lives() {
        row.faults.push("the function has ended after its answer".to_owned());
    }
    ingest.stop().await;
    Ok(row)
}
