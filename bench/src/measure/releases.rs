//! What one run of `upkeep` releases. Webhooks are paused, deliveries are parked by the functions that park them, the
//! webhooks are resumed, and `upkeep` runs once under Lambda's limits and once without.
//!
//! Most of a run is waiting for AWS, which answers after some milliseconds. So while `upkeep` runs, the stand-ins
//! answer each call after a time, too.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::{Map, Value, json};

use super::case::{Case, Published, Receiving};
use super::line::{Tally, line, rounded};
use super::publisher::webhook;
use super::round::Line;
use crate::clock::now_ms;
use crate::function::{Function, Invocation, Limits};
use crate::lambda::Name;
use crate::payload::Request;
use crate::world::{LEDGER, RETRIES, World};

const TENANT: &str = "parked";
/// `RUN_TIME` of `upkeep`, in seconds: a run begins nothing after it. A test compares them.
const RUN_SECONDS: f64 = 50.0;
/// Memory sizes, in megabytes. A function of 1,769 has one processor, and `upkeep` cannot use more: it has one thread.
const MEGABYTES: [u32; 4] = [256, 512, 1_024, 1_769];
/// `MaxParked` by default. More are allowed where more are parked.
const MAX_PARKED: usize = 100_000;
/// No more messages than this are under way while deliveries are parked.
const AT_ONCE: usize = 2_000;

/// What is parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    pub webhooks: usize,
    /// Each goes to every webhook.
    pub events: usize,
    /// The bytes of an event's data.
    pub bytes: usize,
}

impl Shape {
    /// All of them, with at most `most` parked deliveries each. One that has room for no event is left out.
    #[must_use]
    pub fn all(most: usize) -> Vec<Self> {
        let shapes = [
            Self { webhooks: 1, events: most, bytes: 500 },
            Self { webhooks: 10, events: most / 10, bytes: 500 },
            Self { webhooks: 1_000, events: most / 1_000, bytes: 500 },
            // The stand-in keeps them all in memory.
            Self { webhooks: 1, events: most / 3, bytes: 10_000 },
        ];
        shapes.into_iter().filter(|shape| shape.events > 0).collect()
    }

    #[must_use]
    pub const fn parked(self) -> usize {
        self.webhooks * self.events
    }

    /// The events that are published together.
    fn events_in_round(self) -> usize {
        (AT_ONCE / self.webhooks).max(1)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}x{}", self.webhooks, self.events, self.bytes)
    }
}

/// Parks what the shape says, runs `upkeep` under each limits with calls that are answered after `answer`, and hands
/// over a line for each run.
pub async fn release(
    folder: &Path,
    shape: Shape,
    answer: Duration,
    mut print: impl FnMut(&str),
) -> anyhow::Result<()> {
    let mut world = World::start(folder.to_path_buf()).await?;
    world.set("MaxParked", &(2 * shape.parked()).max(MAX_PARKED).to_string());
    let webhooks = park(&world, shape).await?;
    // This run releases nothing. It counts usage, which is due once in an hour and is not what is measured.
    let mut upkeep = world.function(Name::Upkeep, Limits::None).await?;
    let ran = upkeep.invoke(&json!({"source": "aws.events"})).await?;
    ran.answer().with_context(|| format!("upkeep: {:?}", ran.end))?;
    upkeep.stop().await;
    for id in &webhooks {
        world.done(TENANT, Request::new("POST", &format!("/webhooks/{id}/resume"))).await?;
    }
    let tables = world.aws.dynamodb.tables();
    for limits in [Limits::Lambda, Limits::None] {
        // Both runs find the same.
        world.aws.dynamodb.restore(&tables);
        world.aws.sqs.purge(RETRIES);
        let mut upkeep = world.function(Name::Upkeep, limits).await?;
        if limits == Limits::Lambda && upkeep.is_held() != (true, true) {
            print(
                "This machine does not let us limit memory and processor, so nothing runs under Lambda's limits.",
            );
        } else {
            let run = run(&world, &mut upkeep, answer).await?;
            print(&run.line(shape, (limits, answer), pointers(&world, &webhooks)));
        }
        upkeep.stop().await;
    }
    Ok(())
}

/// Parks deliveries of webhooks, which are paused. Returns the webhooks' ids.
async fn park(world: &World, shape: Shape) -> anyhow::Result<Vec<String>> {
    let case = Case {
        webhooks: shape.webhooks,
        batch: 100,
        bytes: shape.bytes,
        receiving: Receiving::AtOnce,
        published: Published::ByQueue,
        events_per_message: 1,
        deliveries: 0,
        is_quick: false,
        is_tls: false,
    };
    let url = world.receiver.url(&case.path());
    let mut webhooks = Vec::with_capacity(shape.webhooks);
    for _ in 0..shape.webhooks {
        let id = world.webhook(TENANT, &webhook(&url)).await?;
        world.done(TENANT, Request::new("POST", &format!("/webhooks/{id}/pause"))).await?;
        webhooks.push(id);
    }
    let mut functions = Line::start(world, &case).await?;
    let mut tallies = functions.tallies();
    let mut left = shape.events;
    while left > 0 {
        let events = left.min(shape.events_in_round());
        functions.round(world, &case, &vec![TENANT; events], &mut tallies).await?;
        left -= events;
    }
    let parked = pointers(world, &webhooks);
    if parked != shape.parked() {
        bail!("{parked} deliveries are parked of {}", shape.parked());
    }
    Ok(webhooks)
}

/// The pointers to parked deliveries of these webhooks.
fn pointers(world: &World, webhooks: &[String]) -> usize {
    let count = |id: &String| world.aws.dynamodb.count(LEDGER, &format!("PK#{id}"));
    webhooks.iter().map(count).sum()
}

/// One run of `upkeep`.
struct Run {
    ran: Invocation,
    used: Tally,
    /// The messages in the retry queue.
    released: usize,
    /// Until the last of them was sent.
    releasing: Duration,
    /// Webhooks that could not be looked at.
    failed: u64,
}

async fn run(world: &World, upkeep: &mut Function, answer: Duration) -> anyhow::Result<Run> {
    drop(world.aws.take_used());
    let (stored, logged) = (world.aws.dynamodb.bytes(LEDGER), upkeep.logged_bytes());
    let before = upkeep.processor_time()?;
    let began_ms = now_ms();
    world.aws.answer_after(answer);
    let ran = upkeep.invoke(&json!({"source": "aws.events"})).await;
    world.aws.answer_after(Duration::ZERO);
    let ran = ran?;
    let summary = ran.answer().with_context(|| format!("upkeep: {:?}", ran.end))?;
    let failed = summary.get("failed").and_then(Value::as_u64).context("upkeep has no summary")?;
    let sent = world.aws.sqs.messages(RETRIES);
    let Some(last_ms) = sent.iter().map(|message| message.sent_ms).max() else {
        bail!("upkeep released nothing: {summary}\n{}", upkeep.log_tail(20));
    };
    let mut used = Tally::new(Name::Upkeep);
    used.add(&world.aws.take_used());
    used.processor_seconds = (upkeep.processor_time()? - before).as_secs_f64();
    used.busy_seconds = ran.took.as_secs_f64();
    used.invocations = 1;
    used.peak_bytes = ran.peak_bytes;
    used.log_bytes = upkeep.logged_bytes() - logged;
    used.stored_bytes = world.aws.dynamodb.bytes(LEDGER) as f64 - stored as f64;
    let releasing = Duration::from_millis(u64::try_from(last_ms - began_ms).unwrap_or_default());
    Ok(Run { ran, used, released: sent.len(), releasing, failed })
}

impl Run {
    fn line(&self, shape: Shape, (limits, answer): (Limits, Duration), left: usize) -> String {
        let first = json!({
            "case": "releases",
            "shape": shape.to_string(),
            "webhooks": shape.webhooks,
            "parked": shape.parked(),
            "bytes": shape.bytes,
            "limits": match limits {
                Limits::Lambda => "lambda",
                Limits::None => "none",
            },
            "answer_ms": rounded(answer.as_secs_f64() * 1e3),
            "released": self.released,
            "left": left,
            "looks_failed": self.failed,
            "seconds": rounded(self.ran.took.as_secs_f64()),
            "released_a_minute": a_minute(self.released, left, self.releasing).round(),
            "processor_allows_a_minute":
                by_processor(self.used.processor_seconds / self.released as f64),
        });
        line(first, self.used.members(self.released))
    }
}

/// What a run releases, and one run begins each minute: what it did release if its time was over before everything
/// was, and otherwise as much more as there would have been time for.
fn a_minute(released: usize, left: usize, releasing: Duration) -> f64 {
    let seconds = releasing.as_secs_f64();
    let was_cut = left > 0 || seconds >= RUN_SECONDS;
    if was_cut { released as f64 } else { released as f64 * RUN_SECONDS / seconds.max(0.001) }
}

/// What the share of a processor at each memory size would allow, if nothing had to be waited for.
fn by_processor(seconds_each: f64) -> Value {
    let allowed = |megabytes: &u32| {
        let share = f64::from(*megabytes) / 1_769.0;
        (megabytes.to_string(), json!((RUN_SECONDS * share / seconds_each).round()))
    };
    Value::Object(MEGABYTES.iter().map(allowed).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_webhooks_events_and_bytes() {
        let names = |most| Shape::all(most).iter().map(ToString::to_string).collect::<Vec<_>>();
        let all = ["1x60000x500", "10x6000x500", "1000x60x500", "1x20000x10000"];
        assert_eq!(names(60_000), all);
        assert_eq!(names(999), ["1x999x500", "10x99x500", "1x333x10000"]);
        assert!(names(0).is_empty());
    }

    #[test]
    fn no_shape_parks_more_than_it_may() {
        for most in [1, 15, 2_000, 60_000] {
            for shape in Shape::all(most) {
                assert!((1..=most).contains(&shape.parked()), "{shape} of {most}");
                assert!(shape.events_in_round() * shape.webhooks <= AT_ONCE, "{shape}");
            }
        }
    }

    #[test]
    fn a_run_whose_time_was_over_is_what_a_minute_releases() {
        assert_eq!(a_minute(7_000, 53_000, Duration::from_secs(51)), 7_000.0);
        assert_eq!(a_minute(7_000, 53_000, Duration::from_secs(49)), 7_000.0);
        assert_eq!(a_minute(60_000, 0, Duration::from_secs(50)), 60_000.0);
    }

    #[test]
    fn a_run_that_released_everything_would_have_released_more() {
        assert_eq!(a_minute(2_000, 0, Duration::from_secs(5)), 20_000.0);
        assert!(a_minute(1, 0, Duration::ZERO).is_finite());
    }

    #[test]
    fn the_processor_allows_more_where_there_is_more_memory() {
        let allowed = by_processor(0.001);
        assert_eq!(allowed["1769"], json!(50_000.0));
        assert_eq!(allowed["256"], json!(7_236.0));
    }

    #[test]
    fn the_time_of_a_run_is_that_of_upkeep() {
        let tuning = include_str!("../../../functions/upkeep/src/tuning.rs");
        let line = format!("pub const RUN_TIME: Duration = Duration::from_secs({RUN_SECONDS});");
        assert!(tuning.contains(&line), "{line}");
        let default = crate::template::default("MaxParked").unwrap();
        assert_eq!(default, MAX_PARKED.to_string());
    }
}
