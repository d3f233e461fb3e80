use hooklane_domain::isolation::recovery::{Recovery, Stage, WantedStatus};
use serde::Serialize;
use utoipa::ToSchema;

use super::time;
use crate::resources::schemas::RecoveredStatus;

/// A recovery, and how far it is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Recovery)]
pub(crate) struct RecoveryView {
    #[schema(format = DateTime)]
    since: String,
    #[schema(format = DateTime)]
    until: String,
    #[schema(value_type = RecoveredStatus)]
    status: WantedStatus,
    state: RecoveryState,
    /// So many deliveries were sent so far.
    sent: u64,
    #[schema(format = DateTime)]
    requested_at: String,
    /// Absent while it is running.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    done_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum RecoveryState {
    Running,
    Done,
}

impl RecoveryView {
    pub(crate) fn new(recovery: &Recovery) -> Self {
        let (state, done_at) = match recovery.stage {
            Stage::Failed { .. } | Stage::Skipped { .. } => (RecoveryState::Running, None),
            Stage::Done { at } => (RecoveryState::Done, Some(time(at))),
        };
        Self {
            since: time(recovery.wanted.since),
            until: time(recovery.wanted.until),
            status: recovery.wanted.status,
            state,
            sent: recovery.sent,
            requested_at: time(recovery.requested_at),
            done_at,
        }
    }
}
