//! The worst that is accepted, each at its quota, all together: one tenant that uses everything it may,
//! beside neighbours in the same batches.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::aws::sqs::Message;
use crate::hostile::expressions::{self, Expression};
use crate::hostile::schemas::{self, SchemaInput};
use crate::jobs::{TENANT, definition, hostile_record, ingest, recoveries, webhook_body};
use crate::lambda::MAX_PAYLOAD;
use crate::payload::Request;
use crate::row::{Bounds, Row};
use crate::suite::{Finds, finds};
use crate::world::{World, as_operator};

/// What the tenant got accepted.
#[derive(Debug, Default)]
pub struct Accepted {
    pub webhooks: usize,
    pub with_filter: usize,
    pub with_transform: usize,
    pub filter: String,
    pub transform: String,
    pub schema: String,
}

/// A batch of the stream has at most this many records.
const RECORDS: usize = 100;

/// Runs the scenario and returns its rows, and lines about what was accepted.
pub async fn run(
    folder: PathBuf,
    webhooks: usize,
    seed: u64,
    search: Duration,
) -> anyhow::Result<(Vec<Row>, Vec<String>)> {
    let finds = finds(seed, search)?;
    let world = World::start(folder).await?;
    world.done(TENANT, definition("{}")).await?;
    let filters = worst_filters(&world, &finds).await?;
    let mut rows = Vec::new();
    let (accepted, ids) = register(&world, webhooks, &filters, &finds).await?;
    let data = filters.first().map_or_else(expressions::list_and_text, |worst| worst.data.clone());
    let neighbours = [world.neighbour("a").await?, world.neighbour("b").await?];

    rows.extend(at_the_api(&world, &accepted, &neighbours[0]).await?);
    rows.push(fan_out(&world, &data, &neighbours).await?);
    rows.push(deliver(&world, &ids, &data, &neighbours).await?);
    rows.push(recover(&world, &ids).await?);
    let (schema, judged) = strict(&world, &finds, &neighbours).await?;
    rows.push(judged);
    let mut lines = finds.report.clone();
    lines.push(format!(
        "{} webhooks, {} with the worst filter, {} with the worst transform",
        accepted.webhooks, accepted.with_filter, accepted.with_transform
    ));
    for (what, text) in
        [("filter", &accepted.filter), ("transform", &accepted.transform), ("schema", &schema)]
    {
        lines.push(format!("{what}: {}", text.chars().take(200).collect::<String>()));
    }
    Ok((rows, lines))
}

/// The filters that the API accepts, the worst first: what the search measured, then the survey's.
async fn worst_filters(world: &World, finds: &Finds) -> anyhow::Result<Vec<Expression>> {
    let survey = expressions::all().into_iter().filter(|input| input.filter.is_some());
    let mut accepted = Vec::new();
    for input in finds.filters.iter().cloned().chain(survey) {
        let body = webhook_body("http://127.0.0.1:9/", input.filter.as_deref(), None);
        let request = Request::new("POST", "/webhooks").body(body.to_string());
        world.done("trial", definition("{}")).await?;
        let answer = world.ask("trial", request).await?;
        if answer.status == 201 {
            accepted.push(input);
        }
    }
    Ok(accepted)
}

/// Registers as many webhooks as the API lets through, each with the worst filter and transform that it
/// still accepts.
async fn register(
    world: &World,
    webhooks: usize,
    filters: &[Expression],
    finds: &Finds,
) -> anyhow::Result<(Accepted, Vec<String>)> {
    let url = world.receiver.url("/ok/hostile");
    let survey = expressions::all();
    let transforms: Vec<&str> = finds
        .transforms
        .iter()
        .chain(&survey)
        .filter_map(|input| input.transform.as_deref())
        .collect();
    let mut accepted = Accepted::default();
    let mut ids = Vec::new();
    // Once a filter is refused, the quota of costs has no room for it, so the next one is tried.
    let (mut filter, mut transform) = (0, 0);
    while accepted.webhooks < webhooks {
        let (f, t) = (filters.get(filter), transforms.get(transform).copied());
        let body = webhook_body(&url, f.and_then(|f| f.filter.as_deref()), t);
        let answer =
            world.ask(TENANT, Request::new("POST", "/webhooks").body(body.to_string())).await?;
        if answer.status == 201 {
            accepted.webhooks += 1;
            if let Some(f) = f {
                accepted.with_filter += 1;
                if accepted.filter.is_empty() {
                    accepted.filter = f.filter.clone().unwrap_or_default();
                }
            }
            if let Some(t) = t {
                accepted.with_transform += 1;
                if accepted.transform.is_empty() {
                    t.clone_into(&mut accepted.transform);
                }
            }
            let id = answer.body.get("id").and_then(Value::as_str);
            ids.push(id.context("a webhook without an id")?.to_owned());
        } else if answer.body.to_string().contains("transform") && t.is_some() {
            transform += 1;
        } else if f.is_some() {
            filter += 1;
        } else if t.is_some() {
            transform += 1;
        } else {
            break;
        }
    }
    Ok((accepted, ids))
}

async fn at_the_api(
    world: &World,
    accepted: &Accepted,
    neighbour: &crate::stage::Neighbour,
) -> anyhow::Result<Vec<Row>> {
    let body = webhook_body(
        &world.receiver.url("/ok/hostile"),
        Some(&accepted.filter),
        Some(&accepted.transform),
    );
    let requests = [
        ("POST /webhooks", Request::new("POST", "/webhooks").body(body.to_string())),
        ("GET /webhooks", Request::new("GET", "/webhooks")),
        ("GET /stats", Request::new("GET", "/stats")),
        ("GET /deliveries", Request::new("GET", "/deliveries")),
    ];
    let mut rows = Vec::new();
    for (name, request) in requests {
        let request = as_operator(TENANT, request);
        let name = format!("all at their quotas, {name}");
        rows.push(world.ask_hostile(&name, &request, neighbour, Bounds::WORST).await?.0);
    }
    Ok(rows)
}

/// A full batch of the stream: events of the tenant, between those of two neighbours.
async fn fan_out(
    world: &World,
    data: &str,
    neighbours: &[crate::stage::Neighbour; 2],
) -> anyhow::Result<Row> {
    let mut records = vec![world.neighbours_record(&neighbours[0]).await?];
    let last = world.neighbours_record(&neighbours[1]).await?;
    let mut bytes = 2 * records[0].to_string().len();
    while records.len() < RECORDS - 1 {
        let record = hostile_record(world, data).await?;
        bytes += record.to_string().len();
        if bytes > MAX_PAYLOAD - 100_000 {
            break;
        }
        records.push(record);
    }
    records.push(last);
    let name = format!("all at their quotas, {} events", records.len());
    let mut row = world.fan_out(&name, &records, neighbours, Bounds::WORST).await?;
    row.happened.push_str(&format!(" of {} events", records.len()));
    Ok(row)
}

/// A full batch of messages with the worst transform, between those of two neighbours.
async fn deliver(
    world: &World,
    ids: &[String],
    data: &str,
    neighbours: &[crate::stage::Neighbour; 2],
) -> anyhow::Result<Row> {
    let records = vec![
        world.neighbours_record(&neighbours[0]).await?,
        hostile_record(world, data).await?,
        world.neighbours_record(&neighbours[1]).await?,
    ];
    let messages = world.messages_of(&records).await?;
    let of = |webhook: &str| messages.iter().find(|m| m.group.as_deref() == Some(webhook)).cloned();
    let mut batch: Vec<Message> = of(&neighbours[0].webhook).into_iter().collect();
    batch.extend(ids.iter().filter_map(|id| of(id)).take(8));
    batch.extend(of(&neighbours[1].webhook));
    world.deliver("all at their quotas", &batch, neighbours, Bounds::WORST).await
}

/// Recoveries of eight webhooks over every event, and one of a neighbour.
async fn recover(world: &World, ids: &[String]) -> anyhow::Result<Row> {
    let neighbour = world.neighbour("c").await?;
    world.neighbours_record(&neighbour).await?;
    let hostile = ids.iter().take(8).map(|id| (TENANT, id.as_str()));
    for (tenant, webhook) in hostile.chain([(neighbour.tenant.as_str(), &*neighbour.webhook)]) {
        // A quota may refuse the last ones.
        world.ask(tenant, recoveries::recover(webhook)).await?;
    }
    let name = "all at their quotas, recoveries";
    let (mut row, sent) = recoveries::run_upkeep(world, name, &neighbour, Bounds::WORST).await?;
    row.happened = format!("{sent} sent");
    Ok(row)
}

/// A full batch of `ingest` under the worst schema that the API accepts.
async fn strict(
    world: &World,
    finds: &Finds,
    neighbours: &[crate::stage::Neighbour; 2],
) -> anyhow::Result<(String, Row)> {
    let mut worst: Option<SchemaInput> = None;
    for input in finds.schemas.iter().cloned().chain(schemas::all()) {
        let answer = world.ask(TENANT, definition(&input.schema)).await?;
        if answer.status < 300 {
            worst = Some(input);
            break;
        }
    }
    let worst = worst.context("no schema was accepted")?;
    let settings = Request::new("PUT", &format!("/tenants/{TENANT}"));
    world.done("", settings.body(json!({"strict": true}).to_string())).await?;
    let event =
        format!("{{\"tenant\":\"{TENANT}\",\"type\":\"hostile.event\",\"data\":{}}}", worst.data);
    let row =
        ingest(world, "all at their quotas", vec![event; 8], neighbours, Bounds::WORST).await?;
    Ok((worst.schema, row))
}
