//! Accepts the event of one message, or decides what becomes of the message instead. It runs in the span
//! of its message, and records there what it gets to know.

use hooklane_app::batch::Disposition;
use hooklane_app::measured::Measured;
use hooklane_app::ports::DeadLetters as _;
use hooklane_app::publish::{PublishError, Validator, publish};
use hooklane_domain::canary;
use hooklane_domain::event::{DefaultTenant, from_envelope_or_body};
use hooklane_domain::ids::EventId;
use hooklane_domain::metrics::Metric;
use tracing::Span;

use crate::deps::Deps;
use crate::ports::Ports;

pub(crate) async fn accept<P: Ports>(
    deps: &Deps<P>,
    measured: &Measured,
    message_id: &str,
    body: &str,
) -> Disposition {
    let dead_letter =
        async |reason: &str, refusal| dead_letter(deps, measured, body, reason, refusal).await;
    let canary = canary::event_of(body).map(Ok);
    let new = match canary.unwrap_or_else(|| from_envelope_or_body(body, &DefaultTenant::None)) {
        Ok(new) => new,
        Err(errors) => {
            let refusal = Refusal { kind: "not_an_event", mistakes: errors.count() };
            return dead_letter(&errors.to_string(), refusal).await;
        }
    };
    // An event without an id gets one derived from SQS's `messageId`. A redelivered message is then a
    // duplicate of the first one.
    let fallback = EventId::from_message_id(message_id).ok();
    let span = Span::current();
    span.record("tenant", new.tenant.as_str());
    if let Some(id) = new.id.as_ref().or(fallback.as_ref()) {
        span.record("event.id", id.as_str());
    }
    let validator = Validator { catalog: &deps.catalog, registry: &deps.registry };
    match publish(&deps.events, validator, &deps.system, new, fallback).await {
        Ok(accepted) => {
            let new = u64::from(!accepted.duplicate);
            measured.record(|figures| figures.add(Metric::EventsAccepted, new));
            Disposition::Done
        }
        Err(PublishError::Unexpected(errors)) => {
            let refusal = Refusal { kind: "not_expected", mistakes: errors.count() };
            dead_letter(&errors.to_string(), refusal).await
        }
        Err(conflict @ PublishError::Conflict(_)) => {
            let refusal = Refusal { kind: "id_in_use", mistakes: 1 };
            dead_letter(&conflict.to_string(), refusal).await
        }
        Err(removed @ PublishError::Removed(_)) => {
            let refusal = Refusal { kind: "tenant_removed", mistakes: 1 };
            dead_letter(&removed.to_string(), refusal).await
        }
        // The ledger has an event of this id that cannot be read. Trying again would end the same.
        Err(PublishError::Unavailable(error)) if error.is_corrupt() => {
            let refusal = Refusal { kind: "unreadable", mistakes: 1 };
            dead_letter(&error.chain(), refusal).await
        }
        Err(PublishError::Unavailable(error)) => {
            error.log("event.not_stored");
            Disposition::Interrupted
        }
    }
}

/// What the log says of a refused message. The reason of its dead letter names fields of the payload, so
/// it is not logged.
pub(crate) struct Refusal {
    pub(crate) kind: &'static str,
    pub(crate) mistakes: usize,
}

pub(crate) async fn dead_letter<P: Ports>(
    deps: &Deps<P>,
    measured: &Measured,
    body: &str,
    reason: &str,
    refusal: Refusal,
) -> Disposition {
    match deps.dead_letters.put(body, reason).await {
        Ok(()) => {
            measured.dead_letter();
            let Refusal { kind, mistakes } = refusal;
            tracing::warn!(reason = kind, mistakes, "message.dead_lettered");
            Disposition::Done
        }
        Err(error) => {
            error.log("message.dead_letter_failed");
            Disposition::Interrupted
        }
    }
}
