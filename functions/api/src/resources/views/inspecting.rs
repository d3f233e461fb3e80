use hooklane_app::deliveries::SignedRequest;
use hooklane_app::deliveries::check::{Checked, ComparedBody, OtherHeader, Signature};
use hooklane_domain::delivery::comparison::{Around, Difference};
use hooklane_domain::delivery::outcome::AttemptError;
use hooklane_domain::webhook::likeness::Likeness;
use serde::Serialize;
use utoipa::ToSchema;

use super::deliveries::AttemptProblem;
use crate::resources::words::{
    BodyDifferenceCause, CheckedSignature, InboxSecret, SecretLikeness, SecretMistake,
};

/// A request that a receiver would believe.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SignedRequest)]
pub(crate) struct SignedRequestView {
    /// Absent if nothing would be sent (see `error`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    request: Option<WrittenRequestView>,
    /// Why nothing would be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<AttemptProblem>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WrittenRequest)]
struct WrittenRequestView {
    #[schema(example = "POST")]
    method: &'static str,
    #[schema(example = "https://example.com/hook")]
    url: String,
    /// In the order in which they are sent. HTTP adds `host`, `content-length` and `accept-encoding`.
    headers: Vec<HeaderView>,
    /// The names of the headers whose values are masked, because they are the webhook's own.
    masked_headers: Vec<String>,
    /// Byte for byte. It is always UTF-8.
    #[schema(example = "{\"type\":\"user.created\",\"data\":{}}")]
    body: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = WrittenHeader)]
struct HeaderView {
    #[schema(example = "webhook-id")]
    name: String,
    #[schema(example = "evt_01HM6WKJ2Y3M8F5J0V9Q4T7C1D")]
    value: String,
}

impl SignedRequestView {
    pub(crate) fn new(made: Result<SignedRequest, AttemptError>) -> Self {
        let error = made.as_ref().err().map(AttemptProblem::new);
        let request = made.ok().map(|request| WrittenRequestView {
            method: "POST",
            url: request.url.to_string(),
            headers: request
                .headers
                .into_iter()
                .map(|(name, value)| HeaderView { name, value })
                .collect(),
            masked_headers: request.masked,
            body: request.body,
        });
        Self { request, error }
    }
}

/// What a receiver has, compared with what was sent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeliveryCheck)]
pub(crate) struct CheckView {
    /// The number of the attempt that it was compared with; absent if none was made yet, so that it was compared with
    /// what one would send now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    attempt: Option<u32>,
    /// Whether this attempt certainly sent what was compared with. It is not certain if the webhook was changed since.
    as_sent: bool,
    /// Absent if nothing would be sent (see `error`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    signature: Option<CheckedSignature>,
    /// How long before the attempt the signed time is, or how long after it if negative; present if `signature` is
    /// `other_time`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 4000)]
    other_by_seconds: Option<i64>,
    /// Absent if no secret was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    secret: Option<SecretCheckView>,
    /// Absent if no body was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    body: Option<BodyCheckView>,
    /// The headers of the webhook's format that are missing or other than they were sent.
    headers: Vec<HeaderCheckView>,
    /// Why nothing would be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<AttemptProblem>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SecretCheck)]
struct SecretCheckView {
    is: SecretLikeness,
    /// Which of the webhook's secrets; absent if it is `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    of: Option<InboxSecret>,
    /// What to put right; present if it is `nearly`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    mistake: Option<SecretMistake>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BodyCheck)]
struct BodyCheckView {
    same: bool,
    expected_bytes: usize,
    received_bytes: usize,
    /// The number of bytes that are the same before the first one that differs; absent if all are the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 25)]
    offset: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    cause: Option<BodyDifferenceCause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    expected: Option<AroundView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    received: Option<AroundView>,
}

/// What is around the first difference.
#[derive(Serialize, ToSchema)]
#[schema(as = AroundDifference)]
struct AroundView {
    /// The byte that differs; absent if the body ends there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 48)]
    byte: Option<u8>,
    #[schema(example = "\"data\":{\"total\":149.9")]
    before: String,
    #[schema(example = "0}}")]
    after: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = HeaderCheck)]
struct HeaderCheckView {
    #[schema(example = "webhook-id")]
    name: String,
    /// As it was sent.
    #[schema(example = "evt_01HM6WKJ2Y3M8F5J0V9Q4T7C1D")]
    expected: String,
    /// Absent if the header is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    received: Option<String>,
}

impl CheckView {
    pub(crate) fn new(found: Result<Checked, AttemptError>) -> Self {
        let nothing = Self {
            attempt: None,
            as_sent: false,
            signature: None,
            other_by_seconds: None,
            secret: None,
            body: None,
            headers: Vec::new(),
            error: None,
        };
        let found = match found {
            Ok(found) => found,
            Err(error) => return Self { error: Some(AttemptProblem::new(&error)), ..nothing },
        };
        let other_by_seconds = match found.signature {
            Signature::OtherTime(seconds) => Some(seconds),
            _ => None,
        };
        let header = |OtherHeader { name, sent, received }: OtherHeader| HeaderCheckView {
            name,
            expected: sent,
            received,
        };
        Self {
            attempt: found.attempt,
            as_sent: found.is_as_sent,
            signature: Some(found.signature.into()),
            other_by_seconds,
            secret: found.secret.map(SecretCheckView::new),
            body: found.body.map(BodyCheckView::new),
            headers: found.headers.into_iter().map(header).collect(),
            ..nothing
        }
    }
}

impl SecretCheckView {
    fn new(likeness: Likeness) -> Self {
        let (of, mistake) = match likeness {
            Likeness::Same(age) => (Some(age.into()), None),
            Likeness::Nearly(age, mistake) => (Some(age.into()), Some(mistake.into())),
            Likeness::Other => (None, None),
        };
        Self { is: likeness.into(), of, mistake }
    }
}

impl BodyCheckView {
    fn new(body: ComparedBody) -> Self {
        let ComparedBody { sent_bytes, received_bytes, difference } = body;
        let same = difference.is_none();
        let (offset, cause, sent, received) = match difference {
            Some(Difference { offset, cause, sent, received }) => {
                (Some(offset), Some(cause.into()), Some(sent), Some(received))
            }
            None => (None, None, None, None),
        };
        let around = |Around { byte, before, after }| AroundView { byte, before, after };
        let (expected, received) = (sent.map(around), received.map(around));
        Self { same, expected_bytes: sent_bytes, received_bytes, offset, cause, expected, received }
    }
}
