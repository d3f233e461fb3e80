use hooklane_domain::delivery::attempt_log::{LogEntry, LogPosition};
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::ids::{TenantId, WebhookId};

use super::Unavailable;

/// The attempts that are kept beside their deliveries, in order of time.
pub trait AttemptLog: Send + Sync {
    /// A webhook's kept attempts, newest first, read consistently. Reads a bounded amount: a page may
    /// be short and still have more after it. One that cannot be read back is left out and counted.
    fn kept(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        filter: &LogFilter,
    ) -> impl Future<Output = Result<LogPage, Unavailable>> + Send;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter {
    /// When they began.
    pub began: TimeRange,
    pub from: Option<LogPosition>,
    pub limit: usize,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogPage {
    pub entries: Vec<LogEntry>,
    /// So many were met that cannot be read back.
    pub unreadable: usize,
    /// Where the next page starts, if there may be one.
    pub next: Option<LogPosition>,
}
