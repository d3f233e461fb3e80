//! What figures cost of a delivery's price: an hour of deliveries of one webhook, saved by the adapter and settled
//! as `stats` settles them, in the units that the stand-ins count. Beside it, what everything else about a delivery
//! costs, counted with the functions.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use futures::{StreamExt as _, TryStreamExt as _};
use hooklane_app::figures::{Asking, settle, settle_events};
use hooklane_app::ports::FigureMarks as _;
use hooklane_domain::Timestamp;
use hooklane_domain::figures::settled::is_marked;
use hooklane_domain::ids::{TenantId, WebhookId};
use jiff::SignedDuration;
use serde_json::json;

use crate::aws::Used;
use crate::clock::now_ms;
use crate::crowd::Stores;
use crate::function::{Function, Limits};
use crate::lambda::Name;
use crate::payload::{of_messages, of_records};
use crate::world::{DELIVERIES, World};

/// Dollars for a million, us-east-1, on demand: DynamoDB's write and read units, SQS's requests.
const WRITE: f64 = 0.625;
const READ: f64 = 0.125;
const SQS: f64 = 0.40;
/// Lambda receives and deletes the messages of a queue, ten at a time. No stand-in sees that.
const POLLED: f64 = 2.0 / 10.0;

const TENANT: &str = "figures";
const MINUTE_MS: i64 = 60_000;
/// `stats` writes the index of events about so often.
const CHUNK_MS: i64 = 6_000;
const CONCURRENCY: usize = 64;

/// What something used of tables and queues.
#[derive(Debug, Clone, Copy, Default)]
pub struct Units {
    pub writes: f64,
    pub reads: f64,
    pub sqs: f64,
}

impl Units {
    fn add(&mut self, used: &Used) {
        self.writes += used.write_units;
        self.reads += used.read_units;
        let sqs = used.requests.iter().filter(|(name, _)| name.starts_with("SQS "));
        self.sqs += sqs.map(|(_, requests)| *requests as f64).sum::<f64>();
    }

    fn each(self, count: usize) -> Self {
        let count = count as f64;
        Self { writes: self.writes / count, reads: self.reads / count, sqs: self.sqs / count }
    }

    /// Dollars for a million of them.
    #[must_use]
    pub fn dollars(self) -> f64 {
        self.writes * WRITE + self.reads * READ + self.sqs * SQS
    }
}

/// Everything but figures, for each event that one webhook gets: acceptance, fan-out, delivery, the event's place in
/// the index. Without API Gateway and without the functions' time.
pub async fn delivery(folder: PathBuf) -> anyhow::Result<Units> {
    let world = World::start(folder).await?;
    let body =
        json!({"name": "P", "url": world.receiver.url("/ok/priced"), "events": ["order.created"]});
    world.webhook(TENANT, &body).await?;
    let mut functions = Vec::new();
    for name in [Name::Fanout, Name::Stats, Name::Delivery] {
        functions.push(world.function(name, Limits::None).await?);
    }
    let [fanout, stats, delivery] = functions.as_mut_slice() else { bail!("three functions") };
    // The first batch pays for what a process reads once.
    let mut units = Units::default();
    for batch in 0..=BATCHES {
        drop(world.aws.take_used());
        for _ in 0..EVENTS {
            let data = json!({"orderId": "A-1", "total": 99.5, "note": "x".repeat(400)});
            world.event(TENANT, &json!({"type": "order.created", "data": data})).await?;
        }
        let records = of_records(&world.aws.dynamodb.take_records());
        for function in [&mut *fanout, &mut *stats] {
            invoke(function, &records).await?;
        }
        let messages = world.aws.sqs.receive(DELIVERIES, EVENTS);
        if messages.len() != EVENTS {
            bail!("{} messages of {EVENTS} events", messages.len());
        }
        for messages in messages.chunks(10) {
            invoke(delivery, &of_messages(DELIVERIES, messages)).await?;
        }
        if batch > 0 {
            units.add(&world.aws.take_used());
        }
    }
    let mut each = units.each(BATCHES * EVENTS);
    each.sqs += POLLED;
    Ok(each)
}

/// `BatchSize` of `fanout`.
const EVENTS: usize = 100;
const BATCHES: usize = 5;

async fn invoke(function: &mut Function, payload: &serde_json::Value) -> anyhow::Result<()> {
    let ran = function.invoke(payload).await?;
    ran.answer().with_context(|| format!("{}: {:?}", function.name.text(), ran.end))?;
    Ok(())
}

/// What was counted of an hour.
#[derive(Debug, Clone, Copy)]
pub struct Hour {
    pub deliveries: usize,
    pub marks: usize,
    /// For each delivery: marks, and looks of `stats`, and one look after the hour.
    pub figures: Units,
}

/// An hour of a webhook with so many deliveries in a minute, all of which succeed at once.
pub async fn hour(folder: PathBuf, a_minute: usize) -> anyhow::Result<Hour> {
    let world = World::start(folder).await?;
    let stores = Stores::of(&world);
    let tenant: TenantId = TENANT.parse()?;
    // A whole hour of UTC that is over.
    let begin = (now_ms() / (60 * MINUTE_MS) - 2) * 60 * MINUTE_MS;
    let webhook = stores.webhook(&tenant, 1, begin - MINUTE_MS).await?;
    let apart = MINUTE_MS / i64::try_from(a_minute)?;
    let (mut figures, mut marks, mut deliveries) = (Units::default(), 0, 0);
    for chunk in 0..60 * MINUTE_MS / CHUNK_MS {
        let from = begin + chunk * CHUNK_MS;
        let until = from + CHUNK_MS;
        let first = (from - begin + apart - 1) / apart;
        let accepted = (first..).map(|n| begin + n * apart).take_while(|at| *at < until);
        let accepted: Vec<(String, i64)> = accepted.map(|at| (format!("evt-{at}"), at)).collect();
        deliveries += accepted.len();
        stores.at(until);
        stores.index(&tenant, &accepted).await?;
        // Owned, because the stream's future must hold for every lifetime.
        let mut each = Vec::new();
        for (id, at) in &accepted {
            each.push(stores.deliver(&tenant, webhook, (id, *at), 200));
        }
        let saved: Vec<_> = futures::stream::iter(each).buffered(CONCURRENCY).try_collect().await?;
        for delivery in saved.iter().filter(|delivery| is_marked(delivery)) {
            drop(world.aws.take_used());
            stores.ledger.mark(&tenant, webhook, delivery.id.accepted_at()).await?;
            look(&stores, (&tenant, webhook), until).await?;
            figures.add(&world.aws.take_used());
            marks += 1;
        }
    }
    drop(world.aws.take_used());
    look(&stores, (&tenant, webhook), begin + 64 * MINUTE_MS).await?;
    figures.add(&world.aws.take_used());
    Ok(Hour { deliveries, marks, figures: figures.each(deliveries) })
}

/// What `stats` does for a mark.
async fn look(
    stores: &Stores,
    (tenant, webhook): (&TenantId, WebhookId),
    now_ms: i64,
) -> anyhow::Result<()> {
    let now = Timestamp::from_millisecond(now_ms)?;
    let asking = Asking::marked(now, SignedDuration::from_hours(30 * 24));
    settle(&stores.ledger, (tenant, webhook), asking).await?;
    settle_events(&stores.ledger, tenant, asking).await?;
    Ok(())
}
