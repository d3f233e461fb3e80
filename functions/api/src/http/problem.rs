//! Errors as `application/problem+json` (RFC 9457). Only this module maps errors to HTTP.

use axum::Json;
use axum::response::{IntoResponse, Response};
use hooklane_app::removed::Removed;
use hooklane_domain::access::quotas::{Exceeded, QuotaName};
use hooklane_domain::json::fields::{FieldError, FieldErrors, bytes, cut};
use lambda_http::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use lambda_http::http::{HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

mod errors;
mod kind;

pub(crate) use kind::Kind;

/// An error. It contains no internal details; these are logged instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// A stable identifier of the kind of error. `/docs` and docs/api.md list all of them; later versions may
    /// have more.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "urn:hooklane:problem:invalid")]
    kind: Kind,
    #[schema(example = "The request is not valid")]
    title: &'static str,
    #[schema(example = 422)]
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "The key lacks the scope webhooks:write.")]
    detail: Option<String>,
    /// The wrong fields, each with its JSON path: at most fifty, then one entry that says how many more there are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldProblem>,
    /// The number of mistakes that `errors` does not list. Its last entry says so.
    #[serde(skip)]
    unlisted: usize,
    /// The quota that the request would exceed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "webhooks")]
    quota: Option<&'static str>,
    /// The limit of that quota.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 1000)]
    limit: Option<u64>,
    /// How much of that quota is used without the request; of a quota for each webhook, with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 1000)]
    used: Option<u64>,
    /// The webhook that has the `externalId` that the request gives.
    #[serde(rename = "webhookId", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "wh_01HM6WKJ2Y3M8F5J0V9Q4T7C1D")]
    webhook_id: Option<String>,
    /// For the `Retry-After` header, in seconds.
    #[serde(skip)]
    retry_after: Option<i64>,
}

/// The most bytes of a `detail`.
const MAX_DETAIL_BYTES: usize = 1_024;

/// How many bytes of mistakes the problems of one answer may still have. Each has at least an entry that
/// says how many there are.
#[derive(Debug)]
pub(crate) struct Room(usize);

impl Room {
    /// For an answer with the problems of many events: as much as one problem may take alone.
    pub(crate) fn of_answer() -> Self {
        Self(32 * 1024)
    }
}

/// One wrong field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldProblem {
    /// The JSON path of the field, such as `retryPolicy.schedule[2]`; empty for the body as a whole.
    #[schema(example = "url")]
    path: String,
    #[schema(example = "must start with https://")]
    message: String,
}

impl FieldProblem {
    fn new(error: FieldError) -> Self {
        Self { path: error.path, message: error.message }
    }

    /// An entry that says how many mistakes are not listed, if there are any.
    fn unlisted(count: usize) -> Option<Self> {
        let message = match count {
            0 => return None,
            1 => "has one more mistake, which is not listed".to_owned(),
            count => format!("has {count} more mistakes, which are not listed"),
        };
        Some(Self { path: String::new(), message })
    }

    /// The bytes that it takes in an answer.
    fn bytes(&self) -> usize {
        const AROUND: usize = r#"{"path":"","message":""},"#.len();
        AROUND + bytes(&self.path) + bytes(&self.message)
    }
}

impl Problem {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            title: kind.title(),
            status: kind.status().as_u16(),
            detail: None,
            errors: Vec::new(),
            unlisted: 0,
            quota: None,
            limit: None,
            used: None,
            webhook_id: None,
            retry_after: None,
        }
    }

    fn detail(self, detail: &str) -> Self {
        let mut detail = detail.to_owned();
        cut(&mut detail, MAX_DETAIL_BYTES);
        Self { detail: Some(detail), ..self }
    }

    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    pub(crate) fn bad_request(detail: &str) -> Self {
        Self::new(Kind::BadRequest).detail(detail)
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(Kind::Unauthorized)
    }

    pub(crate) fn forbidden(detail: &str) -> Self {
        Self::new(Kind::Forbidden).detail(detail)
    }

    /// The tenant's rate limit is exceeded; requests are accepted again after `seconds`.
    pub(crate) fn over_limit(seconds: i64) -> Self {
        let problem = Self::new(Kind::RateLimited);
        let detail = format!("Try again in {seconds} seconds.");
        Self { retry_after: Some(seconds), ..problem.detail(&detail) }
    }

    /// The request would exceed a quota. One for each webhook is about a field of the body, one for each day
    /// is over at midnight (UTC), and any other is a conflict with what the tenant has.
    pub(crate) fn over_quota(over: Exceeded) -> Self {
        let kind = match over.quota {
            QuotaName::EventTypes => Kind::TooManyEventTypes,
            _ => Kind::QuotaExceeded,
        };
        let problem = Self::new(kind).detail(&format!("{over}."));
        let problem = if over.quota.is_per_webhook() {
            let Self { errors, unlisted, status, .. } = Self::invalid(over.into_field_errors());
            Self { errors, unlisted, status, ..problem }
        } else if over.quota.is_per_day() {
            Self { status: StatusCode::TOO_MANY_REQUESTS.as_u16(), ..problem }
        } else {
            problem
        };
        problem.about(over)
    }

    fn about(self, Exceeded { quota, limit, used }: Exceeded) -> Self {
        Self { quota: Some(quota.as_str()), limit: Some(limit), used: Some(used), ..self }
    }

    /// As [`Problem::over_quota`], of a quota that has room again after `seconds`.
    pub(crate) fn over_daily_quota(over: Exceeded, seconds: i64) -> Self {
        Self { retry_after: Some(seconds.max(1)), ..Self::over_quota(over) }
    }

    /// The tenant was removed, and its id cannot be used yet.
    pub(crate) fn removed(removed: &Removed) -> Self {
        Self::new(Kind::TenantRemoved).detail(&format!("{removed}."))
    }

    /// As many of the tenant's tests run as may. Most end within a few seconds.
    pub(crate) fn too_many_tests(over: Exceeded, detail: &str) -> Self {
        let problem = Self::new(Kind::TooManyTests);
        Self { retry_after: Some(5), ..problem.detail(detail).about(over) }
    }

    /// The overlap of the last rotation has not ended.
    fn rotation_overlap(detail: &str) -> Self {
        Self::new(Kind::RotationOverlap).detail(detail)
    }

    /// The same answer whether something does not exist or belongs to another tenant, so that nobody
    /// learns which.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(Kind::NotFound).detail(&format!("There is no such {what}."))
    }

    pub(crate) fn too_large(detail: &str) -> Self {
        Self::new(Kind::TooLarge).detail(detail)
    }

    pub(crate) fn invalid(errors: FieldErrors) -> Self {
        let problem = Self::new(Kind::Invalid);
        let unlisted = errors.more();
        let errors = errors.into_vec().into_iter().map(FieldProblem::new).collect();
        problem.listing(errors, unlisted)
    }

    /// This problem with the mistakes that still have room in the answer. How many are left out is said in
    /// their place.
    pub(crate) fn within(mut self, room: &mut Room) -> Self {
        let mut errors = std::mem::take(&mut self.errors);
        if self.unlisted > 0 {
            errors.pop();
        }
        let listed = errors.len();
        // From the first that has no room on, none is listed.
        let fits = |error: &FieldProblem| {
            room.0 = room.0.checked_sub(error.bytes())?;
            Some(())
        };
        let kept = errors.iter().map_while(fits).count();
        errors.truncate(kept);
        let unlisted = self.unlisted + (listed - kept);
        self.listing(errors, unlisted)
    }

    fn listing(self, mut errors: Vec<FieldProblem>, unlisted: usize) -> Self {
        errors.extend(FieldProblem::unlisted(unlisted));
        Self { errors, unlisted, ..self }
    }

    pub(crate) fn precondition_failed() -> Self {
        Self::new(Kind::PreconditionFailed)
    }

    /// An error that should not happen. Its cause is logged and not shown.
    pub(crate) fn internal(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "request.failed");
        Self::new(Kind::Internal)
    }

    fn unavailable() -> Self {
        let problem = Self::new(Kind::Unavailable);
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
    Problem::new(Kind::MethodNotAllowed)
}
