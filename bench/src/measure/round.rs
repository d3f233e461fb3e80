//! One round: some events from their publishing to their receivers, each function in turn.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use hooklane_domain::delivery::message::Message;
use serde_json::Value;

use super::case::{self, Case};
use super::line::Tally;
use super::publisher::{accepting, invocations};
use crate::function::{Function, Limits};
use crate::lambda::Name;
use crate::payload::{of_messages, of_records};
use crate::world::{DELIVERIES, LEDGER, RETRIES, World};

/// What is published.
pub const EVENT_TYPE: &str = "order.created";

/// The functions of a case, kept from round to round as Lambda keeps them.
#[derive(Debug)]
pub struct Line {
    functions: BTreeMap<Name, Function>,
}

impl Line {
    /// Starts the functions. A folder of an earlier version may have no `stats`.
    pub async fn start(world: &World, case: &Case) -> anyhow::Result<Self> {
        let mut functions = BTreeMap::new();
        for name in [accepting(case.published), Name::Fanout, Name::Stats, Name::Delivery] {
            if world.has(name) {
                functions.insert(name, world.function(name, Limits::None).await?);
            }
        }
        Ok(Self { functions })
    }

    /// Empty tallies of all of them.
    #[must_use]
    pub fn tallies(&self) -> BTreeMap<Name, Tally> {
        self.functions.keys().map(|name| (*name, Tally::new(*name))).collect()
    }

    /// Publishes an event of each of these tenants, and follows them to the receiver. Returns how many deliveries
    /// that were.
    pub async fn round(
        &mut self,
        world: &World,
        case: &Case,
        tenants: &[&str],
        tallies: &mut BTreeMap<Name, Tally>,
    ) -> anyhow::Result<usize> {
        let incoming = invocations(case, tenants);
        self.pass(world, accepting(case.published), incoming, tallies).await?;
        let records = world.aws.dynamodb.take_records();
        if records.len() != tenants.len() {
            bail!("{} records of {} events", records.len(), tenants.len());
        }
        let batches = |size: usize| records.chunks(size).map(of_records).collect::<Vec<_>>();
        let fanned_out = batches(case.batch.min(case::FANOUT));
        self.pass(world, Name::Fanout, fanned_out, tallies).await?;
        self.pass(world, Name::Stats, batches(case.stats_batch()), tallies).await?;
        let size = case.batch.min(case::DELIVERY);
        let (mut invocations, mut deliveries) = (Vec::new(), 0);
        let all = world.aws.sqs.receive(DELIVERIES, usize::MAX);
        for batch in all.chunks(size) {
            for message in batch {
                deliveries += Message::decode_each(&message.body)?.len();
            }
            invocations.push(of_messages(DELIVERIES, batch));
        }
        self.pass(world, Name::Delivery, invocations, tallies).await?;
        for queue in [DELIVERIES, RETRIES] {
            world.aws.sqs.purge(queue);
        }
        Ok(deliveries)
    }

    /// Invokes a function with each payload, and adds what it used.
    async fn pass(
        &mut self,
        world: &World,
        name: Name,
        payloads: Vec<Value>,
        tallies: &mut BTreeMap<Name, Tally>,
    ) -> anyhow::Result<()> {
        let (Some(function), Some(tally)) = (self.functions.get_mut(&name), tallies.get_mut(&name))
        else {
            return Ok(());
        };
        let stored = world.aws.dynamodb.bytes(LEDGER);
        let logged = function.logged_bytes();
        drop(world.aws.take_used());
        let before = function.processor_time()?;
        for payload in payloads {
            let ran = function.invoke(&payload).await?;
            let answer = ran.answer().with_context(|| format!("{}: {:?}", name.text(), ran.end))?;
            let status = answer.get("statusCode").and_then(Value::as_u64).unwrap_or(200);
            if !(200..300).contains(&status) {
                bail!("{} answered {answer}", name.text());
            }
            tally.invocations += 1;
            tally.busy_seconds += ran.took.as_secs_f64();
            tally.peak_bytes = tally.peak_bytes.max(ran.peak_bytes);
        }
        tally.processor_seconds += (function.processor_time()? - before).as_secs_f64();
        tally.add(&world.aws.take_used());
        tally.log_bytes += function.logged_bytes() - logged;
        tally.stored_bytes += world.aws.dynamodb.bytes(LEDGER) as f64 - stored as f64;
        Ok(())
    }
}
