//! Each hostile input as a job that runs in a world of its own and makes rows.

mod events;
mod expressions;
mod poison;
mod portal;
mod receivers;
pub(crate) mod recoveries;
mod requests;

use anyhow::Context as _;
use serde_json::{Value, json};

pub(crate) use self::events::ingest;
use crate::aws::sqs::Message;
use crate::clock::now_ms;
use crate::hostile::expressions::Expression;
use crate::hostile::portal::Visit;
use crate::hostile::requests::RequestInput;
use crate::hostile::schemas::SchemaInput;
use crate::index::full_batch;
use crate::payload::Request;
use crate::row::{Bounds, Row};
use crate::stage::Neighbour;
use crate::world::World;

/// The hostile tenant.
pub const TENANT: &str = "hostile";
/// The same one, where only the API is asked: what it saves is not stored for the others.
const AT_THE_API: &str = "hostile-at-the-api";

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
    /// The same request to the portal.
    Stranger(RequestInput),
    /// A visit to the portal by somebody who is signed in.
    Visit(Visit),
    /// The expression in the portal's studio.
    Studio(Expression),
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
            Self::Stranger(input) => format!("portal: {}", input.name),
            Self::Visit(visit) => visit.name.clone(),
            Self::Studio(input) => format!("portal: studio: {}", input.name),
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
            Self::Expression(input) => expressions::expression(world, input, bounds).await,
            Self::Recovery(input) => expressions::recovery(world, &name, input, bounds).await,
            Self::Explanation(input) => expressions::explanation(world, &name, input, bounds).await,
            Self::Schema(input) => events::schema(world, input, bounds).await,
            Self::Request(input) => requests::request(world, input, bounds).await,
            Self::Stranger(input) => portal::stranger(world, input, bounds).await,
            Self::Visit(visit) => portal::visit(world, visit, bounds).await,
            Self::Studio(input) => portal::expression(world, input, bounds).await,
            Self::Receiver(kind) => receivers::receiver(world, &name, kind, Bounds::RECEIVER).await,
            Self::Webhooks(n) => receivers::webhooks(world, &name, *n, bounds).await,
            Self::PoisonEvents => poison::events(world, &name, bounds).await,
            Self::PoisonMessages => poison::messages(world, &name, bounds).await,
            Self::PoisonRecords => poison::records(world, &name, bounds).await,
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
