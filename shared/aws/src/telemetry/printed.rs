//! What a function prints, for tests: the lines with metrics of staged batches are in
//! `tests/metrics/printed`, where `tests/local/test_metrics.py` holds them against CloudWatch's schema and
//! feeds them to the alarms of `template.yaml`.

use std::io::Read as _;
use std::sync::Arc;

use serde_json::{Map, Value};
use tracing::level_filters::LevelFilter;

use super::{Source, subscriber};

/// The time of every line: 2024-01-15T10:30:00Z.
const AT: (&str, u64) = ("2024-01-15T10:30:00.000000Z", 1_705_314_600_000);

/// Holds the lines with metrics that `work` prints, as the function of this name prints them with
/// `LOG_LEVEL` `error`, against the file `NAME.snap`. Only their time is fixed. Lines of another function's
/// crate, which a test runs beside it, are left out.
///
/// # Panics
///
/// If they differ.
pub async fn hold(name: &str, function: &'static str, work: impl Future<Output = ()>) {
    let lines = lines(function, work).await;
    let own = format!("hooklane_{function}::");
    let is_own = |line: &Map<String, Value>| {
        line.get("target").and_then(Value::as_str).is_none_or(|target| target.starts_with(&own))
    };
    let with_metrics = lines.into_iter().filter(|line| line.contains_key("_aws") && is_own(line));
    let text: Vec<_> = with_metrics.map(|line| Value::Object(fixed(line)).to_string()).collect();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/metrics/printed"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text.join("\n")));
}

#[expect(clippy::panic, reason = "a test fails by it")]
async fn lines(function: &'static str, work: impl Future<Output = ()>) -> Vec<Map<String, Value>> {
    let Ok((mut reader, writer)) = std::io::pipe() else { panic!("there is no pipe") };
    let source = Source { stack: "hooklane".to_owned(), function };
    let subscriber = subscriber(LevelFilter::ERROR, source, Arc::new(writer));
    let guard = listen(subscriber);
    work.await;
    drop(guard);
    let mut written = String::new();
    assert!(reader.read_to_string(&mut written).is_ok());
    let line = |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    written.lines().map(line).collect()
}

/// Makes this the subscriber of the test's thread until the guard is dropped.
///
/// `tracing` remembers for each place in the code whether any subscriber wants its lines. While tests begin and
/// end side by side, that memory can be late, and a test would miss a line. A subscriber for all threads that
/// wants everything, and does nothing with it, keeps each place open.
pub fn listen(subscriber: impl Into<tracing::Dispatch>) -> tracing::subscriber::DefaultGuard {
    static EVERYWHERE: std::sync::Once = std::sync::Once::new();
    EVERYWHERE.call_once(|| {
        // Another subscriber for all threads serves as well.
        drop(tracing::subscriber::set_global_default(tracing_subscriber::registry()));
    });
    tracing::dispatcher::set_default(&subscriber.into())
}

fn fixed(mut line: Map<String, Value>) -> Map<String, Value> {
    let (text, number) = AT;
    line.insert("timestamp".to_owned(), text.into());
    line["_aws"]["Timestamp"] = number.into();
    line
}
