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

/// Instructions for each event or delivery.
#[derive(Debug, Clone, Copy)]
pub struct Price {
    pub fanout: f64,
    pub delivery: f64,
}

/// Large batches, so that a run is over within the seconds for which a function remembers a webhook:
/// reading it again would depend on how fast the machine is.
const BATCH: usize = 100;
const FEW: usize = 1;
const MANY: usize = 3;
/// The least of so many runs counts: what disturbs a run only adds.
const RUNS: usize = 3;

/// Measures a case with the binaries in `folder`.
pub async fn measure(folder: &Path, case: Case) -> anyhow::Result<Price> {
    let few = least(folder, case, FEW).await?;
    let many = least(folder, case, MANY).await?;
    let each = |few: u64, many: u64| (many as f64 - few as f64) / ((MANY - FEW) * BATCH) as f64;
    Ok(Price { fanout: each(few.0, many.0), delivery: each(few.1, many.1) })
}

async fn least(folder: &Path, case: Case, batches: usize) -> anyhow::Result<(u64, u64)> {
    let mut least = (u64::MAX, u64::MAX);
    for _ in 0..RUNS {
        let (fanout, delivery) = counted(folder, case, batches).await?;
        least = (least.0.min(fanout), least.1.min(delivery));
    }
    Ok(least)
}

/// The instructions of `fanout` and of `delivery` for so many batches.
async fn counted(folder: &Path, case: Case, batches: usize) -> anyhow::Result<(u64, u64)> {
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
    let mut sent: Vec<Vec<Message>> = Vec::new();
    for _ in 0..batches {
        for _ in 0..BATCH {
            let data =
                json!({"orderId": "A-1", "total": 99.5, "status": "paid", "note": "x".repeat(400)});
            world.event(tenant, &json!({"type": "order.created", "data": data})).await?;
        }
        let records = world.aws.dynamodb.take_records();
        let ran = fanout.invoke(&of_records(&records)).await?;
        ran.answer().with_context(|| format!("fanout: {:?}", ran.end))?;
        let messages = world.aws.sqs.receive(DELIVERIES, BATCH);
        if messages.len() != BATCH {
            bail!("{} messages of {BATCH} events", messages.len());
        }
        sent.push(messages);
    }
    let fanout = instructions(fanout).await?;
    let mut delivery = world.function_under_valgrind(Name::Delivery).await?;
    for messages in &sent {
        let ran = delivery.invoke(&of_messages(DELIVERIES, messages)).await?;
        ran.answer().with_context(|| format!("delivery: {:?}", ran.end))?;
    }
    let posts = world.receiver.got("/ok/priced").posts;
    if posts != (batches * BATCH) as u64 {
        bail!("{posts} posts of {} deliveries", batches * BATCH);
    }
    Ok((fanout, instructions(delivery).await?))
}

/// Ends a process under valgrind and reads what it has counted.
async fn instructions(mut function: Function) -> anyhow::Result<u64> {
    function.terminate().await?;
    let lines = function.logged("refs:");
    let line = lines.last().with_context(|| function.log_tail(20))?;
    let digits: String = line.rsplit(':').next().unwrap_or_default().replace(',', "");
    digits.trim().parse().with_context(|| format!("not a count: {line}"))
}

/// The report on two sets of binaries: the price of each case before and after.
pub async fn compare(before: PathBuf, after: PathBuf) -> anyhow::Result<Vec<String>> {
    let mut lines = vec![format!(
        "{:<20} {:<9} {:>14} {:>14} {:>9}",
        "instructions for each", "function", "before", "after", "more"
    )];
    for case in Case::ALL {
        let (old, new) = (measure(&before, case).await?, measure(&after, case).await?);
        for (name, old, new) in
            [("fanout", old.fanout, new.fanout), ("delivery", old.delivery, new.delivery)]
        {
            lines.push(format!(
                "{:<20} {name:<9} {old:>14.0} {new:>14.0} {:>7.2} %",
                case.text(),
                (new / old - 1.0) * 100.0
            ));
        }
    }
    Ok(lines)
}
