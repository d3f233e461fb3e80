//! Logs: each event is one line of JSON with dotted field names. `docs/logging.md` lists the events.
//!
//! ```json
//! {"timestamp":"2024-01-15T10:30:00.000000Z","level":"ERROR","message":"delivery.interrupted",
//!  "error":"DynamoDB PutItem on Ledger failed: dispatch failure","message.id":"a5f4b2cc-…",
//!  "tenant":"acme","target":"hooklane_delivery::pipeline"}
//! ```
//!
//! Beside its own fields, a line has those of every span around it. So an error deep inside carries the
//! ids of the message, record or request that it belongs to. If several have a field of the same name,
//! the innermost value is written, and the event's own goes first.
//!
//! The JSON formatter of `tracing-subscriber` writes spans as nested objects, and only the innermost one
//! with its own fields. A query for `tenant` would then miss some lines, so the lines are
//! formatted here.
//!
//! A line with the field `metrics` carries metrics in CloudWatch's embedded metric format (`telemetry::emf`). It is
//! printed at every `LOG_LEVEL`, because alarms depend on it.

mod emf;
#[cfg(feature = "test-support")]
pub mod printed;

use std::fmt;
use std::panic::PanicHookInfo;

use serde_json::{Map, Value};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{Targets, filter_fn};
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{
    FmtContext, FormatEvent, FormatFields, FormattedFields, MakeWriter, layer,
};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::{LookupSpan, Scope};

use crate::settings;

pub use emf::Source;

/// Starts logging at `LOG_LEVEL` (`info` unless set). Never logged: bodies, secrets, signatures.
/// `function` is the short name of the function, and the value of the dimension `function` of its metrics.
pub fn start(function: &'static str) {
    let level = settings::parse("LOG_LEVEL").unwrap_or(LevelFilter::INFO);
    let source = Source { stack: settings::text_or_empty("STACK_NAME"), function };
    // A second start, in a test, keeps the first.
    let _ = tracing::subscriber::set_global_default(subscriber(level, source, std::io::stdout));
    std::panic::set_hook(Box::new(log_panic));
}

/// Logs where a panic happened. The ids come from the current span.
///
/// A message that was put together may contain what a client sent: that of a text cut in the middle of a
/// character quotes the text. So a message is logged only if it is a constant.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    let message = panic.payload().downcast_ref::<&'static str>().copied();
    tracing::error!(panic.place = place, panic.message = message, "panic");
}

/// Writes the lines of a function at a level, those with metrics at every level.
pub fn subscriber<W>(level: LevelFilter, source: Source, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = layer().fmt_fields(JsonFields::new()).event_format(Lines(source));
    let lines = lines.with_writer(writer);
    // A name covers every target that begins with it: the functions and the crates they share. The
    // SDK's debug lines would show requests, so they are off at every level.
    let events = Targets::new().with_default(LevelFilter::WARN).with_target(OURS, level);
    // Spans are on at every level, because a line of any level needs their ids.
    let ours = filter_fn(move |metadata| match metadata.is_span() {
        true => metadata.target().starts_with(OURS),
        false => {
            metadata.fields().field(METRICS).is_some()
                || events.would_enable(metadata.target(), metadata.level())
        }
    });
    tracing_subscriber::registry().with(lines).with(ours)
}

/// The targets of this workspace begin with this.
const OURS: &str = "hooklane";

/// The field whose value is the text of `hooklane_domain::metrics::Figures`.
const METRICS: &str = "metrics";

/// Formats an event and the fields of its spans as one JSON object.
struct Lines(Source);

impl<S> FormatEvent<S, JsonFields> for Lines
where
    S: Subscriber + for<'s> LookupSpan<'s>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Map::new();
        for span in context.event_scope().into_iter().flat_map(Scope::from_root) {
            if let Some(of_span) = span.extensions().get::<FormattedFields<JsonFields>>() {
                fields.extend(parsed(&of_span.fields));
            }
        }
        let mut of_event = String::new();
        context.format_fields(Writer::new(&mut of_event), event)?;
        fields.extend(parsed(&of_event));

        let mut timestamp = String::new();
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
        let level = event.metadata().level().as_str();
        let head = [("timestamp", timestamp.as_str().into()), ("level", level.into())];
        let message = fields.remove("message").map(|message| ("message", message));
        let target = ("target", event.metadata().target().into());
        let metrics = fields.remove(METRICS);
        let (metrics, rest) = metrics.map_or_else(Default::default, |text| {
            self.0.embedded(&parsed(text.as_str().unwrap_or_default()), &timestamp)
        });
        let head: Map<_, _> = named(head).collect();
        let mut line: Map<_, _> = head.clone().into_iter().chain(named(message)).collect();
        line.extend(fields);
        line.extend(named([target]));
        line.extend(metrics);
        writeln!(writer, "{}", Value::Object(line))?;
        // What CloudWatch does not take in one line.
        for metrics in rest {
            let mut line: Map<_, _> = head.clone();
            line.extend(named([("message", "metrics.continued".into())]));
            line.extend(metrics);
            writeln!(writer, "{}", Value::Object(line))?;
        }
        Ok(())
    }
}

fn named(
    fields: impl IntoIterator<Item = (&'static str, Value)>,
) -> impl Iterator<Item = (String, Value)> {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value))
}

/// Parses the fields as [`JsonFields`] wrote them; a span without fields has an empty text.
fn parsed(fields: &str) -> Map<String, Value> {
    serde_json::from_str(fields).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use hooklane_app::ports::Unavailable;
    use hooklane_domain::delivery::waiting::Lane;
    use hooklane_domain::metrics::{Figures, Metric};
    use serde_json::json;
    use tracing::field::Empty;

    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// The lines that `log` writes at a level, without their timestamps, which are checked here.
    fn lines(level: LevelFilter, log: impl FnOnce()) -> Vec<Value> {
        let buffer = Buffer::default();
        let written = buffer.clone();
        let source = Source { stack: "hooks".to_owned(), function: "delivery" };
        tracing::subscriber::with_default(subscriber(level, source, move || buffer.clone()), log);
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let without_timestamp = |line: &str| {
            let mut line: Map<String, Value> = serde_json::from_str(line).unwrap();
            let timestamp = line.remove("timestamp").unwrap();
            assert!(timestamp.as_str().unwrap().ends_with('Z'), "{timestamp}");
            Value::Object(line)
        };
        text.lines().map(without_timestamp).collect()
    }

    const TARGET: &str = "hooklane_aws::telemetry::tests";

    #[test]
    fn a_line_inside_nested_spans_carries_all_their_ids() {
        let lines = lines(LevelFilter::INFO, || {
            let message = tracing::info_span!("message", message.id = "m1", tenant = Empty);
            let _message = message.enter();
            message.record("tenant", "acme");
            let attempt = tracing::info_span!("attempt", delivery.id = "d1", attempt.number = 2);
            attempt.in_scope(|| {
                Unavailable::new("writing", "no \"answer\"").log("delivery.interrupted");
            });
            tracing::info!(batch.staying = 1, "batch.done");
        });
        let interrupted = json!({
            "level": "ERROR",
            "message": "delivery.interrupted",
            "error": "writing failed: no \"answer\"",
            "message.id": "m1",
            "tenant": "acme",
            "delivery.id": "d1",
            "attempt.number": 2,
            "target": "hooklane_app::ports",
        });
        let done = json!({
            "level": "INFO",
            "message": "batch.done",
            "message.id": "m1",
            "tenant": "acme",
            "batch.staying": 1,
            "target": TARGET,
        });
        assert_eq!(lines, [interrupted, done]);
    }

    #[test]
    fn an_inner_value_stands_for_an_outer_one_and_is_written_once() {
        let lines = lines(LevelFilter::INFO, || {
            let _outer = tracing::info_span!("outer", tenant = "outer").entered();
            let _inner = tracing::info_span!("inner", tenant = "inner").entered();
            tracing::info!("one");
            tracing::info!(tenant = "event", "two");
        });
        let tenants: Vec<_> = lines.iter().map(|line| &line["tenant"]).collect();
        assert_eq!(tenants, ["inner", "event"]);
    }

    #[test]
    fn ids_are_on_the_lines_of_every_level() {
        for level in [LevelFilter::ERROR, LevelFilter::INFO] {
            let lines = lines(level, || {
                let span = tracing::info_span!("message", message.id = "m1");
                span.in_scope(|| tracing::error!("delivery.interrupted"));
            });
            assert_eq!(lines[0]["message.id"], "m1", "{level}");
        }
    }

    /// The only test of this crate that sets the hook, which holds for the process.
    #[test]
    fn a_panic_is_a_line_with_its_place_and_ids_and_without_what_a_client_sent() {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(log_panic));
        let sent = "sécret";
        let lines = lines(LevelFilter::ERROR, || {
            let span = tracing::info_span!("request", tenant = "acme");
            let caught = |panics: fn(&str)| {
                let caught = std::panic::AssertUnwindSafe(|| span.in_scope(|| panics(sent)));
                assert!(std::panic::catch_unwind(caught).is_err());
            };
            caught(|_| panic!("a constant"));
            caught(|sent| panic!("made of {sent}"));
            caught(|sent| assert!(!sent[..2].is_empty(), "the text is cut within a character"));
        });
        std::panic::set_hook(usual);
        let messages: Vec<_> = lines.iter().map(|line| line.get("panic.message")).collect();
        assert_eq!(messages, [Some(&json!("a constant")), None, None]);
        for line in &lines {
            assert_eq!((&line["message"], &line["tenant"]), (&json!("panic"), &json!("acme")));
            assert!(line["panic.place"].as_str().unwrap().contains("telemetry.rs:"), "{line}");
            assert!(!line.to_string().contains("cret"), "{line}");
        }
    }

    #[test]
    fn an_event_outside_of_spans_is_a_line_too() {
        let lines = lines(LevelFilter::INFO, || tracing::info!("run.done"));
        assert_eq!(lines, [json!({"level": "INFO", "message": "run.done", "target": TARGET})]);
    }

    #[test]
    fn a_line_with_metrics_is_printed_at_every_level_and_cloudwatch_reads_it() {
        for level in [LevelFilter::INFO, LevelFilter::ERROR] {
            let figures = Figures::of_lane(Some(Lane::Slow))
                .with(Metric::DeliverySucceeded, 1)
                .with(Metric::DeadLetters, 2);
            let lines = lines(level, || {
                tracing::info!(batch.staying = 1, metrics = %figures, "batch.done");
                tracing::debug!("message.discarded");
            });
            let [line] = &lines[..] else { panic!("{lines:?}") };
            assert_eq!(
                (&line["message"], &line["batch.staying"]),
                (&json!("batch.done"), &json!(1))
            );
            assert_eq!(line["DeliverySucceeded"], json!([1]), "{line}");
            assert_eq!(line["stack"], "hooks");
            assert!(line["_aws"]["Timestamp"].is_u64(), "{line}");
            assert_eq!(line.get("metrics"), None);
        }
    }

    #[test]
    fn what_does_not_fit_into_a_line_follows_in_others() {
        let mut figures = Figures::default().with(Metric::DeadLetters, 7);
        (0..250).for_each(|delay| figures.add(Metric::FanoutDelay, delay));
        let lines = lines(LevelFilter::INFO, || tracing::info!(metrics = %figures, "batch.done"));
        let messages: Vec<_> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
        assert_eq!(messages, ["batch.done", "metrics.continued", "metrics.continued"]);
        let counts: Vec<_> =
            lines.iter().map(|line| line["FanoutDelay"].as_array().unwrap().len()).collect();
        assert_eq!(counts, [100, 100, 50]);
        assert_eq!(lines.iter().filter(|line| line.get("DeadLetters").is_some()).count(), 1);
    }

    #[test]
    fn the_level_is_that_of_our_own_crates() {
        let log = || {
            tracing::debug!(target: "hooklane_sender::dns", "debug");
            tracing::debug!(target: "aws_sdk_sqs", "debug of the SDK");
            tracing::info!(target: "hooklane_upkeep", "info");
            tracing::info!(target: "aws_config", "info of the SDK");
            tracing::warn!(target: "aws_config", "warning of the SDK");
        };
        for (level, count) in [
            (LevelFilter::DEBUG, 3),
            (LevelFilter::INFO, 2),
            (LevelFilter::WARN, 1),
            (LevelFilter::ERROR, 1),
        ] {
            assert_eq!(lines(level, log).len(), count, "{level}");
        }
    }
}
