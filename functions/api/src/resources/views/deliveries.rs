use std::collections::BTreeMap;

use hooklane_app::deliveries::DeliveryDetail;
use hooklane_domain::delivery::attempt::{Attempt, LastAttempt};
use hooklane_domain::delivery::outcome::{AttemptError, Outcome};
use hooklane_domain::delivery::{Delivery, State};
use hooklane_domain::event::Content;
use serde::Serialize;
use utoipa::ToSchema;

use super::time;

/// Why there was no answer, as the document describes it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes `AttemptError`, whose crate knows no OpenAPI")]
pub(super) struct AttemptProblem {
    /// One of dns, blocked, connect, tls, timeout, response, body, transform.
    #[schema(example = "timeout")]
    kind: String,
    detail: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Delivery)]
pub(crate) struct DeliveryView {
    id: String,
    webhook_id: String,
    event_id: String,
    event_type: String,
    #[schema(value_type = crate::http::parameters::DeliveryStatus, inline)]
    status: &'static str,
    /// Why it stands as it does, where the status alone does not say: of one that is parked `inactive`,
    /// `paused`, `tenant paused`, `circuit`, `rate limit` or `backlog`; of one that failed `exhausted`,
    /// `gone`, `eventmissing` or `transform`; of one that was cancelled `webhookdeleted`, `requested` or
    /// `discarded`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    reason: Option<serde_json::Value>,
    attempt_count: u32,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_attempt: Option<LastAttemptView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    parked: Option<ParkedView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<String>,
    /// When Hooklane forgets it, whatever it waits for by then: it is kept as long as its event.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
}

/// A delivery that waits without spending an attempt, until what it is parked for (`reason`) ends.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Parked)]
struct ParkedView {
    since: String,
    /// It is sent within about a minute of this time; or, where this has passed, of when its webhook
    /// takes deliveries again.
    due_at: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LastAttempt)]
struct LastAttemptView {
    at: String,
    duration_ms: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<AttemptProblem>)]
    error: Option<AttemptError>,
}

impl DeliveryView {
    pub(crate) fn new(delivery: &Delivery) -> Self {
        Self {
            id: delivery.id.to_string(),
            webhook_id: delivery.id.webhook().to_string(),
            event_id: delivery.id.event().to_string(),
            event_type: delivery.event_type.to_string(),
            status: delivery.status().as_str(),
            reason: reason(&delivery.state),
            attempt_count: delivery.attempts,
            created_at: time(delivery.id.accepted_at()),
            last_attempt: delivery.last.as_ref().map(LastAttemptView::new),
            next_attempt_at: delivery.next_attempt_at().map(time),
            parked: ParkedView::of(&delivery.state),
            completed_at: delivery.done_at().map(time),
            expires_at: delivery.expires_at.map(time),
        }
    }
}

/// Why it stands as it does, where the status alone does not say.
fn reason(state: &State) -> Option<serde_json::Value> {
    match state {
        State::Parked { reason, .. } => serde_json::to_value(reason).ok(),
        State::Failed { reason, .. } => serde_json::to_value(reason).ok(),
        State::Cancelled { reason, .. } => serde_json::to_value(reason).ok(),
        State::Waiting { .. } | State::Delivered { .. } => None,
    }
}

impl ParkedView {
    fn of(state: &State) -> Option<Self> {
        let State::Parked { since, due, .. } = state else { return None };
        Some(Self { since: time(*since), due_at: time(*due) })
    }
}

impl LastAttemptView {
    fn new(last: &LastAttempt) -> Self {
        Self {
            at: time(last.at),
            duration_ms: last.duration_ms,
            status_code: last.status,
            error: last.error.clone(),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = DeliveryWithAttempts)]
pub(crate) struct DeliveryDetailView {
    #[serde(flatten)]
    delivery: DeliveryView,
    /// The event as it was published; absent once it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<crate::resources::schemas::EventContent>)]
    payload: Option<Content>,
    attempts: Vec<AttemptView>,
}

impl DeliveryDetailView {
    pub(crate) fn new(told: DeliveryDetail) -> Self {
        Self {
            delivery: DeliveryView::new(&told.delivery),
            payload: told.event.map(|event| event.content),
            attempts: told.attempts.iter().map(AttemptView::new).collect(),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Attempt)]
pub(crate) struct AttemptView {
    number: u32,
    at: String,
    duration_ms: u32,
    request: RequestView,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<ResponseView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<AttemptProblem>)]
    error: Option<AttemptError>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AttemptRequest)]
pub(super) struct RequestView {
    /// The signature shortened, the values of the webhook's own headers masked.
    headers: BTreeMap<String, String>,
}

impl RequestView {
    pub(super) fn new(attempt: &Attempt) -> Self {
        Self { headers: attempt.request_headers.iter().cloned().collect() }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AttemptResponse)]
struct ResponseView {
    status_text: String,
    headers: BTreeMap<String, String>,
    body: String,
}

impl AttemptView {
    pub(crate) fn new(attempt: &Attempt) -> Self {
        let response = match &attempt.outcome {
            Outcome::Answered(response) => Some(ResponseView {
                status_text: response.status_text.clone(),
                headers: response.headers.iter().cloned().collect(),
                body: response.body.clone(),
            }),
            Outcome::Error(_) => None,
        };
        Self {
            number: attempt.number,
            at: time(attempt.at),
            duration_ms: attempt.duration_ms,
            request: RequestView::new(attempt),
            status_code: attempt.outcome.status(),
            response,
            error: attempt.outcome.error().cloned(),
        }
    }
}
