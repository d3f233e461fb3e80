//! Why a webhook got an event, or did not, in a word and in a sentence.

use hooklane_app::deliveries::{ExplainedEvent, ExplainedWebhook};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::{CancelReason, FailReason};
use hooklane_domain::explanation::Verdict;
use hooklane_domain::isolation::next_attempt::{Cause, Hold, NextAttempt};
use hooklane_domain::webhook::{Webhook, WebhookState};
use serde::Serialize;
use utoipa::ToSchema;

use super::time;
use crate::resources::words::{EventVerdict, NextAttemptReason, WebhookStatus};

/// What became of an event at one webhook.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EventExplanation)]
pub(crate) struct ExplanationView {
    webhook_id: String,
    /// The webhook's `externalId`, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "crm-4711")]
    webhook_external_id: Option<String>,
    /// Absent if the webhook's stored data is corrupt, as the next two fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Orders")]
    webhook_name: Option<String>,
    /// The webhook's state now. A webhook that is `paused` or `disabled` gets deliveries, which are parked; one
    /// that is `inactive` gets none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    webhook_status: Option<WebhookStatus>,
    /// Since when the webhook is `paused` or `disabled`; it is not stored for other states.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    webhook_status_since: Option<String>,
    verdict: EventVerdict,
    /// The verdict in a sentence.
    #[schema(example = "The webhook subscribes to other event types.")]
    detail: String,
    /// Whether the webhook was changed after the event was accepted: what it was then is not stored.
    changed_since: bool,
    /// Whether the webhook's filter was evaluated for this answer. The filter may have been another when the
    /// event came.
    evaluated_now: bool,
    /// Present if there is a delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    delivery_id: Option<String>,
    /// When the next attempt is, at the earliest; as in the delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    next_attempt_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_attempt_reason: Option<NextAttemptReason>,
}

pub(crate) fn explanations(explained: &ExplainedEvent) -> Vec<ExplanationView> {
    let test = explained.detail.event.content.test;
    explained.webhooks.iter().map(|webhook| ExplanationView::new(webhook, test)).collect()
}

impl ExplanationView {
    fn new(explained: &ExplainedWebhook, test: bool) -> Self {
        let verdict = explained.explanation.verdict;
        let next = match verdict {
            Verdict::Waiting(next) => Some(next),
            _ => None,
        };
        let webhook = explained.webhook.as_ref();
        Self {
            webhook_id: explained.id.to_string(),
            webhook_external_id: webhook
                .and_then(|webhook| webhook.external_id.as_ref())
                .map(ToString::to_string),
            webhook_name: webhook.map(|webhook| webhook.name.clone()),
            webhook_status: webhook.map(|webhook| webhook.state.into()),
            webhook_status_since: webhook.and_then(since).map(time),
            verdict: verdict.into(),
            detail: detail(verdict, test),
            changed_since: explained.explanation.changed_since,
            evaluated_now: explained.evaluated,
            delivery_id: explained.delivery.as_ref().map(ToString::to_string),
            next_attempt_at: next.and_then(NextAttempt::at).map(time),
            next_attempt_reason: next.map(NextAttemptReason::from),
        }
    }
}

fn since(webhook: &Webhook) -> Option<Timestamp> {
    match webhook.state {
        WebhookState::Paused { at } | WebhookState::Disabled { at, .. } => Some(at),
        WebhookState::Active | WebhookState::Inactive => None,
    }
}

fn detail(verdict: Verdict, test: bool) -> String {
    let text = match verdict {
        Verdict::Delivered => "The receiver accepted the event.",
        Verdict::Waiting(next) => return waiting(next),
        Verdict::Failed(reason) => failed(reason),
        Verdict::Cancelled(reason) => cancelled(reason),
        Verdict::Unreadable => "The stored webhook or delivery is corrupt.",
        Verdict::ConcernsItself => {
            "The event is about this webhook itself, and such an event is never sent to it."
        }
        Verdict::WebhookYounger => "The webhook was registered after the event was accepted.",
        Verdict::TestModeMismatch if test => {
            "The event is a test event, and the webhook is not in test mode."
        }
        Verdict::TestModeMismatch => {
            "The webhook is in test mode, and the event is not a test event."
        }
        Verdict::NotSubscribed => "The webhook does not subscribe to events of this type.",
        Verdict::WebhookInactive => {
            "The webhook is inactive; events that are published meanwhile are not sent to it, unless a recovery \
             of what was skipped sends them."
        }
        Verdict::Filtered => "The webhook's filter, evaluated now, drops the event.",
        Verdict::FilterOverBudget => {
            "The webhook's filter was not evaluated for this answer, because the tenant's filters together take \
             too much on this event."
        }
        Verdict::Pending => {
            "The event was accepted a moment ago, and its delivery is not written before its first attempt."
        }
        Verdict::Skipped => {
            "The webhook takes the event, and there is no delivery; some of its deliveries were skipped because \
             too many were parked, and a recovery of what was skipped sends them."
        }
        Verdict::ChangedSince => {
            "The webhook takes the event as it is now; it was changed after the event and may not have taken it \
             before, and a recovery of what was skipped sends it."
        }
        Verdict::Missing => {
            "The webhook takes the event, and there is no delivery: its message is still in a queue or among the \
             dead letters, or was lost, and a recovery of what was skipped sends it."
        }
    };
    text.to_owned()
}

fn waiting(next: NextAttempt) -> String {
    let (at, cause) = match next {
        NextAttempt::Held(hold) => return held(hold).to_owned(),
        NextAttempt::At(at, cause) => (time(at), cause),
    };
    match cause {
        Cause::FirstAttempt => format!("The first attempt is in a queue, and due at {at}."),
        Cause::Retry => format!("The next attempt is due at {at}."),
        Cause::RateLimit => {
            format!("The next attempt waits for its slot under the rate limit, at {at}.")
        }
        Cause::Backlog => format!("The next attempt is due at {at}, and waits in the ledger."),
        Cause::CircuitProbe => {
            format!(
                "The receiver keeps failing; the delivery is attempted at {at} or later, as a probe or after one \
                 has succeeded."
            )
        }
        Cause::ParkedRelease => {
            format!("The delivery was parked, and is sent within about a minute after {at}.")
        }
        Cause::LostMessageSweep => {
            format!("The attempt is long overdue; it gets a new message at {at} or later.")
        }
    }
}

fn held(hold: Hold) -> &'static str {
    match hold {
        Hold::WebhookPaused => "The delivery waits until the webhook, which is paused, is resumed.",
        Hold::WebhookInactive => "The delivery waits until the webhook is switched on.",
        Hold::WebhookDisabled => {
            "The delivery waits until the webhook, which Hooklane disabled, is switched on."
        }
        Hold::TenantPaused => "The delivery waits until the operator ends the pause of the tenant.",
        Hold::WebhookDeleted => "The webhook was deleted; the delivery will be cancelled.",
        Hold::Discarded => {
            "The webhook was resumed with `discard`; the delivery will be cancelled."
        }
    }
}

fn failed(reason: FailReason) -> &'static str {
    match reason {
        FailReason::Exhausted => "Every attempt of the retry policy failed.",
        FailReason::Gone => "The receiver answered 410, which ends the delivery.",
        FailReason::EventMissing => "The event was no longer stored when the attempt was due.",
        FailReason::Transform => "The webhook's filter or transform has no result for the event.",
    }
}

fn cancelled(reason: CancelReason) -> &'static str {
    match reason {
        CancelReason::WebhookDeleted => "The webhook was deleted before the delivery ended.",
        CancelReason::Requested => "The delivery was cancelled through the API.",
        CancelReason::Discarded => {
            "The webhook was resumed with `discard`, which cancelled the delivery."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every verdict, each with one time or reason of each kind.
    fn all() -> Vec<Verdict> {
        let at = Timestamp::from_second(1_705_314_600).unwrap();
        let causes = [
            Cause::FirstAttempt,
            Cause::Retry,
            Cause::RateLimit,
            Cause::Backlog,
            Cause::CircuitProbe,
            Cause::ParkedRelease,
            Cause::LostMessageSweep,
        ];
        let holds = [
            Hold::WebhookPaused,
            Hold::WebhookInactive,
            Hold::WebhookDisabled,
            Hold::TenantPaused,
            Hold::WebhookDeleted,
            Hold::Discarded,
        ];
        let failed = [
            FailReason::Exhausted,
            FailReason::Gone,
            FailReason::EventMissing,
            FailReason::Transform,
        ];
        let cancelled =
            [CancelReason::WebhookDeleted, CancelReason::Requested, CancelReason::Discarded];
        let mut all = vec![
            Verdict::Delivered,
            Verdict::Unreadable,
            Verdict::ConcernsItself,
            Verdict::WebhookYounger,
            Verdict::TestModeMismatch,
            Verdict::NotSubscribed,
            Verdict::WebhookInactive,
            Verdict::Filtered,
            Verdict::FilterOverBudget,
            Verdict::Pending,
            Verdict::Skipped,
            Verdict::ChangedSince,
            Verdict::Missing,
        ];
        all.extend(causes.map(|cause| Verdict::Waiting(NextAttempt::At(at, cause))));
        all.extend(holds.map(|hold| Verdict::Waiting(NextAttempt::Held(hold))));
        all.extend(failed.map(Verdict::Failed));
        all.extend(cancelled.map(Verdict::Cancelled));
        all
    }

    #[test]
    fn every_verdict_is_one_sentence_of_its_own() {
        let mut said: Vec<_> = all().into_iter().map(|verdict| detail(verdict, false)).collect();
        said.push(detail(Verdict::TestModeMismatch, true));
        for sentence in &said {
            let inner = sentence.strip_suffix('.').unwrap();
            assert!(!inner.contains(". ") && !sentence.contains("  "), "{sentence}");
            assert!(sentence.starts_with("The ") || sentence.starts_with("Every "), "{sentence}");
        }
        let number = said.len();
        said.sort();
        said.dedup();
        assert_eq!(said.len(), number);
    }
}
