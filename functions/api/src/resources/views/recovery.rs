use hooklane_domain::isolation::recovery::{Recovery, Stage};
use serde::Serialize;
use utoipa::ToSchema;

use super::time;
use crate::resources::words::{RecoveredStatus, RecoveryState};

/// A recovery and its progress.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Recovery)]
pub(crate) struct RecoveryView {
    #[schema(format = DateTime)]
    since: String,
    #[schema(format = DateTime)]
    until: String,
    status: RecoveredStatus,
    state: RecoveryState,
    /// The number of deliveries sent so far.
    sent: u64,
    #[schema(format = DateTime)]
    requested_at: String,
    /// Absent while the recovery is running.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    done_at: Option<String>,
}

impl RecoveryView {
    pub(crate) fn new(recovery: &Recovery) -> Self {
        let done_at = match recovery.stage {
            Stage::Failed { .. } | Stage::Skipped { .. } => None,
            Stage::Done { at } => Some(time(at)),
        };
        Self {
            since: time(recovery.wanted.since),
            until: time(recovery.wanted.until),
            status: recovery.wanted.status.into(),
            state: recovery.into(),
            sent: recovery.sent,
            requested_at: time(recovery.requested_at),
            done_at,
        }
    }
}
