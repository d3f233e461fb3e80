use hooklane_app::webhooks::{TestHint, TestResult};
use hooklane_domain::expression::{Failure, Verdict};
use hooklane_domain::json::RawJson;
use serde::Serialize;
use utoipa::ToSchema;

use super::deliveries::{AttemptProblem, RemarkView, RequestView, ResponseView};
use super::time;

/// The result of a test.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TestResult)]
pub(crate) struct TestView {
    /// Whether a delivery with this result would count as delivered.
    successful: bool,
    #[schema(example = "evt_01HM6WKJ2Y3M8F5J0V9Q4T7C1D")]
    event_id: String,
    #[schema(example = "webhook.test")]
    event_type: String,
    #[schema(format = DateTime)]
    at: String,
    duration_ms: u32,
    /// The result of the webhook's filter; absent if it has none. The test is sent regardless of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    filter: Option<FilterView>,
    /// The result of the webhook's transform; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    transform: Option<TransformView>,
    request: RequestView,
    /// The status code of the receiver's answer; absent if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 200)]
    status_code: Option<u16>,
    /// The receiver's answer; absent if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    response: Option<ResponseView>,
    /// Why there was no answer; absent if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<AttemptProblem>,
    /// What there is to say beside the outcome; absent if there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remarks: Vec<RemarkView>,
    /// What to do about a filter or transform that fails on the event that is sent by default; absent if there is
    /// nothing to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    hint: Option<&'static str>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = TestFilter)]
pub(super) struct FilterView {
    /// Absent if evaluating the filter failed (see `error`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    passed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "No such key: total")]
    error: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = TestTransform)]
pub(super) struct TransformView {
    /// The data that is sent; absent if the transform failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    data: Option<RawJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "No such key: total")]
    error: Option<String>,
}

impl FilterView {
    pub(super) fn new(said: &Result<Verdict, Failure>) -> Self {
        Self {
            passed: said.as_ref().ok().map(|verdict| *verdict == Verdict::Passed),
            error: said.as_ref().err().map(ToString::to_string),
        }
    }
}

impl TransformView {
    pub(super) fn new(made: &Result<RawJson, Failure>) -> Self {
        Self {
            data: made.as_ref().ok().cloned(),
            error: made.as_ref().err().map(ToString::to_string),
        }
    }
}

impl TestView {
    pub(crate) fn new(tested: &TestResult) -> Self {
        let (test, attempt) = (&tested.test, &tested.test.attempt);
        Self {
            successful: tested.success,
            event_id: test.id.event().to_string(),
            event_type: test.event_type.to_string(),
            at: time(attempt.at),
            duration_ms: attempt.duration_ms,
            filter: tested.preview.filter.as_ref().map(FilterView::new),
            transform: tested.preview.transform.as_ref().map(TransformView::new),
            request: RequestView::new(attempt).showing(tested.shown.as_ref(), true),
            status_code: attempt.outcome.status(),
            response: ResponseView::of(&attempt.outcome),
            error: attempt.outcome.error().map(AttemptProblem::new),
            remarks: RemarkView::all(attempt),
            hint: tested.hint.map(hint),
        }
    }
}

fn hint(hint: TestHint) -> &'static str {
    match hint {
        TestHint::NoFittingEvent => {
            "The webhook's filter or transform fails on the default event, and no event type that it subscribes to \
             has a sample on which it does not. Name an event type that has one, as in {\"event\": \"order.created\"}, \
             or send a payload such as the webhook will get."
        }
    }
}
