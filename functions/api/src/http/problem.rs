//! Errors as `application/problem+json` (RFC 9457): the one place that maps them to HTTP.

use axum::Json;
use axum::response::{IntoResponse, Response};
use hooklane_domain::json::fields::{FieldError, FieldErrors};
use lambda_http::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use lambda_http::http::{HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

mod errors;

/// An error as clients see it. Nothing internal is in it: what failed inside is logged instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Stable; clients may tell errors apart by it.
    #[serde(rename = "type")]
    #[schema(example = "urn:hooklane:problem:invalid")]
    kind: &'static str,
    #[schema(example = "The request is not valid")]
    title: &'static str,
    #[schema(example = 422)]
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Every wrong field with its JSON path.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldProblem>,
    /// When to try again, in seconds: a header.
    #[serde(skip)]
    retry_after: Option<i64>,
}

/// One wrong field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldProblem {
    /// Where it is, such as `retryPolicy.schedule[2]`; empty for the body as a whole.
    #[schema(example = "url")]
    path: String,
    #[schema(example = "must start with https://")]
    message: String,
}

impl FieldProblem {
    fn new(error: FieldError) -> Self {
        Self { path: error.path, message: error.message }
    }
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, title: &'static str) -> Self {
        Self {
            kind,
            title,
            status: status.as_u16(),
            detail: None,
            errors: Vec::new(),
            retry_after: None,
        }
    }

    fn detail(self, detail: &str) -> Self {
        Self { detail: Some(detail.to_owned()), ..self }
    }

    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    pub(crate) fn bad_request(detail: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "urn:hooklane:problem:bad-request", "Bad request")
            .detail(detail)
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "urn:hooklane:problem:unauthorized",
            "A valid bearer token is needed",
        )
    }

    pub(crate) fn forbidden(detail: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "urn:hooklane:problem:forbidden", "Not allowed")
            .detail(detail)
    }

    /// Over the tenant's rate limit for so many seconds more.
    pub(crate) fn over_limit(seconds: i64) -> Self {
        let problem = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "urn:hooklane:problem:rate-limited",
            "Over the rate limit",
        );
        let detail = format!("The limit is open again in {seconds} seconds.");
        Self { retry_after: Some(seconds), ..problem.detail(&detail) }
    }

    /// What is not there, and what is another tenant's: nobody can tell the two apart.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "urn:hooklane:problem:not-found", "Not found")
            .detail(&format!("There is no such {what}."))
    }

    pub(crate) fn too_large(detail: &str) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "urn:hooklane:problem:too-large",
            "The body is too large",
        )
        .detail(detail)
    }

    pub(crate) fn invalid(errors: FieldErrors) -> Self {
        let problem = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "urn:hooklane:problem:invalid",
            "The request is not valid",
        );
        let errors = errors.into_vec().into_iter().map(FieldProblem::new).collect();
        Self { errors, ..problem }
    }

    pub(crate) fn precondition_failed() -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "urn:hooklane:problem:precondition-failed",
            "It has changed since it was read",
        )
    }

    /// What should not be possible: it is logged, and the client learns no more than that.
    pub(crate) fn internal(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "request.failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "urn:hooklane:problem:internal",
            "Something is wrong on this side",
        )
    }

    fn unavailable() -> Self {
        let problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "urn:hooklane:problem:unavailable",
            "Try again in a moment",
        );
        Self { retry_after: Some(1), ..problem }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

pub(crate) async fn no_route() -> Problem {
    Problem::not_found("path")
}

pub(crate) async fn no_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "urn:hooklane:problem:method-not-allowed",
        "The path does not take this method",
    )
}
