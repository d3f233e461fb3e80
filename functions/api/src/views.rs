//! The canonical answers: camelCase, times in RFC 3339 with milliseconds, secrets masked.

use std::collections::BTreeMap;

use hooklane_domain::Timestamp;
use hooklane_domain::attempt::{Attempt, LastAttempt};
use hooklane_domain::contract::{Contract, Contracts};
use hooklane_domain::delivery::{Delivery, State};
use hooklane_domain::network::TargetCidrs;
use hooklane_domain::outcome::{AttemptError, Outcome};
use hooklane_domain::retry::RetryPolicy;
use hooklane_domain::secret::SecretForm;
use hooklane_domain::webhook::{Webhook, WebhookState};
use secrecy::ExposeSecret as _;
use serde::Serialize;

pub(crate) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookView {
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    url: String,
    events: Vec<String>,
    /// On creation only.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    contract: String,
    /// Names with masked values.
    headers: BTreeMap<String, &'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_policy: Option<serde_json::Value>,
    /// Absent where it goes wherever the operator allows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    target_cidrs: Vec<String>,
    test_mode: bool,
    active: bool,
    status: &'static str,
    created_at: String,
    updated_at: String,
}

impl WebhookView {
    pub(crate) fn new(webhook: &Webhook) -> Self {
        Self {
            id: webhook.id.to_string(),
            name: webhook.name.clone(),
            description: webhook.description.clone(),
            url: webhook.url.to_string(),
            events: webhook.events.iter().map(ToString::to_string).collect(),
            secret: None,
            contract: webhook.contract.to_string(),
            headers: webhook.headers.names().map(|name| (name.to_owned(), "***")).collect(),
            retry_policy: webhook.retry_policy.as_ref().map(RetryPolicy::to_json),
            target_cidrs: webhook.target_cidrs.iter().flat_map(TargetCidrs::iter).collect(),
            test_mode: webhook.test_mode,
            active: webhook.state.is_active(),
            status: match webhook.state {
                WebhookState::Active => "active",
                WebhookState::Inactive => "inactive",
                WebhookState::Paused { .. } => "paused",
                WebhookState::Disabled { .. } => "disabled",
            },
            created_at: time(webhook.created_at),
            updated_at: time(webhook.updated_at),
        }
    }

    /// The one answer that carries the secret, in the form that the contract's libraries read.
    pub(crate) fn with_secret(webhook: &Webhook, contracts: &Contracts) -> Self {
        let form = contracts.get(&webhook.contract).map_or(SecretForm::Text, Contract::secret_form);
        let secret = webhook.secret.shown(form).expose_secret().to_owned();
        Self { secret: Some(secret), ..Self::new(webhook) }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryView {
    id: String,
    webhook_id: String,
    event_id: String,
    event_type: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<serde_json::Value>,
    attempt_count: u32,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_attempt: Option<LastAttemptView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LastAttemptView {
    at: String,
    duration_ms: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
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
            completed_at: delivery.done_at().map(time),
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

#[derive(Serialize)]
pub(crate) struct DeliveryDetailView {
    #[serde(flatten)]
    delivery: DeliveryView,
    attempts: Vec<AttemptView>,
}

impl DeliveryDetailView {
    pub(crate) fn new(delivery: &Delivery, attempts: &[Attempt]) -> Self {
        Self {
            delivery: DeliveryView::new(delivery),
            attempts: attempts.iter().map(AttemptView::new).collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AttemptView {
    number: u32,
    at: String,
    duration_ms: u32,
    request: RequestView,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<ResponseView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<AttemptError>,
}

#[derive(Serialize)]
struct RequestView {
    headers: BTreeMap<String, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseView {
    status_text: String,
    headers: BTreeMap<String, String>,
    body: String,
}

impl AttemptView {
    fn new(attempt: &Attempt) -> Self {
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
            request: RequestView { headers: attempt.request_headers.iter().cloned().collect() },
            status_code: attempt.outcome.status(),
            response,
            error: attempt.outcome.error().cloned(),
        }
    }
}
