//! Each hostile input as a job that runs in a world of its own and makes rows.

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::aws::sqs::Message;
use crate::clock::now_ms;
use crate::function::{End, Limits};
use crate::hostile::expressions::Expression;
use crate::hostile::poison;
use crate::hostile::requests::RequestInput;
use crate::hostile::schemas::SchemaInput;
use crate::index::full_batch;
use crate::lambda::Name;
use crate::payload::{Request, failures, of_messages};
use crate::row::{Bounds, Row};
use crate::stage::{EVENT_TYPE, Neighbour};
use crate::world::{DEAD, DELIVERIES, EVENTS, REGISTRY, RETRIES, World, answered, as_operator};

/// The hostile tenant.
pub const TENANT: &str = "hostile";
/// The same one, where only the API is asked: what it saves is not stored for the others.
const AT_THE_API: &str = "hostile-at-the-api";
/// Webhooks with the same expression, beside two neighbours in a batch of ten.
const WEBHOOKS: usize = 7;

/// The longest answer to a request that is refused.
const MAX_REFUSAL: usize = 256 * 1024;

/// One hostile input.
#[derive(Debug, Clone)]
pub enum Job {
    Expression(Expression),
    /// The expression in a recovery that `upkeep` works on.
    Recovery(Expression),
    /// The expression in the explanation of an event.
    Explanation(Expression),
    Schema(SchemaInput),
    Request(RequestInput),
    Receiver(&'static str),
    /// Many webhooks, each with patterns in its filter.
    Webhooks(usize),
    PoisonEvents,
    PoisonMessages,
    PoisonRecords,
    /// The largest batch for the index of events.
    FullIndex,
}

impl Job {
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Expression(input) => input.name.clone(),
            Self::Recovery(input) => format!("recovery: {}", input.name),
            Self::Explanation(input) => format!("explanation: {}", input.name),
            Self::Schema(input) => input.name.clone(),
            Self::Request(input) => input.name.clone(),
            Self::Receiver(kind) => format!("receiver: {kind}"),
            Self::Webhooks(n) => format!("numbers: {n} webhooks with 24 patterns"),
            Self::PoisonEvents => "poison: messages of events".to_owned(),
            Self::PoisonMessages => "poison: messages of deliveries".to_owned(),
            Self::PoisonRecords => "poison: records of the stream".to_owned(),
            Self::FullIndex => "numbers: a full batch for the index".to_owned(),
        }
    }

    /// Runs the input against the functions that read it.
    pub async fn run(&self, world: &World, bounds: Bounds) -> anyhow::Result<Vec<Row>> {
        let name = self.name();
        for tenant in [TENANT, AT_THE_API] {
            world.done(tenant, definition("{}")).await?;
        }
        match self {
            Self::Expression(input) => expression(world, input, bounds).await,
            Self::Recovery(input) => recovery(world, &name, input, bounds).await,
            Self::Explanation(input) => explanation(world, &name, input, bounds).await,
            Self::Schema(input) => schema(world, input, bounds).await,
            Self::Request(input) => request(world, input, bounds).await,
            Self::Receiver(kind) => receiver(world, &name, kind, Bounds::RECEIVER).await,
            Self::Webhooks(n) => webhooks(world, &name, *n, bounds).await,
            Self::PoisonEvents => poison_events(world, &name, bounds).await,
            Self::PoisonMessages => poison_messages(world, &name, bounds).await,
            Self::PoisonRecords => poison_records(world, &name, bounds).await,
            Self::FullIndex => full_batch(world, &name, Bounds::WORST).await,
        }
    }
}

pub(crate) fn webhook_body(url: &str, filter: Option<&str>, transform: Option<&str>) -> Value {
    let mut body = json!({"name": "H", "url": url, "events": ["hostile.event"]});
    for (name, value) in [("filter", filter), ("transform", transform)] {
        if let Some(value) = value {
            body[name] = json!(value);
        }
    }
    body
}

/// The definition of the hostile tenant's own event type. Its sample is empty, so that no filter is
/// refused for what the sample holds.
pub(crate) fn definition(schema: &str) -> Request {
    Request::new("PUT", "/event-types/hostile.event").body(format!(
        "{{\"category\":\"c\",\"description\":\"d\",\"sample\":{{}},\"schema\":{schema}}}"
    ))
}

/// An event of the hostile tenant, as a stream record.
pub(crate) async fn hostile_record(world: &World, data: &str) -> anyhow::Result<Value> {
    let body = format!("{{\"type\":\"hostile.event\",\"data\":{data}}}");
    world.done(TENANT, Request::new("POST", "/events").body(body)).await?;
    world.aws.dynamodb.take_records().pop().context("the event is not in the stream")
}

/// A neighbour's message, the hostile ones, another neighbour's.
fn between(messages: Vec<Message>, neighbours: &[Neighbour; 2]) -> Vec<Message> {
    let is = |message: &Message, neighbour: &Neighbour| {
        message.group.as_deref() == Some(neighbour.webhook.as_str())
    };
    let (theirs, mut batch): (Vec<_>, Vec<_>) =
        messages.into_iter().partition(|m| neighbours.iter().any(|n| is(m, n)));
    batch.truncate(8);
    for (at, message) in theirs.into_iter().enumerate() {
        batch.insert(if at == 0 { 0 } else { batch.len() }, message);
    }
    batch
}

/// Saves the expression, then runs an event through `fanout` and `delivery` on webhooks in which it is
/// stored whether it was accepted or not: an earlier version may have accepted it.
async fn expression(world: &World, input: &Expression, bounds: Bounds) -> anyhow::Result<Vec<Row>> {
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
async fn recovery(
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
        let request = Request::new("POST", &format!("/webhooks/{webhook}/recover"));
        let body =
            json!({"since": iso(now_ms() - 3_600_000), "include": "skipped", "thorough": true});
        world.done(tenant, request.body(body.to_string())).await?;
    }
    world.aws.sqs.purge(RETRIES);
    let mut upkeep = world.function(Name::Upkeep, Limits::Lambda).await?;
    let ran = upkeep.invoke(&json!({"source": "aws.events"})).await?;
    let mut row = Row::of(name, Name::Upkeep, &ran, bounds);
    let sent = world.aws.sqs.messages(RETRIES);
    let of = |webhook: &str| sent.iter().filter(|m| m.group.as_deref() == Some(webhook)).count();
    row.happened = format!("{} of 12 events sent", of(&hostile));
    let theirs = of(&neighbour.webhook);
    if theirs != 1 {
        row.faults.push(format!("the neighbour's recovery sent {theirs} messages"));
    }
    upkeep.stop().await;
    Ok(vec![row])
}

/// Asks the API why an event did not reach webhooks whose filter is the expression.
async fn explanation(
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

/// A time as the API reads it.
pub(crate) fn iso(ms: i64) -> String {
    hooklane_domain::Timestamp::from_millisecond(ms).unwrap_or_default().to_string()
}

/// Saves the schema, stores it whether it was accepted or not, and judges an event by it: at the API, and
/// in a batch of `ingest` with neighbours.
async fn schema(world: &World, input: &SchemaInput, bounds: Bounds) -> anyhow::Result<Vec<Row>> {
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

/// Messages that were never in a queue.
fn messages(queue: &str, bodies: &[String]) -> Vec<Message> {
    let message = |(i, body): (usize, &String)| Message {
        id: format!("{queue}-{i}-{:08x}", fastrand::u32(..)),
        body: body.clone(),
        attributes: Value::Null,
        group: None,
        sent_ms: now_ms(),
        receives: 1,
        visible_ms: now_ms() + 180_000,
    };
    bodies.iter().enumerate().map(message).collect()
}

/// Hands a request to a fresh API. It may be refused in any way, but the process must live and answer
/// its neighbour.
async fn request(world: &World, input: &RequestInput, bounds: Bounds) -> anyhow::Result<Vec<Row>> {
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

/// Delivers to eight hostile receivers of a kind, and to two neighbours in the same batch.
async fn receiver(
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
async fn webhooks(world: &World, name: &str, n: usize, bounds: Bounds) -> anyhow::Result<Vec<Row>> {
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

async fn poison_events(world: &World, name: &str, bounds: Bounds) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (what, body) in poison::of_event_queue() {
        let neighbours = [world.neighbour("a").await?, world.neighbour("b").await?];
        let input = format!("{name}: {what}");
        rows.push(ingest(world, &input, vec![body; 4], &neighbours, bounds).await?);
    }
    Ok(rows)
}

async fn poison_messages(world: &World, name: &str, bounds: Bounds) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (what, body) in poison::of_delivery_queue() {
        let neighbours = [world.neighbour("a").await?, world.neighbour("b").await?];
        let records = vec![
            world.neighbours_record(&neighbours[0]).await?,
            world.neighbours_record(&neighbours[1]).await?,
        ];
        let mut batch = world.messages_of(&records).await?;
        let poison = messages(DELIVERIES, &vec![body; 4]);
        let last = batch.len();
        batch.splice(last - 1..last - 1, poison);
        let input = format!("{name}: {what}");
        rows.push(world.deliver(&input, &batch, &neighbours, bounds).await?);
    }
    Ok(rows)
}

async fn poison_records(world: &World, name: &str, bounds: Bounds) -> anyhow::Result<Vec<Row>> {
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
