//! Errors as `application/problem+json` (RFC 9457): the one place that maps them to HTTP.

use axum::Json;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use hooklane_app::deliveries::RequestError;
use hooklane_app::event_types::EventTypeError;
use hooklane_app::ports::Unavailable;
use hooklane_app::publish::PublishError;
use hooklane_app::webhooks::{ChangeError, RegisterError};
use hooklane_domain::fields::{FieldError, FieldErrors};
use lambda_http::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use lambda_http::http::{HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

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
    #[schema(value_type = Vec<FieldProblem>, required = false)]
    errors: Vec<FieldError>,
}

/// One wrong field, as the document describes it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes `FieldError`, whose crate knows no OpenAPI")]
pub(crate) struct FieldProblem {
    /// Where it is, such as `retryPolicy.schedule[2]`; empty for the body as a whole.
    #[schema(example = "url")]
    path: String,
    #[schema(example = "must start with https://")]
    message: String,
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, title: &'static str) -> Self {
        Self { kind, title, status: status.as_u16(), detail: None, errors: Vec::new() }
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
        Self { errors: errors.into_vec(), ..problem }
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
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "urn:hooklane:problem:unavailable",
            "Try again in a moment",
        )
    }
}

impl From<Unavailable> for Problem {
    fn from(error: Unavailable) -> Self {
        tracing::error!(error = error.chain(), "request.failed");
        Self::unavailable()
    }
}

impl From<FieldErrors> for Problem {
    fn from(errors: FieldErrors) -> Self {
        Self::invalid(errors)
    }
}

impl From<PublishError> for Problem {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Unavailable(error) => error.into(),
            PublishError::Unexpected(errors) => errors.into(),
            conflict @ PublishError::Conflict(_) => Self::new(
                StatusCode::CONFLICT,
                "urn:hooklane:problem:event-conflict",
                "The event's id is taken",
            )
            .detail(&conflict.to_string()),
        }
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Invalid(errors) => errors.into(),
            RegisterError::Unavailable(error) => error.into(),
        }
    }
}

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Missing => Self::not_found("delivery"),
            RequestError::Unavailable(error) => error.into(),
            ended @ RequestError::Ended(_) => Self::new(
                StatusCode::CONFLICT,
                "urn:hooklane:problem:delivery-ended",
                "The delivery has come to its end",
            )
            .detail(&ended.to_string()),
        }
    }
}

impl From<EventTypeError> for Problem {
    fn from(error: EventTypeError) -> Self {
        let conflict =
            |kind, title| Self::new(StatusCode::CONFLICT, kind, title).detail(&error.to_string());
        match error {
            EventTypeError::Missing => Self::not_found("event type"),
            EventTypeError::Changed => Self::precondition_failed(),
            EventTypeError::NotOwn(_) => conflict(
                "urn:hooklane:problem:event-type-not-own",
                "The event type is the catalog's or the platform's",
            ),
            EventTypeError::TooMany => conflict(
                "urn:hooklane:problem:too-many-event-types",
                "There are as many event types as there may be",
            ),
            EventTypeError::Invalid(errors) => errors.into(),
            EventTypeError::Unavailable(error) => error.into(),
        }
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Missing => Self::not_found("webhook"),
            ChangeError::Changed => Self::precondition_failed(),
            ChangeError::Invalid(errors) => errors.into(),
            ChangeError::Unavailable(error) => error.into(),
        }
    }
}

impl From<BytesRejection> for Problem {
    fn from(rejection: BytesRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::too_large("It is over 4 MiB."),
            _ => Self::bad_request("the body could not be read"),
        }
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
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
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
