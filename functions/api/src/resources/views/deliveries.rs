use std::collections::BTreeMap;

use hooklane_app::attempt::SentRequest;
use hooklane_app::deliveries::DeliveryDetail;
use hooklane_app::outlook::Outlook;
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::attempt::{Attempt, LastAttempt};
use hooklane_domain::delivery::outcome::{AttemptError, Outcome};
use hooklane_domain::delivery::remark::Remark;
use hooklane_domain::delivery::{Delivery, State};
use hooklane_domain::isolation::next_attempt::NextAttempt;
use hooklane_domain::webhook::masking::masked;
use serde::Serialize;
use utoipa::ToSchema;

use super::events::EventContentView;
use super::time;
use crate::resources::words::{
    AttemptErrorKind, AttemptRemarkKind, DeliveryReason, DeliveryStatus, NextAttemptReason,
};

/// Why there was no answer.
#[derive(Serialize, ToSchema)]
pub(super) struct AttemptProblem {
    kind: AttemptErrorKind,
    #[schema(example = "the connection was refused")]
    detail: String,
}

impl AttemptProblem {
    pub(super) fn new(error: &AttemptError) -> Self {
        Self { kind: error.kind.into(), detail: error.detail.clone() }
    }
}

/// Something about an attempt that does not decide its outcome.
#[derive(Serialize, ToSchema)]
#[schema(as = AttemptRemark)]
pub(super) struct RemarkView {
    kind: AttemptRemarkKind,
    #[schema(example = "the connection ended before the body of the answer did")]
    detail: &'static str,
}

impl RemarkView {
    pub(super) fn all(attempt: &Attempt) -> Vec<Self> {
        let view = |remark: &Remark| Self { kind: (*remark).into(), detail: remark.words() };
        attempt.remarks.iter().map(view).collect()
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Delivery)]
pub(crate) struct DeliveryView {
    id: String,
    webhook_id: String,
    event_id: String,
    event_type: String,
    status: DeliveryStatus,
    /// Why the delivery was parked, failed or was cancelled. While it is parked, `nextAttemptReason` says what
    /// it waits for now.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<DeliveryReason>,
    attempt_count: u32,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_attempt: Option<LastAttemptView>,
    /// When the next attempt is, at the earliest: never in the past. Present while the delivery is pending
    /// or retrying, unless somebody must act first, which `nextAttemptReason` then says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_attempt_at: Option<String>,
    /// What the next attempt waits for now. Present while the delivery is pending or retrying.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_attempt_reason: Option<NextAttemptReason>,
    /// The time to which the delivery's own wait was set, by its retry policy or rate limit. It stays the
    /// same while something else holds the delivery up, so it may have passed. Absent while the delivery is
    /// parked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    scheduled_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    parked: Option<ParkedView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<String>,
    /// When the delivery is deleted, even if it is still undelivered. A delivery is kept as long as its
    /// event.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
}

/// Present while the delivery is parked: it waits in the ledger and uses no attempt.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Parked)]
struct ParkedView {
    since: String,
    /// Before this time the delivery is not sent, whatever its webhook's state: it waits for its slot, or for
    /// the end of a long wait. Absent if that time has come; `nextAttemptAt` says more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    due_at: Option<String>,
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
    error: Option<AttemptProblem>,
}

impl DeliveryView {
    pub(crate) fn new(delivery: &Delivery, outlook: &Outlook) -> Self {
        let next = outlook.next_attempt(delivery);
        Self {
            id: delivery.id.to_string(),
            webhook_id: delivery.id.webhook().to_string(),
            event_id: delivery.id.event().to_string(),
            event_type: delivery.event_type.to_string(),
            status: delivery.status().into(),
            reason: DeliveryReason::of(&delivery.state),
            attempt_count: delivery.attempts,
            created_at: time(delivery.id.accepted_at()),
            last_attempt: delivery.last.as_ref().map(LastAttemptView::new),
            next_attempt_at: next.and_then(NextAttempt::at).map(time),
            next_attempt_reason: next.map(NextAttemptReason::from),
            scheduled_at: delivery.next_attempt_at().map(time),
            parked: ParkedView::of(&delivery.state, outlook.now),
            completed_at: delivery.done_at().map(time),
            expires_at: delivery.expires_at.map(time),
        }
    }
}

impl ParkedView {
    fn of(state: &State, now: Timestamp) -> Option<Self> {
        let State::Parked { since, due, .. } = state else { return None };
        Some(Self { since: time(*since), due_at: (*due > now).then(|| time(*due)) })
    }
}

impl LastAttemptView {
    fn new(last: &LastAttempt) -> Self {
        Self {
            at: time(last.at),
            duration_ms: last.duration_ms,
            status_code: last.status,
            error: last.error.as_ref().map(AttemptProblem::new),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = DeliveryWithAttempts)]
pub(crate) struct DeliveryDetailView {
    #[serde(flatten)]
    delivery: DeliveryView,
    /// The event as it was published; absent after the event has expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<EventContentView>,
    attempts: Vec<AttemptView>,
}

impl DeliveryDetailView {
    /// With the URL whole, or with what may be a token masked.
    pub(crate) fn new(detail: DeliveryDetail, outlook: &Outlook, sees_urls: bool) -> Self {
        let attempts = detail.attempts.iter().zip(&detail.sent);
        let view = |(attempt, sent): (&Attempt, &Option<SentRequest>)| {
            let view = AttemptView::new(attempt);
            AttemptView { request: view.request.showing(sent.as_ref(), sees_urls), ..view }
        };
        Self {
            delivery: DeliveryView::new(&detail.delivery, outlook),
            payload: detail.event.map(|event| EventContentView::new(event.content)),
            attempts: attempts.map(view).collect(),
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
    error: Option<AttemptProblem>,
    /// What there is to say beside the outcome. Absent if there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remarks: Vec<RemarkView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AttemptRequest)]
pub(super) struct RequestView {
    /// Where it was sent. Absent where that is not known any more, and in lists. For a token without the scope
    /// webhooks:write, whatever may be a token of the receiver's is masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "https://example.com/hooks")]
    url: Option<String>,
    /// The signature is shortened, and the values of the webhook's custom headers are masked.
    headers: BTreeMap<String, String>,
    /// The body, byte for byte. Absent where it is not known any more: the webhook was changed since, or the
    /// event has expired. Absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "{\"type\":\"order.created\",\"data\":{}}")]
    body: Option<String>,
}

impl RequestView {
    pub(super) fn new(attempt: &Attempt) -> Self {
        let headers = attempt.request_headers.iter().cloned().collect();
        Self { url: None, headers, body: None }
    }

    /// With what was sent, if that is known.
    pub(super) fn showing(self, sent: Option<&SentRequest>, sees_urls: bool) -> Self {
        let Some(SentRequest { url, body }) = sent else { return self };
        let url = if sees_urls { url.to_string() } else { masked(url) };
        Self { url: Some(url), body: Some(body.clone()), ..self }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AttemptResponse)]
pub(super) struct ResponseView {
    #[schema(example = "OK")]
    status_text: String,
    /// By name in lower case. The values of a header that came several times are joined by a comma and a
    /// blank, in their order; those of `set-cookie`, which may contain commas, by a line feed.
    #[schema(example = json!({"content-type": "text/plain"}))]
    headers: BTreeMap<String, String>,
    /// The first 1,000 bytes.
    #[schema(example = "accepted")]
    body: String,
}

impl ResponseView {
    pub(super) fn of(outcome: &Outcome) -> Option<Self> {
        match outcome {
            Outcome::Answered(response) => Some(Self {
                status_text: response.status_text.clone(),
                headers: joined(&response.headers),
                body: response.body.clone(),
            }),
            Outcome::Error(_) => None,
        }
    }
}

/// Headers by name. What joins the values of one name is what RFC 9110 §5.3 says, except for `Set-Cookie`.
fn joined(headers: &[(String, String)]) -> BTreeMap<String, String> {
    let mut by_name: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers {
        match by_name.get_mut(name) {
            Some(joined) => {
                joined.push_str(if name == "set-cookie" { "\n" } else { ", " });
                joined.push_str(value);
            }
            None => {
                by_name.insert(name.clone(), value.clone());
            }
        }
    }
    by_name
}

impl AttemptView {
    pub(crate) fn new(attempt: &Attempt) -> Self {
        Self {
            number: attempt.number,
            at: time(attempt.at),
            duration_ms: attempt.duration_ms,
            request: RequestView::new(attempt),
            status_code: attempt.outcome.status(),
            response: ResponseView::of(&attempt.outcome),
            error: attempt.outcome.error().map(AttemptProblem::new),
            remarks: RemarkView::all(attempt),
        }
    }
}
