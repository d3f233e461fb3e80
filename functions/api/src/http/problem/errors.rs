//! The errors of the use cases, as problems.

use axum::extract::rejection::BytesRejection;
use hooklane_app::deliveries::{InspectError, RequestError, SearchError};
use hooklane_app::event_types::EventTypeError;
use hooklane_app::inbox::InboxError;
use hooklane_app::keys::KeyError;
use hooklane_app::openapi::DescribeError;
use hooklane_app::portal::LinkError;
use hooklane_app::ports::Unavailable;
use hooklane_app::probe::ProbeError;
use hooklane_app::publish::PublishError;
use hooklane_app::recover::RecoverError;
use hooklane_app::removed::Removed;
use hooklane_app::tenants::{IssueTokenError, SettingsError};
use hooklane_app::webhooks::{
    ChangeError, ExperimentError, PreviewError, RegisterError, Taken, TestError,
};
use hooklane_domain::event::MAX_EVENT_BYTES;
use hooklane_domain::isolation::recovery::STEP_SECONDS;
use hooklane_domain::json::fields::FieldErrors;
use lambda_http::http::StatusCode;

use super::{Kind, Problem};
use crate::http::cursor;

impl From<Unavailable> for Problem {
    fn from(error: Unavailable) -> Self {
        if error.is_corrupt() {
            return Self::internal(error.chain());
        }
        error.log("request.failed");
        Self::unavailable()
    }
}

impl From<FieldErrors> for Problem {
    fn from(errors: FieldErrors) -> Self {
        Self::invalid(errors)
    }
}

impl From<Removed> for Problem {
    fn from(removed: Removed) -> Self {
        Self::removed(&removed)
    }
}

impl From<Taken> for Problem {
    fn from(taken: Taken) -> Self {
        let problem = Self::new(Kind::ExternalIdTaken);
        let problem = problem.detail(&taken.to_string());
        Self { webhook_id: Some(taken.0.to_string()), ..problem }
    }
}

impl From<PublishError> for Problem {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Unavailable(error) => error.into(),
            PublishError::Unexpected(errors) => errors.into(),
            PublishError::Removed(removed) => removed.into(),
            conflict @ PublishError::Conflict(_) => {
                Self::new(Kind::EventConflict).detail(&conflict.to_string())
            }
        }
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Invalid(errors) => errors.into(),
            RegisterError::Unavailable(error) => error.into(),
            RegisterError::Quota(over) => Self::over_quota(over),
            RegisterError::Removed(removed) => removed.into(),
            RegisterError::Taken(taken) => taken.into(),
            used @ (RegisterError::KeyReused | RegisterError::Deleted) => {
                Self::new(Kind::IdempotencyConflict).detail(&used.to_string())
            }
        }
    }
}

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Missing => Self::not_found("delivery"),
            RequestError::Unavailable(error) => error.into(),
            ended @ RequestError::Ended(_) => {
                Self::new(Kind::DeliveryEnded).detail(&ended.to_string())
            }
        }
    }
}

impl From<InspectError> for Problem {
    fn from(error: InspectError) -> Self {
        match error {
            InspectError::Missing => Self::not_found("delivery or attempt"),
            InspectError::EventMissing => Self::not_found("event, or it is no longer kept"),
            InspectError::Unavailable(error) => error.into(),
        }
    }
}

impl From<SettingsError> for Problem {
    fn from(error: SettingsError) -> Self {
        match error {
            SettingsError::Changed => Self::precondition_failed(),
            SettingsError::Removed(removed) => removed.into(),
            SettingsError::Invalid(errors) => errors.into(),
            SettingsError::Unavailable(error) => error.into(),
        }
    }
}

impl From<LinkError> for Problem {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Invalid(errors) => errors.into(),
            LinkError::Removed(removed) => removed.into(),
            LinkError::Unavailable(error) => error.into(),
        }
    }
}

impl From<IssueTokenError> for Problem {
    fn from(error: IssueTokenError) -> Self {
        match error {
            IssueTokenError::Invalid(errors) => errors.into(),
            IssueTokenError::Removed(removed) => removed.into(),
            IssueTokenError::Quota { over, seconds } => Self::over_daily_quota(over, seconds),
            IssueTokenError::Unavailable(error) => error.into(),
        }
    }
}

impl From<InboxError> for Problem {
    fn from(error: InboxError) -> Self {
        match error {
            InboxError::Off => Self::forbidden("The operator has turned test inboxes off."),
            InboxError::Missing => Self::not_found("inbox"),
            InboxError::Invalid(errors) => errors.into(),
            InboxError::Removed(removed) => removed.into(),
            InboxError::Unavailable(error) => error.into(),
        }
    }
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Missing => Self::not_found("key"),
            KeyError::Invalid(errors) => errors.into(),
            KeyError::Beyond { holder, scope } => Self::forbidden(&format!(
                "The {holder} lacks the scope {}, so it cannot give it to a key.",
                scope.as_str()
            )),
            KeyError::Overlapping(error) => Self::rotation_overlap(&error.to_string()),
            KeyError::TooMany(over) => Self::over_quota(over),
            KeyError::Removed(removed) => removed.into(),
            KeyError::Unavailable(error) => error.into(),
        }
    }
}

impl From<EventTypeError> for Problem {
    fn from(error: EventTypeError) -> Self {
        match error {
            EventTypeError::Missing => Self::not_found("event type"),
            EventTypeError::Changed => Self::precondition_failed(),
            not_own @ EventTypeError::NotOwn(_) => {
                Self::new(Kind::EventTypeNotOwn).detail(&not_own.to_string())
            }
            EventTypeError::TooMany(over) => Self::over_quota(over),
            EventTypeError::Removed(removed) => removed.into(),
            EventTypeError::Invalid(errors) => errors.into(),
            EventTypeError::Unavailable(error) => error.into(),
        }
    }
}

impl From<DescribeError> for Problem {
    fn from(error: DescribeError) -> Self {
        match error {
            DescribeError::Invalid(errors) => errors.into(),
            DescribeError::Unavailable(error) => error.into(),
        }
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Missing => Self::not_found("webhook"),
            ChangeError::Changed => Self::precondition_failed(),
            ChangeError::Rotation(error) => Self::rotation_overlap(&error.to_string()),
            ChangeError::Invalid(errors) => errors.into(),
            ChangeError::Quota(over) => Self::over_quota(over),
            ChangeError::Taken(taken) => taken.into(),
            ChangeError::Unavailable(error) => error.into(),
        }
    }
}

impl From<TestError> for Problem {
    fn from(error: TestError) -> Self {
        match error {
            TestError::Missing => Self::not_found("webhook"),
            TestError::TooLarge => Self::too_large(&format!(
                "A payload must not be larger than {MAX_EVENT_BYTES} bytes."
            )),
            TestError::TooMany(over) => Self::too_many_tests(over, &error.to_string()),
            TestError::Invalid(errors) => errors.into(),
            TestError::Draft(error) => error.into(),
            TestError::Change(error) => error.into(),
            TestError::Unavailable(error) => error.into(),
        }
    }
}

impl From<SearchError> for Problem {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Cursor => Self::invalid(FieldErrors::one("cursor", cursor::UNKNOWN)),
            SearchError::MissingWebhook => Self::not_found("webhook"),
            SearchError::Unavailable(error) => error.into(),
        }
    }
}

impl From<ProbeError> for Problem {
    fn from(error: ProbeError) -> Self {
        match error {
            ProbeError::MissingWebhook => Self::not_found("webhook"),
            ProbeError::MissingDelivery => Self::not_found("delivery"),
            ProbeError::Ended(status) => RequestError::Ended(status).into(),
            ProbeError::Unavailable(error) => error.into(),
            nothing @ (ProbeError::Closed
            | ProbeError::Running
            | ProbeError::Stopped(_)
            | ProbeError::NothingWaits) => {
                Self::new(Kind::NothingToProbe).detail(&nothing.to_string())
            }
        }
    }
}

impl From<PreviewError> for Problem {
    fn from(error: PreviewError) -> Self {
        match error {
            PreviewError::MissingWebhook => Self::not_found("webhook"),
            PreviewError::MissingEvent => Self::not_found("event"),
            PreviewError::TooLarge => Self::too_large(&format!(
                "A payload must not be larger than {MAX_EVENT_BYTES} bytes."
            )),
            PreviewError::Invalid(errors) => errors.into(),
            PreviewError::Draft(error) => error.into(),
            PreviewError::Change(error) => error.into(),
            PreviewError::Unavailable(error) => error.into(),
        }
    }
}

impl From<ExperimentError> for Problem {
    fn from(error: ExperimentError) -> Self {
        match error {
            ExperimentError::Invalid(errors) => errors.into(),
            ExperimentError::Unavailable(error) => error.into(),
        }
    }
}

impl From<RecoverError> for Problem {
    fn from(error: RecoverError) -> Self {
        match error {
            RecoverError::Missing => Self::not_found("webhook"),
            RecoverError::None => Self::not_found("recovery"),
            RecoverError::Backwards => {
                Self::invalid(FieldErrors::one("since", "must not be after until"))
            }
            RecoverError::Running => {
                let seconds = STEP_SECONDS;
                let detail = format!(
                    "A recovery of this webhook is running. Its next part is worked on within {seconds} seconds; \
                     GET /webhooks/{{webhook}}/recover shows when its state is completed."
                );
                Self {
                    retry_after: Some(seconds),
                    ..Self::new(Kind::RecoveryRunning).detail(&detail)
                }
            }
            RecoverError::Quota { over, seconds } => Self::over_daily_quota(over, seconds),
            RecoverError::Unavailable(error) => error.into(),
        }
    }
}

impl From<BytesRejection> for Problem {
    fn from(rejection: BytesRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Self::too_large("The body must not be larger than 4 MiB.")
            }
            _ => Self::bad_request("The body could not be read."),
        }
    }
}
