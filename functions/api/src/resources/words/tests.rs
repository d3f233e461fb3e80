use hooklane_domain::Timestamp;
use hooklane_domain::ids::WebhookId;
use hooklane_domain::isolation::recovery::Wanted;
use hooklane_domain::webhook::DisableReason;
use serde_json::{Value, json};

use super::*;

fn json_of(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

/// Asserts the stored text of each value, and the word that clients see for it.
macro_rules! held {
    ($($value:expr => $stored:tt as $word:ty = $public:literal;)+) => { $(
        assert_eq!(json_of($value), json!($stored), "stored");
        assert_eq!(json_of(<$word>::from($value)), json!($public), "public");
    )+ };
}

const AT: Timestamp = Timestamp::UNIX_EPOCH;
const SINCE: &str = "1970-01-01T00:00:00Z";

#[test]
fn reasons_have_public_words_beside_their_stored_texts() {
    held! {
        ParkReason::Inactive => "inactive" as DeliveryReason = "inactive";
        ParkReason::Paused => "paused" as DeliveryReason = "paused";
        ParkReason::TenantPaused => "tenant paused" as DeliveryReason = "tenant_paused";
        ParkReason::Circuit => "circuit" as DeliveryReason = "circuit_open";
        ParkReason::RateLimit => "rate limit" as DeliveryReason = "rate_limit";
        ParkReason::Backlog => "backlog" as DeliveryReason = "backlog";
        FailReason::Exhausted => "exhausted" as DeliveryReason = "exhausted";
        FailReason::Gone => "gone" as DeliveryReason = "gone";
        FailReason::EventMissing => "eventmissing" as DeliveryReason = "event_missing";
        FailReason::Transform => "transform" as DeliveryReason = "expression";
        CancelReason::WebhookDeleted => "webhookdeleted" as DeliveryReason = "webhook_deleted";
        CancelReason::Requested => "requested" as DeliveryReason = "requested";
        CancelReason::Discarded => "discarded" as DeliveryReason = "discarded";
    }
}

#[test]
fn states_have_public_words_beside_their_stored_texts() {
    held! {
        Circuit::Closed => {"is": "closed"} as CircuitState = "closed";
        Circuit::Open { since: AT, probe_at: AT, probes: 0 } =>
            {"is": "open", "since": SINCE, "probe_at": SINCE, "probes": 0} as CircuitState = "open";
        Circuit::HalfOpen { since: AT, probes: 0, until: AT } =>
            {"is": "half-open", "since": SINCE, "probes": 0, "until": SINCE} as CircuitState = "half_open";
        WebhookState::Active => {"is": "active"} as WebhookStatus = "active";
        WebhookState::Inactive => {"is": "inactive"} as WebhookStatus = "inactive";
        WebhookState::Paused { at: AT } => {"is": "paused", "at": SINCE} as WebhookStatus = "paused";
        WebhookState::Disabled { at: AT, reason: DisableReason::Gone } =>
            {"is": "disabled", "at": SINCE, "reason": "gone"} as WebhookStatus = "disabled";
        WebhookState::Disabled { at: AT, reason: DisableReason::Failing } =>
            {"is": "disabled", "at": SINCE, "reason": "failing"} as WebhookStatus = "disabled";
        WantedStatus::Failed => "failed" as RecoveryScope = "failed";
        WantedStatus::Skipped => "skipped" as RecoveryScope = "skipped";
        WantedStatus::Any => "any" as RecoveryScope = "all";
        webhook::Signing::Hmac => "hmac" as Signing = "hmac";
        webhook::Signing::Ed25519 => "ed25519" as Signing = "ed25519";
    }
    let wanted = Wanted { since: AT, until: AT, status: WantedStatus::Any };
    let new = Recovery::new("acme".parse().unwrap(), WebhookId::new(AT, 1), wanted, AT);
    for (stored, waiting, stopped, public) in [
        (json!({"done": {"at": SINCE}}), false, false, "completed"),
        (json!({"done": {"at": SINCE}}), false, true, "stopped"),
        (json!({"failed": {"after": null}}), false, false, "running"),
        (json!({"skipped": {"cursor": null}}), false, false, "running"),
        (json!({"skipped": {"cursor": null}}), true, false, "waiting"),
    ] {
        let stage: Stage = serde_json::from_value(stored).unwrap();
        let recovery = Recovery { stage, waiting, stopped, ..new.clone() };
        assert_eq!(json_of(RecoveryState::from(&recovery)), public);
    }
}

#[test]
fn kinds_of_errors_have_public_words_beside_their_stored_texts() {
    held! {
        ErrorKind::Dns => "dns" as AttemptErrorKind = "dns";
        ErrorKind::Blocked => "blocked" as AttemptErrorKind = "blocked";
        ErrorKind::Connect => "connect" as AttemptErrorKind = "connect";
        ErrorKind::Tls => "tls" as AttemptErrorKind = "tls";
        ErrorKind::Timeout => "timeout" as AttemptErrorKind = "timeout";
        ErrorKind::Response => "response" as AttemptErrorKind = "response";
        ErrorKind::Body => "body" as AttemptErrorKind = "body";
        ErrorKind::Transform => "transform" as AttemptErrorKind = "expression";
    }
}

/// Query parameters are read by the domain, which must know the same words.
#[test]
fn the_words_of_parameters_are_those_of_answers() {
    for status in Status::ALL {
        assert_eq!(json_of(DeliveryStatus::from(status)), status.as_str());
    }
}
