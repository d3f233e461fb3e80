//! Pages for what did not work.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use hooklane_app::deliveries::RequestError;
use hooklane_app::openapi::DescribeError;
use hooklane_app::portal::Shut;
use hooklane_app::ports::Unavailable;
use hooklane_app::probe::ProbeError;
use hooklane_app::recover::RecoverError;
use hooklane_app::webhooks::{ChangeError, PreviewError, RegisterError, TestError};
use lambda_http::http::StatusCode;
use lambda_http::http::header::RETRY_AFTER;

use crate::{assets, link, sign_in};

/// Why there is no page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Oops {
    NoPage,
    /// There is no session, or it ended.
    SignedOut,
    /// The same on the operator's pages.
    OperatorOut,
    /// The link has expired, or is none.
    StaleLink,
    /// A form that no page of this session sent.
    Foreign,
    ReadOnly,
    TooLarge,
    /// The tenant's requests of this minute are used up. There are new ones in so many seconds.
    TooMany(i64),
    /// Signed out of the operator's pages.
    OperatorLeft,
    /// Signed out by the person, with where they came from.
    Left(Option<String>),
    /// What was asked for cannot be done, and why.
    Refused(String),
    Unavailable,
    Broken,
}

#[derive(Template)]
#[template(path = "oops.html")]
struct Page<'a> {
    css: &'a str,
    title: &'a str,
    text: &'a str,
    /// Where to go from here.
    back: Option<(&'a str, &'static str)>,
}

impl Oops {
    fn words(&self) -> (StatusCode, &'static str, &str) {
        match self {
            Self::NoPage => (
                StatusCode::NOT_FOUND,
                "There is no such page",
                "What it was about may have been deleted, or has expired, or the address is not complete.",
            ),
            Self::SignedOut => (
                StatusCode::UNAUTHORIZED,
                "You are not signed in",
                "A session ends after eight hours. Go back to where you came from, and open the portal there again.",
            ),
            Self::OperatorOut => (
                StatusCode::UNAUTHORIZED,
                "You are not signed in",
                "A session ends after eight hours, and when its operator key is taken away.",
            ),
            Self::StaleLink => (
                StatusCode::UNAUTHORIZED,
                "This link no longer works",
                "A link to sign in works for five minutes, and a shared one as long as whoever shared it said. Ask \
                 for a new one where you got this one.",
            ),
            Self::Foreign => (
                StatusCode::FORBIDDEN,
                "This form is not of this session",
                "Nothing was changed. Go back, load the page again, and send it once more.",
            ),
            Self::ReadOnly => (
                StatusCode::FORBIDDEN,
                "You may look, and change nothing",
                "Nothing was changed. Whoever gave you the link to this portal can give you one that permits changes.",
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "That is too much for one form",
                "Nothing was changed. A form may have a megabyte.",
            ),
            Self::TooMany(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "Too many requests in this minute",
                "Nothing was changed. The pages and the API of a tenant share its requests. Wait a minute, and load \
                 the page again.",
            ),
            Self::OperatorLeft => {
                (StatusCode::OK, "You are signed out", "Of the operator’s pages, in this browser.")
            }
            Self::Left(_) => (
                StatusCode::OK,
                "You are signed out",
                "Of this browser only. To come back, open the portal again where you came from.",
            ),
            Self::Refused(why) => (StatusCode::CONFLICT, "That cannot be done now", why),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "This page cannot be shown at the moment",
                "Deliveries go on meanwhile. Try again in a minute.",
            ),
            Self::Broken => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something went wrong here",
                "It is in our log. Deliveries go on meanwhile.",
            ),
        }
    }
}

impl IntoResponse for Oops {
    fn into_response(self) -> Response {
        let (status, title, text) = self.words();
        if self == Self::OperatorOut
            && let Ok(form) = sign_in::form(None)
        {
            return (status, form).into_response();
        }
        let back = match &self {
            Self::Left(Some(back)) => Some((back.as_str(), "Back to where you came from")),
            Self::OperatorOut => Some((link::SIGN_IN, "Sign in with the operator key")),
            Self::OperatorLeft => Some((link::SIGN_IN, "Sign in again")),
            _ => None,
        };
        let page = Page { css: &assets::CSS.name, title, text, back };
        let mut response = match page.render() {
            Ok(page) => (status, Html(page)).into_response(),
            Err(_) => (status, title).into_response(),
        };
        if let Self::TooMany(seconds) = self {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<Unavailable> for Oops {
    fn from(error: Unavailable) -> Self {
        error.log("portal.request_failed");
        Self::Unavailable
    }
}

impl From<askama::Error> for Oops {
    fn from(error: askama::Error) -> Self {
        tracing::error!(%error, "portal.page_not_written");
        Self::Broken
    }
}

impl From<Shut> for Oops {
    fn from(shut: Shut) -> Self {
        match shut {
            Shut::Invalid | Shut::Expired => Self::SignedOut,
            Shut::Unavailable(error) => error.into(),
        }
    }
}

/// A sentence as people write it.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

impl From<RequestError> for Oops {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Missing => Self::NoPage,
            RequestError::Ended(_) => Self::Refused(sentence(&error.to_string())),
            RequestError::Unavailable(error) => error.into(),
        }
    }
}

impl From<DescribeError> for Oops {
    fn from(error: DescribeError) -> Self {
        match error {
            DescribeError::Invalid(_) => Self::Refused(sentence(&error.to_string())),
            DescribeError::Unavailable(error) => error.into(),
        }
    }
}

impl From<ChangeError> for Oops {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Missing => Self::NoPage,
            ChangeError::Unavailable(error) => error.into(),
            other => Self::Refused(sentence(&other.to_string())),
        }
    }
}

impl From<RegisterError> for Oops {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Unavailable(error) => error.into(),
            other => Self::Refused(sentence(&other.to_string())),
        }
    }
}

impl From<RecoverError> for Oops {
    fn from(error: RecoverError) -> Self {
        match error {
            RecoverError::Missing => Self::NoPage,
            RecoverError::Unavailable(error) => error.into(),
            other => Self::Refused(sentence(&other.to_string())),
        }
    }
}

impl From<TestError> for Oops {
    fn from(error: TestError) -> Self {
        match error {
            TestError::Missing => Self::NoPage,
            TestError::Draft(error) => error.into(),
            TestError::Change(error) => error.into(),
            TestError::Unavailable(error) => error.into(),
            other => Self::Refused(sentence(&other.to_string())),
        }
    }
}

impl From<PreviewError> for Oops {
    fn from(error: PreviewError) -> Self {
        match error {
            PreviewError::MissingWebhook | PreviewError::MissingEvent => Self::NoPage,
            PreviewError::Draft(error) => error.into(),
            PreviewError::Change(error) => error.into(),
            PreviewError::Unavailable(error) => error.into(),
            other => Self::Refused(sentence(&other.to_string())),
        }
    }
}

impl From<ProbeError> for Oops {
    fn from(error: ProbeError) -> Self {
        match error {
            ProbeError::MissingWebhook | ProbeError::MissingDelivery => Self::NoPage,
            ProbeError::Unavailable(error) => error.into(),
            ProbeError::Closed => Self::Refused(
                "This webhook does not fail any more: what waits is sent anyway.".to_owned(),
            ),
            ProbeError::Running => Self::Refused(
                "One is being tried already. Look at the webhook again in a moment.".to_owned(),
            ),
            ProbeError::NothingWaits => Self::Refused(
                "Nothing waits, so there is nothing to try. Send a test instead.".to_owned(),
            ),
            other @ (ProbeError::Stopped(_) | ProbeError::Ended(_)) => {
                Self::Refused(sentence(&other.to_string()))
            }
        }
    }
}
