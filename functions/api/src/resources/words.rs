//! The words that clients see for states and reasons, all in `snake_case`. They are named here alone, so
//! that renaming an enum of the domain, or its stored text, cannot change the API.

use hooklane_app::deliveries::check::Signature;
use hooklane_app::webhooks;
use hooklane_domain::delivery::comparison;
use hooklane_domain::delivery::failures::Failure;
use hooklane_domain::delivery::outcome::ErrorKind;
use hooklane_domain::delivery::remark::Remark;
use hooklane_domain::delivery::statistics::Condition;
use hooklane_domain::delivery::waiting;
use hooklane_domain::delivery::{CancelReason, FailReason, ParkReason, State, Status};
use hooklane_domain::explanation::Verdict;
use hooklane_domain::inbox;
use hooklane_domain::isolation::circuit::Circuit;
use hooklane_domain::isolation::next_attempt::{Cause, Hold, NextAttempt};
use hooklane_domain::isolation::recovery::{Recovery, Stage, WantedStatus};
use hooklane_domain::webhook::likeness::{Likeness, Mistake};
use hooklane_domain::webhook::{self, WebhookState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Defines enums of words with their conversion from the domain: `Word = pattern`.
macro_rules! words {
    ($(
        $(#[$doc:meta])*
        $name:ident: $from:ty { $($word:ident = $pattern:pat),+ $(,)? }
    )+) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum $name { $($word),+ }

        impl From<$from> for $name {
            fn from(from: $from) -> Self {
                match from { $($pattern => Self::$word),+ }
            }
        }
    )+ };
}

words! {
    /// The status of a delivery.
    DeliveryStatus: Status {
        Pending = Status::Pending,
        Retrying = Status::Retrying,
        Delivered = Status::Delivered,
        Failed = Status::Failed,
        Cancelled = Status::Cancelled,
    }

    /// What the signature of a request to a test inbox says: it is from one of the tenant's webhooks (`verified`);
    /// it is signed by one, for a time that is over five minutes away (`stale`); none of them signed it
    /// (`wrong_signature`); it has no signature (`not_signed`); or no webhook has the inbox's URL, so that
    /// there is no secret to check with (`no_webhook`).
    InboxVerdict: inbox::Verdict {
        Verified = inbox::Verdict::Verified { .. },
        Stale = inbox::Verdict::Stale { .. },
        WrongSignature = inbox::Verdict::WrongSignature,
        NotSigned = inbox::Verdict::NotSigned,
        NoWebhook = inbox::Verdict::NoWebhook,
    }

    /// The secret that a webhook has, or the one before its rotation.
    InboxSecret: inbox::SecretAge {
        Current = inbox::SecretAge::Current,
        Previous = inbox::SecretAge::Previous,
    }

    /// Whether a receiver's secret is one of the webhook's (`same`), would be if a mistake were put right (`nearly`), or is
    /// another one (`other`).
    SecretLikeness: Likeness {
        Same = Likeness::Same(_),
        Nearly = Likeness::Nearly(..),
        Other = Likeness::Other,
    }

    /// What is wrong with a secret that is nearly right: there is white space or a quotation mark around it
    /// (`surrounded`), it lacks a prefix such as `whsec_` (`no_prefix`), it has one that is not a part of it (`prefix`),
    /// or upper and lower case differ (`case`).
    SecretMistake: Mistake {
        Surrounded = Mistake::Surrounded,
        NoPrefix = Mistake::NoPrefix,
        Prefix = Mistake::Prefix,
        Case = Mistake::Case,
    }

    /// What usually makes a body differ like this: something read it before (`empty`); only line ends (`line_ends`), a byte
    /// order mark (`byte_order_mark`) or white space at the end (`ending`) differ; its end is missing (`cut`); it was
    /// decoded with the wrong encoding (`encoding`); it was parsed and written anew (`rewritten`); or none of these
    /// (`other`).
    BodyDifferenceCause: comparison::Cause {
        Empty = comparison::Cause::Empty,
        LineEnds = comparison::Cause::LineEnds,
        ByteOrderMark = comparison::Cause::ByteOrderMark,
        Ending = comparison::Cause::Ending,
        Cut = comparison::Cause::Cut,
        Encoding = comparison::Cause::Encoding,
        Rewritten = comparison::Cause::Rewritten,
        Other = comparison::Cause::Other,
    }

    /// What the signature says of what was given, completed by what was sent: it `fits`; it fits for a time that is over
    /// five minutes away from the attempt (`other_time`); it is `wrong`; or the header with it is `missing`.
    CheckedSignature: Signature {
        Fits = Signature::Fits,
        OtherTime = Signature::OtherTime(_),
        Wrong = Signature::Wrong,
        Missing = Signature::Missing,
    }

    /// Why an attempt got no usable answer: the host's name did not resolve (`dns`), the target is not
    /// allowed (`blocked`), connecting (`connect`) or the TLS handshake (`tls`) failed, the time limit passed
    /// (`timeout`), no status line came or the headers were too long (`response`), the request's body could not be built
    /// (`body`), or the webhook's filter or transform failed (`expression`).
    AttemptErrorKind: ErrorKind {
        Dns = ErrorKind::Dns,
        Blocked = ErrorKind::Blocked,
        Connect = ErrorKind::Connect,
        Tls = ErrorKind::Tls,
        Timeout = ErrorKind::Timeout,
        Response = ErrorKind::Response,
        Body = ErrorKind::Body,
        Expression = ErrorKind::Transform,
    }

    /// What an attempt's record says beside its outcome: the request was made twice, because a kept connection
    /// ended before an answer (`resent`); the receiver answered before it had the whole request
    /// (`request_truncated`); the answer ended within its headers (`headers_truncated`); its body was cut off
    /// (`body_truncated`), did not end within the time limit (`body_stalled`), has an unreadable length or
    /// unreadable chunks (`body_malformed`), or is longer than what is read (`body_too_long`); TLS ended without
    /// `close_notify` (`tls_truncated`).
    AttemptRemarkKind: Remark {
        Resent = Remark::Resent,
        RequestTruncated = Remark::RequestTruncated,
        HeadersTruncated = Remark::HeadersTruncated,
        BodyTruncated = Remark::BodyTruncated,
        BodyStalled = Remark::BodyStalled,
        BodyMalformed = Remark::BodyMalformed,
        BodyTooLong = Remark::BodyTooLong,
        TlsTruncated = Remark::TlsTruncated,
    }

    /// Why an attempt failed: the kind of its error, `http_status` for an answer other than 2xx, or `other` where
    /// that is not known any more, or where there are too many to tell them apart.
    FailureKind: Failure {
        HttpStatus = Failure::Answer(_),
        Dns = Failure::Error(ErrorKind::Dns),
        Blocked = Failure::Error(ErrorKind::Blocked),
        Connect = Failure::Error(ErrorKind::Connect),
        Tls = Failure::Error(ErrorKind::Tls),
        Timeout = Failure::Error(ErrorKind::Timeout),
        Response = Failure::Error(ErrorKind::Response),
        Body = Failure::Error(ErrorKind::Body),
        Expression = Failure::Error(ErrorKind::Transform),
        Other = Failure::Other,
    }

    /// What the next attempt waits for. With `nextAttemptAt`: `first_attempt` (its message is in a queue),
    /// `retry` (the wait of the retry policy), `rate_limit` (its slot), `backlog` (the retry queue was nearly
    /// full), `circuit_probe` (the receiver keeps failing: this delivery is the probe, or a probe succeeds
    /// first), `parked_release` (the reason for parking has ended; it is sent within about a minute) or
    /// `lost_message_sweep` (it is long overdue, and gets a new message). Without a time, somebody must act:
    /// `webhook_paused` (resume the webhook), `webhook_inactive` or `webhook_disabled` (switch it on) or
    /// `tenant_paused` (the operator ends the pause); or the delivery is cancelled when its turn comes:
    /// `webhook_deleted`, `discarded` (the webhook was resumed with `discard`).
    NextAttemptReason: NextAttempt {
        FirstAttempt = NextAttempt::At(_, Cause::FirstAttempt),
        Retry = NextAttempt::At(_, Cause::Retry),
        RateLimit = NextAttempt::At(_, Cause::RateLimit),
        Backlog = NextAttempt::At(_, Cause::Backlog),
        CircuitProbe = NextAttempt::At(_, Cause::CircuitProbe),
        ParkedRelease = NextAttempt::At(_, Cause::ParkedRelease),
        LostMessageSweep = NextAttempt::At(_, Cause::LostMessageSweep),
        WebhookPaused = NextAttempt::Held(Hold::WebhookPaused),
        WebhookInactive = NextAttempt::Held(Hold::WebhookInactive),
        WebhookDisabled = NextAttempt::Held(Hold::WebhookDisabled),
        TenantPaused = NextAttempt::Held(Hold::TenantPaused),
        WebhookDeleted = NextAttempt::Held(Hold::WebhookDeleted),
        Discarded = NextAttempt::Held(Hold::Discarded),
    }

    /// What became of an event at a webhook. There is a delivery: `delivered`, `waiting`, `failed`,
    /// `cancelled` or `unreadable` (the stored data is corrupt). There is none: `concerns_itself` (an
    /// operational event is never sent to the webhook that it is about), `webhook_younger` (it was registered
    /// after the event), `test_mode_mismatch` (test events go to webhooks in test mode only, and no others
    /// do), `not_subscribed`, `webhook_inactive`, `filtered`, `filter_over_budget` (the tenant's filters take
    /// too much on this event, and this one was not evaluated), `pending` (the event is too young),
    /// `skipped` (too many deliveries were parked, which is counted but not noted for each event),
    /// `changed_since` (the webhook takes the event as it is now, and was changed after it) or `missing` (it
    /// takes the event, and there is no delivery).
    EventVerdict: Verdict {
        Delivered = Verdict::Delivered,
        Waiting = Verdict::Waiting(_),
        Failed = Verdict::Failed(_),
        Cancelled = Verdict::Cancelled(_),
        Unreadable = Verdict::Unreadable,
        ConcernsItself = Verdict::ConcernsItself,
        WebhookYounger = Verdict::WebhookYounger,
        TestModeMismatch = Verdict::TestModeMismatch,
        NotSubscribed = Verdict::NotSubscribed,
        WebhookInactive = Verdict::WebhookInactive,
        Filtered = Verdict::Filtered,
        FilterOverBudget = Verdict::FilterOverBudget,
        Pending = Verdict::Pending,
        Skipped = Verdict::Skipped,
        ChangedSince = Verdict::ChangedSince,
        Missing = Verdict::Missing,
    }

    /// `active`: attempts are made. `inactive`: its tenant switched it off (`active: false`); events published
    /// meanwhile have no deliveries to it, and only a recovery makes them. `paused`: its tenant paused it;
    /// deliveries are made and wait until it is resumed. `disabled`: Hooklane switched it off, because its
    /// receiver answered 410 or failed for days; deliveries are made and wait until it is switched on again.
    WebhookStatus: WebhookState {
        Active = WebhookState::Active,
        Inactive = WebhookState::Inactive,
        Paused = WebhookState::Paused { .. },
        Disabled = WebhookState::Disabled { .. },
    }

    /// How requests are signed: `hmac` with a shared secret, or `ed25519` with a private key whose public key
    /// the receivers have.
    Signing: webhook::Signing {
        Hmac = webhook::Signing::Hmac,
        Ed25519 = webhook::Signing::Ed25519,
    }

    /// Based on the share of deliveries that succeeded: `degraded` below 98 %, `unhealthy` below 95 %. `unknown`
    /// if nothing was attempted.
    HealthStatus: Condition {
        Healthy = Condition::Healthy,
        Degraded = Condition::Degraded,
        Unhealthy = Condition::Unhealthy,
        Unknown = Condition::Unknown,
    }

    /// `closed`: attempts are made. `open`: the receiver fails; deliveries are parked, and from time to time
    /// one is attempted as a probe. `half_open`: a probe is being made.
    CircuitState: Circuit {
        Closed = Circuit::Closed,
        Open = Circuit::Open { .. },
        HalfOpen = Circuit::HalfOpen { .. },
    }

    /// `fast`: first attempts go through the delivery queue. `slow`: they go through the retry queue, because
    /// the circuit is not closed or the receiver answers slowly.
    Lane: waiting::Lane {
        Fast = waiting::Lane::Fast,
        Slow = waiting::Lane::Slow,
    }

    /// `example`: a secret that everybody may know, which the answer shows. `own`: the webhook's own.
    PreviewSecret: webhooks::PreviewSecret {
        Example = webhooks::PreviewSecret::Example,
        Own = webhooks::PreviewSecret::Own,
    }

    /// `failed`: deliveries that failed. `skipped`: events without a delivery, because too many deliveries
    /// were parked or the webhook was inactive. `all`: both.
    RecoveryScope: WantedStatus {
        Failed = WantedStatus::Failed,
        Skipped = WantedStatus::Skipped,
        All = WantedStatus::Any,
    }

    /// `waiting`: as many recoveries of the tenant look for skipped events as may at the same time. `stopped`: by
    /// a request, before it was complete.
    RecoveryState: &Recovery {
        Waiting = Recovery { waiting: true, stage: Stage::Failed { .. } | Stage::Skipped { .. }, .. },
        Running = Recovery { waiting: false, stage: Stage::Failed { .. } | Stage::Skipped { .. }, .. },
        Completed = Recovery { stopped: false, stage: Stage::Done { .. }, .. },
        Stopped = Recovery { stopped: true, stage: Stage::Done { .. }, .. },
    }
}

impl AttemptErrorKind {
    /// The word as clients write it.
    pub(crate) fn word(self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(word)) => word,
            _ => String::new(),
        }
    }

    pub(crate) fn is(self, word: &str) -> bool {
        self.word() == word
    }
}

/// Why a delivery has its state. Parked: `inactive`, `paused` (the webhook), `tenant_paused`,
/// `circuit_open` (the receiver keeps failing), `rate_limit` or `backlog` (the retry queue is nearly full). Failed: `exhausted` (no
/// retries left), `gone` (the receiver answered 410), `event_missing` (the event is no longer stored) or
/// `expression` (a filter or transform failed). Cancelled: `webhook_deleted`, `requested` (through the API) or
/// `discarded` (the webhook was resumed with `discard`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeliveryReason {
    Inactive,
    Paused,
    TenantPaused,
    CircuitOpen,
    RateLimit,
    Backlog,
    Exhausted,
    Gone,
    EventMissing,
    Expression,
    WebhookDeleted,
    Requested,
    Discarded,
}

impl DeliveryReason {
    pub(crate) fn of(state: &State) -> Option<Self> {
        match state {
            State::Parked { reason, .. } => Some((*reason).into()),
            State::Failed { reason, .. } => Some((*reason).into()),
            State::Cancelled { reason, .. } => Some((*reason).into()),
            State::Waiting { .. } | State::Delivered { .. } => None,
        }
    }
}

impl From<ParkReason> for DeliveryReason {
    fn from(reason: ParkReason) -> Self {
        match reason {
            ParkReason::Inactive => Self::Inactive,
            ParkReason::Paused => Self::Paused,
            ParkReason::TenantPaused => Self::TenantPaused,
            ParkReason::Circuit => Self::CircuitOpen,
            ParkReason::RateLimit => Self::RateLimit,
            ParkReason::Backlog => Self::Backlog,
        }
    }
}

impl From<FailReason> for DeliveryReason {
    fn from(reason: FailReason) -> Self {
        match reason {
            FailReason::Exhausted => Self::Exhausted,
            FailReason::Gone => Self::Gone,
            FailReason::EventMissing => Self::EventMissing,
            FailReason::Transform => Self::Expression,
        }
    }
}

impl From<CancelReason> for DeliveryReason {
    fn from(reason: CancelReason) -> Self {
        match reason {
            CancelReason::WebhookDeleted => Self::WebhookDeleted,
            CancelReason::Requested => Self::Requested,
            CancelReason::Discarded => Self::Discarded,
        }
    }
}

#[cfg(test)]
mod tests;
