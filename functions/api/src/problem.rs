//! Errors as `application/problem+json` (RFC 9457): the one place that maps them to HTTP.

use axum::Json;
use axum::extract::Request;
use axum::extract::rejection::BytesRejection;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hooklane_app::deliveries::RequestError;
use hooklane_app::ports::Unavailable;
use hooklane_app::publish::PublishError;
use hooklane_app::webhooks::{ChangeError, RegisterError};
use hooklane_domain::fields::{FieldError, FieldErrors};
use lambda_http::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use lambda_http::http::{HeaderValue, StatusCode};
use serde::Serialize;

/// An error as clients see it. Nothing internal is in it: what failed inside is logged instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    /// Stable; clients may tell errors apart by it.
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Every wrong field with its JSON path.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
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

/// A path whose escapes are no text names nothing. Decoding puts U+FFFD in the place of what is none.
pub(crate) async fn only_text_paths(request: Request, next: Next) -> Response {
    let path = request.uri().path().as_bytes();
    let is_text = url::form_urlencoded::parse(path)
        .all(|(name, value)| !name.contains('\u{fffd}') && !value.contains('\u{fffd}'));
    if is_text { next.run(request).await } else { no_route().await.into_response() }
}

pub(crate) async fn no_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "urn:hooklane:problem:method-not-allowed",
        "The path does not take this method",
    )
}
