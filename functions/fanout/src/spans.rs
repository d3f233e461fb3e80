//! The span of a record, and the line of a batch that fails.

use hooklane_app::ports::Unavailable;
use hooklane_domain::event::Event;
use tracing::Span;
use tracing::field::Empty;

/// The span of one record, whatever the log level: its errors are logged with these ids.
pub(crate) fn of_record(event: Option<&Event>) -> Span {
    let span = tracing::error_span!("record", event.id = Empty, tenant = Empty);
    if let Some(event) = event {
        span.record("event.id", event.id.as_str());
        span.record("tenant", event.tenant.as_str());
    }
    span
}

/// Logs the error that fails the batch, with the ids of the record where it arose.
pub(crate) fn batch_failed(error: Unavailable, span: &Span) -> Unavailable {
    span.in_scope(|| error.log("batch.failed"));
    error
}
