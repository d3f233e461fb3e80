use std::fmt::Write as _;

use hooklane_app::usage::Row;
use hooklane_domain::Timestamp;
use hooklane_domain::usage::Figures;
use serde::Serialize;
use utoipa::ToSchema;

use super::time;

/// What a tenant used in a month of UTC.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UsageOfMonth)]
pub(crate) struct UsageOfMonthView {
    #[schema(example = "acme")]
    tenant: String,
    #[schema(example = "2026-10", pattern = "^[0-9]{4}-[0-9]{2}$")]
    month: String,
    /// Events that were accepted, also those that no webhook wanted.
    events: u64,
    /// The bytes of these events' `data`, as JSON in UTF-8.
    event_bytes: u64,
    /// Deliveries that succeeded.
    deliveries: u64,
    /// Attempts of deliveries, failed ones and retries by hand too.
    attempts: u64,
    /// The bytes of the bodies of these attempts' requests.
    attempt_bytes: u64,
    /// Events and attempts among these whose bytes are not known, because a version made them that did not
    /// measure. Their bytes are missing in the sums.
    unmeasured: u64,
    /// Stored things that cannot be read, and so are not in the figures.
    unreadable: u64,
    /// Whether the figures are those of the whole month and never change again.
    #[serde(rename = "final")]
    is_final: bool,
}

impl UsageOfMonthView {
    pub(crate) fn new(row: &Row) -> Self {
        let Figures {
            events,
            event_bytes,
            deliveries,
            attempts,
            attempt_bytes,
            unmeasured,
            unreadable,
        } = row.usage.total();
        Self {
            tenant: row.usage.tenant.to_string(),
            month: row.usage.month.to_string(),
            events,
            event_bytes,
            deliveries,
            attempts,
            attempt_bytes,
            unmeasured,
            unreadable,
            is_final: row.is_final,
        }
    }
}

/// The rows as CSV (RFC 4180), with a header row. No value can need quotes: ids have letters, digits, hyphens
/// and underscores, and everything else is a number, a month, a time or a word. An id that begins with a hyphen
/// gets an apostrophe, since a spreadsheet would calculate it (OWASP, "CSV Injection").
pub(crate) fn usage_csv(rows: &[&Row], as_of: Option<Timestamp>) -> String {
    let mut csv = String::from(
        "tenant,month,events,eventBytes,deliveries,attempts,attemptBytes,unmeasured,unreadable,final,asOf\r\n",
    );
    let as_of = as_of.map(time).unwrap_or_default();
    for row in rows {
        let view = UsageOfMonthView::new(row);
        let guard = if view.tenant.starts_with('-') { "'" } else { "" };
        let UsageOfMonthView {
            tenant,
            month,
            events,
            event_bytes,
            deliveries,
            attempts,
            attempt_bytes,
            unmeasured,
            unreadable,
            is_final,
        } = view;
        let sums = format!("{events},{event_bytes},{deliveries},{attempts},{attempt_bytes}");
        // Writing to a text cannot fail.
        let _ = write!(
            csv,
            "{guard}{tenant},{month},{sums},{unmeasured},{unreadable},{is_final},{as_of}\r\n"
        );
    }
    csv
}
