use std::collections::BTreeMap;

use hooklane_app::webhooks::Tested;
use hooklane_domain::outcome::{AttemptError, Outcome};
use serde::Serialize;
use utoipa::ToSchema;

use super::deliveries::{AttemptProblem, RequestView};
use super::time;

/// What came of a test.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TestResult)]
pub(crate) struct TestView {
    /// Whether a delivery would count as delivered.
    success: bool,
    #[schema(example = "evt_01HM6WKJ2Y3M8F5J0V9Q4T7C1D")]
    event_id: String,
    #[schema(example = "webhook.test")]
    event_type: String,
    #[schema(format = DateTime)]
    at: String,
    duration_ms: u32,
    request: RequestView,
    /// What the receiver said, where it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    response: Option<TestResponseView>,
    /// Why there was no answer, where there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<AttemptProblem>, nullable = false)]
    error: Option<AttemptError>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TestResponse)]
struct TestResponseView {
    #[schema(example = 200)]
    status: u16,
    #[schema(example = "OK")]
    status_text: String,
    headers: BTreeMap<String, String>,
    /// The first 1,000 bytes.
    body: String,
}

impl TestView {
    pub(crate) fn new(tested: &Tested) -> Self {
        let (test, attempt) = (&tested.test, &tested.test.attempt);
        let response = match &attempt.outcome {
            Outcome::Answered(response) => Some(TestResponseView {
                status: response.status,
                status_text: response.status_text.clone(),
                headers: response.headers.iter().cloned().collect(),
                body: response.body.clone(),
            }),
            Outcome::Error(_) => None,
        };
        Self {
            success: tested.success,
            event_id: test.id.event().to_string(),
            event_type: test.event_type.to_string(),
            at: time(attempt.at),
            duration_ms: attempt.duration_ms,
            request: RequestView::new(attempt),
            response,
            error: attempt.outcome.error().cloned(),
        }
    }
}
