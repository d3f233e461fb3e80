//! A run of one case.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;

use super::case::Case;
use super::line::{line, rounded};
use super::plain_loop::{self, Pace};
use super::publisher::webhook;
use super::round::Line;
use crate::lambda::Name;
use crate::world::World;

const TENANT: &str = "measured";

/// Runs a case, and returns its lines.
pub async fn run(folder: &Path, case: &Case, run: usize) -> anyhow::Result<Vec<String>> {
    let mut world = World::start(folder.to_path_buf()).await?;
    world.set("EventsPerMessage", &case.events_per_message.to_string());
    let url = case.url(&world.receiver);
    for _ in 0..case.webhooks {
        world.webhook(TENANT, &webhook(&url)).await?;
    }
    let mut functions = Line::start(&world, case).await?;
    let tenants = vec![TENANT; case.events_in_round()];
    let mut tallies = functions.tallies();
    // The first round pays for what a process reads once, and does not count.
    functions.round(&world, case, &tenants, &mut tallies).await?;
    // An earlier version trusts public authorities only, and what it takes to fail is no figure.
    if case.is_tls && world.receiver.got(&case.path()).posts == 0 {
        let left_out = "these functions do not trust the authority of the harness";
        return Ok(vec![format!("{case} is left out: {left_out}")]);
    }
    let mut tallies = functions.tallies();
    let mut deliveries = 0;
    for _ in 0..case.rounds() {
        deliveries += functions.round(&world, case, &tenants, &mut tallies).await?;
    }
    let named = || json!({"case": case.to_string(), "run": run});
    let mut lines: Vec<_> =
        tallies.values().map(|tally| line(named(), tally.members(deliveries))).collect();
    let delivery = tallies.get(&Name::Delivery).context("no delivery was measured")?;
    let pace = Pace {
        url,
        bytes: case.bytes,
        posts: deliveries,
        at_once: case.at_once(),
        apart: Duration::from_secs_f64(delivery.busy_seconds / delivery.invocations as f64),
    };
    let each = plain_loop::run(&pace).await?;
    let of_loop = json!({
        "function": "loop",
        "posts": pace.posts,
        "cpu_us_per_post": rounded(each.as_secs_f64() * 1e6),
        "apart_ms": rounded(pace.apart.as_secs_f64() * 1e3),
    });
    lines.push(line(named(), of_loop));
    Ok(lines)
}
