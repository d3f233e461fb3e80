use hooklane_app::webhooks::{Experiment, PreviewedRequest, Tried};
use hooklane_domain::expression::{Failure, Verdict};
use hooklane_domain::json::RawJson;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::deliveries::AttemptProblem;
use super::testing::{FilterView, TransformView};
use super::{EventContentView, non_zero, time};
use crate::http::problem::Problem;
use crate::http::rows::Rows;
use crate::resources::words::PreviewSecret;

/// A request that is not sent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Preview)]
pub(crate) struct PreviewView {
    #[schema(example = "standard")]
    contract: String,
    #[schema(example = "evt_01HM6WKJ2Y3M8F5J0V9Q4T7C1D")]
    event_id: String,
    #[schema(example = "user.created")]
    event_type: String,
    /// What it is signed with.
    signed_with: PreviewSecret,
    /// The example's secret, if it is signed with that. Everybody may know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "whsec_aG9va2xhbmUgZXhhbXBsZSwgbm90IGEgc2VjcmV0ISE=")]
    example_secret: Option<String>,
    /// The public key of the example's secret, for Ed25519 signatures.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    example_public_key: Option<String>,
    /// The result of the filter; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    filter: Option<FilterView>,
    /// The result of the transform; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    transform: Option<TransformView>,
    /// What would be sent; absent if nothing would be (see `error`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    request: Option<ShownRequestView>,
    /// Why nothing would be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<AttemptProblem>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PreviewedRequest)]
struct ShownRequestView {
    #[schema(example = "POST")]
    method: &'static str,
    /// The host of the URL, with its port unless that is 443.
    #[schema(example = "example.com")]
    host: String,
    /// In the order in which they are sent. The values of the webhook's custom headers are masked. HTTP adds
    /// `host`, `content-length` and `accept-encoding`.
    headers: Vec<HeaderView>,
    /// Byte for byte. It is always UTF-8.
    #[schema(example = "{\"type\":\"user.created\",\"data\":{}}")]
    body: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PreviewedHeader)]
struct HeaderView {
    #[schema(example = "webhook-id")]
    name: String,
    #[schema(example = "evt_01HM6WKJ2Y3M8F5J0V9Q4T7C1D")]
    value: String,
}

impl PreviewView {
    pub(crate) fn new(shown: &PreviewedRequest) -> Self {
        let example = shown.example.as_ref();
        let request = shown.request.as_ref().ok().map(|request| ShownRequestView {
            method: "POST",
            host: shown.host.clone(),
            headers: request
                .headers
                .iter()
                .map(|(name, value)| HeaderView { name: name.clone(), value: value.clone() })
                .collect(),
            body: request.body.clone(),
        });
        Self {
            contract: shown.contract.clone(),
            event_id: shown.event.to_string(),
            event_type: shown.event_type.to_string(),
            signed_with: example.map_or(PreviewSecret::Own, |_| PreviewSecret::Example),
            example_secret: example.map(|example| example.secret.clone()),
            example_public_key: example.and_then(|example| example.public_key.clone()),
            filter: shown.expressions.filter.as_ref().map(FilterView::new),
            transform: shown.expressions.transform.as_ref().map(TransformView::new),
            request,
            error: shown.request.as_ref().err().map(AttemptProblem::new),
        }
    }
}

/// What a filter and a transform make of some events.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Experiment)]
pub(crate) struct ExperimentView {
    /// In the order of the given events, or newest first.
    #[schema(value_type = Vec<TriedView>)]
    data: Vec<Box<RawValue>>,
    /// The number of events that were left out because all of them together are too large, or because they
    /// cannot be read. Absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    left_out: Option<usize>,
}

/// What a filter and a transform make of an event.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TriedEvent)]
struct TriedView {
    #[schema(example = "evt_01HM6WKJ2Y3M8F5J0V9Q4T7C1D")]
    event_id: String,
    created_at: String,
    /// The event as it was published, or given.
    before: EventContentView,
    /// Whether the expressions were evaluated: a request has a limit for all events.
    evaluated: bool,
    /// Whether the filter selects the event, as every event is selected without a filter. Absent if evaluating
    /// it failed: then the event has a delivery, which fails with the same reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    matched: Option<bool>,
    /// The data that is sent instead of the event's, whatever the filter says; absent without a transform, or if
    /// it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    after: Option<RawJson>,
    /// Why the filter has no result.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "there is no event.data.total")]
    filter_error: Option<String>,
    /// Why the transform has no result.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "there is no event.data.orderId")]
    transform_error: Option<String>,
}

impl ExperimentView {
    pub(crate) fn new(found: Experiment) -> Result<Self, Problem> {
        let count = found.tried.len();
        let Rows { rows, .. } = Rows::fitting(found.tried.into_iter().map(TriedView::new))?;
        let left_out = found.left_out + (count - rows.len());
        Ok(Self { data: rows, left_out: non_zero(left_out) })
    }
}

impl TriedView {
    fn new(Tried { event, result }: Tried) -> Self {
        let evaluated = result.is_some();
        let (filter, transform) = result.map_or((None, None), |made| (made.filter, made.transform));
        let matched = match &filter {
            _ if !evaluated => None,
            None => Some(true),
            Some(verdict) => verdict.as_ref().ok().map(|verdict| *verdict == Verdict::Passed),
        };
        let error = |failure: Failure| failure.to_string();
        let (after, transform_error) = match transform.transpose() {
            Ok(after) => (after, None),
            Err(failure) => (None, Some(error(failure))),
        };
        Self {
            event_id: event.id.to_string(),
            created_at: time(event.accepted_at),
            before: EventContentView::new(event.content),
            evaluated,
            matched,
            after,
            filter_error: filter.and_then(Result::err).map(error),
            transform_error,
        }
    }
}
