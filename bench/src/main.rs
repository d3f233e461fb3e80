//! The commands of the harness: `limits`, `stand-in`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use hooklane_bench::clock::option;
use hooklane_bench::row::{Bounds, Row};
use hooklane_bench::world::World;
use serde_json::json;

#[tokio::main]
async fn main() -> ExitCode {
    let ran = tokio::select! {
        ran = run() => ran,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    match ran {
        Ok(code) => code,
        Err(error) => {
            report(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "the command's output")]
fn report(line: &str) {
    println!("{line}");
}

async fn run() -> anyhow::Result<ExitCode> {
    let folder = PathBuf::from(option("BIN").context("BIN names the folder of the binaries")?);
    let world = World::start(folder).await?;
    report(&Row::heading());
    let neighbour = world.neighbour("a").await?;
    let other = world.neighbour("b").await?;
    let records =
        [world.neighbours_record(&neighbour).await?, world.neighbours_record(&other).await?];
    let messages = world.messages_of(&records).await?;
    let all = [neighbour.clone(), other];
    let row = world.fan_out("healthy", &records, &all, Bounds::HOSTILE).await?;
    report(&row.line());
    let row = world.deliver("healthy", &messages, &all, Bounds::HOSTILE).await?;
    report(&row.line());
    report(&format!("{:?} {}", world.aws.take_used(), json!(1)));
    if messages.is_empty() {
        bail!("none");
    }
    Ok(ExitCode::SUCCESS)
}
