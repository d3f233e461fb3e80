//! The function's door: an event of API Gateway in, its answer out.
//!
//! Anybody can send a request, so nothing here may panic, whatever the event contains. The conversion of
//! `lambda_http` can (docs/adr/0045-nothing-in-a-request-ends-a-process.md), so `event` reads the event and
//! `answer` writes the answer; only their types come from the library.

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::lambda_runtime::LambdaEvent;
use serde_json::value::RawValue;
use tower::ServiceExt as _;

use crate::http::problem::Problem;
use crate::http::security;

mod answer;
mod event;

pub use event::NoRequest;
use event::{Unreadable, request_of};

/// Answers the events of an HTTP API.
#[derive(Debug, Clone)]
pub struct Edge(Router);

impl Edge {
    #[must_use]
    pub fn new(router: Router) -> Self {
        Self(router)
    }

    /// The answer to an event. Only an event that is no HTTP request is an error; a request that cannot be
    /// read is refused as a client expects it.
    pub async fn answer(
        &self,
        event: LambdaEvent<Box<RawValue>>,
    ) -> Result<ApiGatewayV2httpResponse, NoRequest> {
        let LambdaEvent { payload, context } = event;
        let response = match request_of(payload.get()) {
            Ok(mut request) => {
                request.extensions_mut().insert(context);
                let Ok(response) = self.0.clone().oneshot(request).await;
                response
            }
            Err(Unreadable::NoRequest(error)) => return Err(error),
            Err(Unreadable::Refused(why)) => refusal(why),
        };
        Ok(answer::written(response).await)
    }
}

fn refusal(why: &'static str) -> Response {
    tracing::debug!(why, "request.refused");
    let mut response = Problem::bad_request(why).into_response();
    security::protect(response.headers_mut());
    response
}
