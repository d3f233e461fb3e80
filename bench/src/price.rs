//! What the guards cost a healthy delivery: instructions, counted by valgrind, of two sets of binaries.
//!
//! Counts do not depend on what else the machine does. The start of a process is left out: each case runs
//! with few and with many invocations, and the difference is divided by what lies between.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::json;

use crate::aws::sqs::Message;
use crate::function::Function;
use crate::lambda::Name;
use crate::payload::{of_messages, of_records};
use crate::world::{DELIVERIES, World};

/// A webhook of the measured tenant.
#[derive(Debug, Clone, Copy)]
pub enum Case {
    /// No expressions.
    Plain,
    /// A filter as people write them.
    Filtered,
    /// A transform as people write them.
    Transformed,
}

impl Case {
    pub const ALL: [Self; 3] = [Self::Plain, Self::Filtered, Self::Transformed];

    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Plain => "no expressions",
            Self::Filtered => "a usual filter",
            Self::Transformed => "a usual transform",
        }
    }
}

/// What each event or delivery takes.
#[derive(Debug, Clone, Copy)]
pub struct Each {
    pub instructions: f64,
    /// Requests to AWS.
    pub requests: f64,
}

/// What `fanout` does for an event, and `delivery` for its delivery.
#[derive(Debug, Clone, Copy)]
pub struct Price {
    pub fanout: Each,
    pub delivery: Each,
}

/// The records of a batch of the stream.
const BATCH: usize = 100;
/// The messages of a batch of the queue, as in template.yaml.
const MESSAGES: usize = 10;
const FEW: usize = 1;
const MANY: usize = 3;
/// The best of so many runs counts: what disturbs a run only adds.
const RUNS: usize = 5;

/// What a function has done in a run. One that forgot a webhook meanwhile, because the machine was slow,
/// has made more requests: the run with the fewest requests counts, and of those the one with the fewest
/// instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Work {
    requests: u64,
    instructions: u64,
}

/// Measures a case with the binaries in `folder`.
pub async fn measure(folder: &Path, case: Case) -> anyhow::Result<Price> {
    let few = least(folder, case, FEW).await?;
    let many = least(folder, case, MANY).await?;
    let more = ((MANY - FEW) * BATCH) as f64;
    let each = |few: Work, many: Work| Each {
        instructions: (many.instructions as f64 - few.instructions as f64) / more,
        requests: (many.requests as f64 - few.requests as f64) / more,
    };
    Ok(Price { fanout: each(few.0, many.0), delivery: each(few.1, many.1) })
}

async fn least(folder: &Path, case: Case, batches: usize) -> anyhow::Result<(Work, Work)> {
    let (mut fanout, mut delivery) = counted(folder, case, batches).await?;
    for _ in 1..RUNS {
        let again = counted(folder, case, batches).await?;
        (fanout, delivery) = (fanout.min(again.0), delivery.min(again.1));
    }
    Ok((fanout, delivery))
}

/// The work of `fanout` and of `delivery` on so many batches of events.
async fn counted(folder: &Path, case: Case, batches: usize) -> anyhow::Result<(Work, Work)> {
    let world = World::start(folder.to_path_buf()).await?;
    let (tenant, url) = ("priced", world.receiver.url("/ok/priced"));
    let mut body = json!({"name": "P", "url": url, "events": ["order.created"]});
    match case {
        Case::Plain => {}
        Case::Filtered => {
            body["filter"] = json!("event.data.total > 50.0 && event.data.status == 'paid'");
        }
        Case::Transformed => {
            body["transform"] = json!("{'id': event.id, 'amount': event.data.total}");
        }
    }
    world.webhook(tenant, &body).await?;
    let mut fanout = world.function_under_valgrind(Name::Fanout).await?;
    let mut sent: Vec<Message> = Vec::new();
    let mut requests = 0;
    for _ in 0..batches {
        for _ in 0..BATCH {
            let data =
                json!({"orderId": "A-1", "total": 99.5, "status": "paid", "note": "x".repeat(400)});
            world.event(tenant, &json!({"type": "order.created", "data": data})).await?;
        }
        let records = world.aws.dynamodb.take_records();
        drop(world.aws.take_used());
        let ran = fanout.invoke(&of_records(&records)).await?;
        ran.answer().with_context(|| format!("fanout: {:?}", ran.end))?;
        let messages = world.aws.sqs.receive(DELIVERIES, BATCH);
        if messages.len() != BATCH {
            bail!("{} messages of {BATCH} events", messages.len());
        }
        requests += world.aws.take_used().requests.values().sum::<u64>();
        sent.extend(messages);
    }
    let fanout = Work { requests, instructions: instructions(fanout).await? };
    let mut delivery = world.function_under_valgrind(Name::Delivery).await?;
    drop(world.aws.take_used());
    for messages in sent.chunks(MESSAGES) {
        let ran = delivery.invoke(&of_messages(DELIVERIES, messages)).await?;
        ran.answer().with_context(|| format!("delivery: {:?}", ran.end))?;
    }
    let posts = world.receiver.got("/ok/priced").posts;
    if posts != (batches * BATCH) as u64 {
        bail!("{posts} posts of {} deliveries", batches * BATCH);
    }
    let requests = world.aws.take_used().requests.values().sum();
    Ok((fanout, Work { requests, instructions: instructions(delivery).await? }))
}

/// Ends a process under valgrind and reads what it has counted.
async fn instructions(mut function: Function) -> anyhow::Result<u64> {
    function.terminate().await?;
    let lines = function.logged("refs:");
    let line = lines.last().with_context(|| function.log_tail(20))?;
    let digits: String = line.rsplit(':').next().unwrap_or_default().replace(',', "");
    digits.trim().parse().with_context(|| format!("not a count: {line}"))
}

/// The report on two sets of binaries: the price of each case before and after, of both functions alone and
/// together.
pub async fn compare(before: PathBuf, after: PathBuf) -> anyhow::Result<Vec<String>> {
    let mut lines = vec![format!(
        "{:<20} {:<9} {:>14} {:>14} {:>9}   requests",
        "instructions for each", "function", "before", "after", "more"
    )];
    for case in Case::ALL {
        let (old, new) = (measure(&before, case).await?, measure(&after, case).await?);
        for (name, old, new) in [
            ("fanout", old.fanout, new.fanout),
            ("delivery", old.delivery, new.delivery),
            ("both", old.both(), new.both()),
        ] {
            lines.push(format!(
                "{:<20} {name:<9} {:>14.0} {:>14.0} {:>7.2} %   {:.3} {:.3}",
                case.text(),
                old.instructions,
                new.instructions,
                (new.instructions / old.instructions - 1.0) * 100.0,
                old.requests,
                new.requests,
            ));
        }
    }
    Ok(lines)
}

impl Price {
    /// An event with one delivery.
    fn both(self) -> Each {
        let Self { fanout, delivery } = self;
        Each {
            instructions: fanout.instructions + delivery.instructions,
            requests: fanout.requests + delivery.requests,
        }
    }
}
