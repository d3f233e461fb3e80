use hooklane_domain::isolation::recovery::{Recovery, Stage};
use serde::Serialize;
use utoipa::ToSchema;

use super::time;
use crate::resources::words::{RecoveryScope, RecoveryState};

/// A recovery and its progress.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Recovery)]
pub(crate) struct RecoveryView {
    #[schema(format = DateTime)]
    since: String,
    #[schema(format = DateTime)]
    until: String,
    include: RecoveryScope,
    state: RecoveryState,
    /// The number of deliveries sent so far.
    sent_deliveries: u64,
    #[schema(format = DateTime)]
    requested_at: String,
    /// Absent while the recovery is running.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    completed_at: Option<String>,
}

impl RecoveryView {
    pub(crate) fn new(recovery: &Recovery) -> Self {
        let completed_at = match recovery.stage {
            Stage::Failed { .. } | Stage::Skipped { .. } => None,
            Stage::Done { at } => Some(time(at)),
        };
        Self {
            since: time(recovery.wanted.since),
            until: time(recovery.wanted.until),
            include: recovery.wanted.status.into(),
            state: recovery.into(),
            sent_deliveries: recovery.sent,
            requested_at: time(recovery.requested_at),
            completed_at,
        }
    }
}
