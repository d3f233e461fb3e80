use hooklane_app::isolation::MAX_COUNTED;
use hooklane_app::webhooks::Overview;
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::figures::report::Report;
use serde::Serialize;
use utoipa::ToSchema;

use super::isolation::{CircuitView, ParkedCountView};
use super::statistics::DayFiguresView;
use super::time;
use crate::resources::words::{DeliveryReason, DeliveryStatus, Lane};

/// How a webhook is doing. It changes with its deliveries, not with the webhook, so it is no part of the `ETag`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WebhookHealth)]
pub(crate) struct WebhookHealthView {
    circuit: CircuitView,
    lane: Lane,
    /// The number of failed attempts since the last success. It may lag by 10 seconds.
    consecutive_failures: u32,
    /// When the current run of failures began.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    failing_since: Option<String>,
    /// When the latest known attempt began: of the newest delivery, or of the current run of failures.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    last_attempt_at: Option<String>,
    waiting: WaitingCountView,
    parked: ParkedCountView,
    /// The total number of events for which no delivery was made because too many deliveries were parked.
    skipped_events: u64,
    /// The deliveries of events accepted in the last 24 hours, if the list was asked for them.
    #[serde(rename = "last24Hours", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_day: Option<DayFiguresView>,
    /// The newest delivery, by when its event was accepted; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    newest_delivery: Option<NewestDeliveryView>,
}

/// The number of deliveries that wait for an attempt, parked ones included. It may lag by a moment.
#[derive(Serialize, ToSchema)]
#[schema(as = WaitingCount)]
struct WaitingCountView {
    count: u64,
    /// Whether there may be more: counting stops at 1,000.
    capped: bool,
}

/// A webhook's newest delivery.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewestDelivery)]
struct NewestDeliveryView {
    id: String,
    event_id: String,
    event_type: String,
    status: DeliveryStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<DeliveryReason>,
    attempt_count: u32,
    /// When its event was accepted.
    #[schema(format = DateTime)]
    created_at: String,
    /// When its last attempt began.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    last_attempt_at: Option<String>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    completed_at: Option<String>,
}

impl WebhookHealthView {
    pub(crate) fn new(overview: &Overview, figures: Option<&Report>, now: Timestamp) -> Self {
        let health = &overview.health;
        Self {
            circuit: CircuitView::new(health.circuit, now),
            lane: health.lane().into(),
            consecutive_failures: health.streak.map_or(0, |streak| streak.failures),
            failing_since: health.streak.map(|streak| time(streak.since)),
            last_attempt_at: overview.last_attempt_at().map(time),
            waiting: WaitingCountView {
                count: overview.waiting,
                capped: overview.waiting >= MAX_COUNTED.into(),
            },
            parked: ParkedCountView::new(overview.parked),
            skipped_events: health.skipped,
            last_day: figures.map(DayFiguresView::new),
            newest_delivery: overview.newest_delivery.as_ref().map(NewestDeliveryView::new),
        }
    }
}

impl NewestDeliveryView {
    fn new(delivery: &Delivery) -> Self {
        Self {
            id: delivery.id.to_string(),
            event_id: delivery.id.event().to_string(),
            event_type: delivery.event_type.to_string(),
            status: delivery.status().into(),
            reason: DeliveryReason::of(&delivery.state),
            attempt_count: delivery.attempts,
            created_at: time(delivery.id.accepted_at()),
            last_attempt_at: delivery.last.as_ref().map(|last| time(last.at)),
            completed_at: delivery.done_at().map(time),
        }
    }
}
