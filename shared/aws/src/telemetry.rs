//! Logs: JSON lines with dotted field names, listed in `docs/logging.md`.

use tracing_subscriber::EnvFilter;

use crate::settings;

/// Starts logging at `LOG_LEVEL` (`info` unless set). Never logged: bodies, secrets, signatures.
pub fn start() {
    let level = settings::text_or_empty("LOG_LEVEL");
    let level = if level.is_empty() { "info" } else { &level };
    // The SDK's own debug lines would show requests: they stay off whatever the level.
    let directives = format!(
        "warn,hooklane={level},hooklane_api={level},hooklane_ingest={level},hooklane_fanout={level},hooklane_delivery={level},hooklane_aws={level},hooklane_app={level},hooklane_sender={level}"
    );
    let filter = EnvFilter::try_new(directives).unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_env_filter(filter)
        .finish();
    // A second start, in a test, keeps the first.
    let _ = tracing::subscriber::set_global_default(subscriber);
}
