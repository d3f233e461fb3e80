use hooklane_domain::delivery::attempt_log::{LogEntry, LogPosition};
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::ids::{TenantId, WebhookId};

use super::Unavailable;

/// Reads the attempts that are stored beside their deliveries, ordered by when they began.
pub trait AttemptLog: Send + Sync {
    /// A webhook's kept attempts, newest first. The read is strongly consistent and bounded, so a page
    /// may be short and still have a next one. Attempts that cannot be read back are left out and
    /// counted.
    fn kept(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        filter: &LogFilter,
    ) -> impl Future<Output = Result<LogPage, Unavailable>> + Send;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter {
    /// When the attempts began.
    pub began: TimeRange,
    pub from: Option<LogPosition>,
    pub limit: usize,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogPage {
    pub entries: Vec<LogEntry>,
    /// The number of attempts that cannot be read back.
    pub unreadable: usize,
    /// Where the next page starts, if there may be more.
    pub next: Option<LogPosition>,
}
