use hooklane_app::recover::{Estimate, Progress};
use hooklane_domain::Timestamp;
use hooklane_domain::isolation::recovery::Stage;
use serde::Serialize;
use utoipa::ToSchema;

use super::{CountView, WarningView, time};
use crate::resources::schemas::RateLimit;
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
    /// The number of skipped events met so far that are older than the webhook, so that they are not sent to
    /// it.
    older_than_webhook: u64,
    /// The number of parts of the tenant's list of events that cannot be read, each with up to 400 events,
    /// which were left out. A thorough recovery finds them.
    unreadable_parts: u64,
    /// Whether it looks for skipped events in the whole ledger.
    thorough: bool,
    /// How fast it sends; absent if as fast as possible.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    rate_limit: Option<RateLimit>,
    #[schema(format = DateTime)]
    requested_at: String,
    /// When it was complete or was stopped; absent while it is running.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    completed_at: Option<String>,
    /// The list of events may still have lacked some of the span. Until then Hooklane looks for late ones again,
    /// and sends them. Absent if there are none to come.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    rechecks_end_at: Option<String>,
    /// What in the request has no effect, and why; absent if there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    warnings: Vec<WarningView>,
}

impl RecoveryView {
    pub(crate) fn new(progress: &Progress) -> Self {
        let recovery = &progress.recovery;
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
            older_than_webhook: recovery.older,
            unreadable_parts: recovery.unreadable,
            thorough: recovery.walk.is_none(),
            rate_limit: recovery.paced.map(|paced| RateLimit::new(paced.limit)),
            requested_at: time(recovery.requested_at),
            completed_at,
            rechecks_end_at: recovery.rechecks_end_at().map(time),
            warnings: too_early(progress.begins_too_early(), progress.registered_at)
                .into_iter()
                .collect(),
        }
    }
}

/// What a recovery would send.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RecoveryEstimate)]
pub(crate) struct EstimateView {
    #[schema(format = DateTime)]
    since: String,
    #[schema(format = DateTime)]
    until: String,
    include: RecoveryScope,
    /// The failed deliveries that would be retried.
    failed: CountView,
    /// The skipped events for which deliveries would be made, as far as the tenant's list of events has them: it
    /// lags by seconds.
    skipped: CountView,
    /// What in the request has no effect, and why; absent if there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    warnings: Vec<WarningView>,
}

impl EstimateView {
    pub(crate) fn new(estimate: &Estimate) -> Self {
        let wanted = estimate.wanted;
        let is_early = wanted.since < estimate.registered_at;
        Self {
            since: time(wanted.since),
            until: time(wanted.until),
            include: wanted.status.into(),
            failed: estimate.failed.into(),
            skipped: estimate.skipped.into(),
            warnings: too_early(is_early, estimate.registered_at).into_iter().collect(),
        }
    }
}

fn too_early(is_early: bool, registered_at: Timestamp) -> Option<WarningView> {
    is_early.then(|| WarningView {
        code: "older_than_webhook",
        field: "since".into(),
        detail: format!(
            "Events that were accepted before {}, when the webhook was registered, are not sent to it.",
            time(registered_at)
        ),
    })
}
