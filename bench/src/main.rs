//! The commands of the harness: hostile inputs (`limits`, `worst`), what things cost (`measure`, `growth`, `curve`,
//! `releases`, `pages`, `figures`, `price`), and `stand-in`.

// The commands are async functions within one another, down to the SDK's.
#![recursion_limit = "256"]

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use hooklane_bench::clock::{Stopwatch, option};
use hooklane_bench::control_group::ControlGroup;
use hooklane_bench::measure::case::Case;
use hooklane_bench::measure::growth::Axis;
use hooklane_bench::measure::plain_loop::{self, Pace};
use hooklane_bench::measure::releases::Shape;
use hooklane_bench::row::Row;
use hooklane_bench::{figures, measure, pages, suite};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

#[tokio::main]
async fn main() -> ExitCode {
    let ran = tokio::select! {
        ran = run() => ran,
        signal = stopped() => Err(anyhow::anyhow!("stopped by {signal}")),
    };
    // What was dropped is killed, and a group can be removed once its process has ended.
    for _ in 0..40 {
        if ControlGroup::remove_left_over() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    match ran {
        Ok(code) => code,
        Err(error) => {
            report(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// The signal that asks for the end. Everything that was started ends with the run.
async fn stopped() -> &'static str {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
    }
}

#[expect(clippy::print_stdout, reason = "the command's output")]
fn report(line: &str) {
    println!("{line}");
}

/// Runs a command beside the stand-ins, which it finds at `CONFORMANCE_ENDPOINT_URL`.
async fn stand_in(command: &[String]) -> anyhow::Result<ExitCode> {
    let (program, arguments) = command.split_first().context("stand-in COMMAND…")?;
    let aws = Arc::new(hooklane_bench::aws::Aws::default());
    let server = aws.serve().await?;
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .env("CONFORMANCE_ENDPOINT_URL", server.url())
        .env("AWS_ENDPOINT_URL", server.url())
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .kill_on_drop(true)
        .spawn()?;
    let status = child.wait().await?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((name, rest)) if name == "stand-in" => stand_in(rest).await,
        Some((name, _)) if name == "limits" => limits().await,
        Some((name, _)) if name == "worst" => worst().await,
        Some((name, _)) if name == "pages" => pages().await,
        Some((name, _)) if name == "figures" => figures().await,
        Some((name, [before, after])) if name == "price" => price(before, after).await,
        Some((name, _)) if name == "bench" => bench().await,
        Some((name, _)) if name == "bench-growth" => growth().await,
        Some((name, _)) if name == "bench-fanout" => curve().await,
        Some((name, _)) if name == "bench-releases" => releases().await,
        Some((name, [url, numbers @ ..])) if name == "plain-loop" => plain(url, numbers).await,
        _ => bail!(
            "the commands are limits, worst, pages, figures, price BEFORE AFTER, bench, bench-growth, \
             bench-fanout, bench-releases, and stand-in COMMAND"
        ),
    }
}

/// Runs every hostile input whose name holds `ONLY`, and fails if a row has a fault.
async fn limits() -> anyhow::Result<ExitCode> {
    let folder = binaries()?;
    let only = option("ONLY").unwrap_or_default();
    let at_once = usize::try_from(number("PARALLEL", 4))?;
    let search = Duration::from_secs(number("SEARCH_SECONDS", 6));
    let finds = suite::finds(number("SEED", 1), search)?;
    for line in &finds.report {
        report(line);
    }
    let jobs = suite::jobs().into_iter().chain(finds.jobs());
    let jobs: Vec<_> = jobs.filter(|job| job.name().contains(&only)).collect();
    if jobs.is_empty() {
        bail!("no input has {only:?} in its name");
    }
    report(&Row::heading());
    let watch = Stopwatch::start();
    let permits = Arc::new(Semaphore::new(at_once));
    let mut running = JoinSet::new();
    for job in jobs {
        let (permits, folder) = (Arc::clone(&permits), folder.clone());
        running.spawn(async move {
            let _permit = permits.acquire().await;
            suite::run(&folder, &job).await
        });
    }
    let mut rows = Vec::new();
    while let Some(ran) = running.join_next().await {
        for row in ran? {
            report(&row.line());
            rows.push(row);
        }
    }
    conclude(&rows, watch)
}

/// Prints what each page of the portal and each figure asks of the tables, and fails if one asks for more where
/// there is more.
async fn pages() -> anyhow::Result<ExitCode> {
    let lines = pages::measure(binaries()?).await?;
    report(&pages::heading());
    let mut code = ExitCode::SUCCESS;
    for line in &lines {
        report(&line.line());
    }
    for fault in lines.iter().filter_map(pages::Line::fault) {
        report(&fault);
        code = ExitCode::FAILURE;
    }
    Ok(code)
}

/// Prints what figures cost of a delivery, for webhooks with few and with many.
async fn figures() -> anyhow::Result<ExitCode> {
    let folder = binaries()?;
    let rest = figures::delivery(folder.clone()).await?;
    report("for each delivery: write units, read units, requests of SQS, $ a million, share");
    let line = |name: &str, units: figures::Units, share: f64| {
        report(&format!(
            "{name:<42} {:>7.4} {:>7.4} {:>7.4} {:>8.4} {:>5.1} %",
            units.writes,
            units.reads,
            units.sqs,
            units.dollars(),
            share * 100.0
        ));
    };
    line("everything but figures and functions' time", rest, 1.0);
    for a_minute in [1, 10, 60, 600, 3_000] {
        let hour = figures::hour(folder.clone(), a_minute).await?;
        let name = format!("figures at {a_minute} a minute, {} marks", hour.marks);
        line(&name, hour.figures, hour.figures.dollars() / rest.dollars());
    }
    Ok(ExitCode::SUCCESS)
}

/// The folder of the functions' programs.
fn binaries() -> anyhow::Result<PathBuf> {
    Ok(PathBuf::from(option("BIN").context("BIN names the folder of the binaries")?))
}

/// Runs the worst that is accepted, each at its quota, all together.
async fn worst() -> anyhow::Result<ExitCode> {
    let folder = binaries()?;
    let webhooks = number("WEBHOOKS", 1_000);
    let watch = Stopwatch::start();
    let search = Duration::from_secs(number("SEARCH_SECONDS", 6));
    let webhooks = usize::try_from(webhooks)?;
    let (rows, lines) =
        hooklane_bench::worst::run(folder, webhooks, number("SEED", 1), search).await?;
    for line in lines {
        report(&line);
    }
    report(&Row::heading());
    for row in &rows {
        report(&row.line());
    }
    conclude(&rows, watch)
}

/// Compares the instructions of healthy deliveries by two sets of binaries.
async fn price(before: &str, after: &str) -> anyhow::Result<ExitCode> {
    for line in hooklane_bench::price::compare(before.into(), after.into()).await? {
        report(&line);
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs each case whose name holds `ONLY` once, and prints its raw figures. `RUN` numbers the run, `QUICK` has few
/// cases, and only the first run measures the stand-ins.
async fn bench() -> anyhow::Result<ExitCode> {
    let (folder, run) = (binaries()?, usize::try_from(number("RUN", 1))?);
    let (only, is_quick) = (option("ONLY").unwrap_or_default(), option("QUICK").is_some());
    let cases = Case::all().into_iter().filter(|case| case.is_quick || !is_quick);
    let cases: Vec<_> = cases.filter(|case| case.to_string().contains(&only)).collect();
    if cases.is_empty() && !"start".contains(&only) {
        bail!("no case has {only:?} in its name");
    }
    if run == 1 && only.is_empty() {
        report(&measure::standins::capacity().await?);
    }
    for case in &cases {
        for line in measure::run::run(&folder, case, run).await? {
            report(&line);
        }
    }
    if "start".contains(&only) {
        let times = if is_quick { 3 } else { 20 };
        // Built as the functions are: with another profile it would be another measure.
        let nothing = option("NOTHING").map_or(folder.join("hooklane-nothing"), PathBuf::from);
        for line in measure::start::starts(&folder, &nothing, times, run).await? {
            report(&line);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints how the cost of a delivery grows, for each axis whose name holds `ONLY`, up to `MOST`.
async fn growth() -> anyhow::Result<ExitCode> {
    let (folder, only) = (binaries()?, option("ONLY").unwrap_or_default());
    let most = usize::try_from(number("MOST", 1_000_000))?;
    for axis in Axis::ALL.into_iter().filter(|axis| axis.text().contains(&only)) {
        measure::growth::grow(&folder, axis, most, report).await?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints what `fanout` takes for events with up to `MOST` webhooks.
async fn curve() -> anyhow::Result<ExitCode> {
    let most = usize::try_from(number("MOST", 10_000))?;
    measure::curve::fan_out(&binaries()?, most, report).await?;
    Ok(ExitCode::SUCCESS)
}

/// Prints what a run of `upkeep` releases, for each shape whose name holds `ONLY`, of up to `MOST` parked deliveries.
/// `ANSWER_MS` is the time after which AWS answers a call.
async fn releases() -> anyhow::Result<ExitCode> {
    let (folder, only) = (binaries()?, option("ONLY").unwrap_or_default());
    let most = usize::try_from(number("MOST", 60_000))?;
    let answer = Duration::from_millis(number("ANSWER_MS", 5));
    let shapes: Vec<_> =
        Shape::all(most).into_iter().filter(|shape| shape.to_string().contains(&only)).collect();
    if shapes.is_empty() {
        bail!("no shape of at most {most} parked deliveries has {only:?} in its name");
    }
    for shape in shapes {
        measure::releases::release(&folder, shape, answer, report).await?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The process of a plain loop: prints the nanoseconds of each post.
async fn plain(url: &str, numbers: &[String]) -> anyhow::Result<ExitCode> {
    let numbers: Vec<usize> =
        numbers.iter().map(|number| number.parse()).collect::<Result<_, _>>()?;
    let [bytes, posts, at_once, apart] = numbers[..] else {
        bail!("plain-loop URL BYTES POSTS AT_ONCE MICROSECONDS_APART")
    };
    let apart = Duration::from_micros(u64::try_from(apart)?);
    let pace = Pace { url: url.to_owned(), bytes, posts, at_once, apart };
    report(&plain_loop::in_this_process(&pace).await?.as_nanos().to_string());
    Ok(ExitCode::SUCCESS)
}

fn number(name: &str, default: u64) -> u64 {
    option(name).and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// A line for each row that has a fault, and the sum.
fn conclude(rows: &[Row], watch: Stopwatch) -> anyhow::Result<ExitCode> {
    let failed: Vec<_> = rows.iter().filter(|row| !row.faults.is_empty()).collect();
    for row in &failed {
        let faults = row.faults.join("; ");
        report(&format!("FAILED {} in {}: {faults}", row.input, row.function.text()));
    }
    let seconds = watch.elapsed().as_secs();
    report(&format!("{} rows, {} failed, {seconds} s", rows.len(), failed.len()));
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
