//! Why a webhook got an event, or did not.
//!
//! What is stored decides: the delivery if there is one, or else the webhook as it is now. Its settings at
//! the time of the event are not stored. They are today's unless it was changed since, which
//! [`Explanation::changed_since`] says.

use std::time::Duration;

use jiff::Timestamp;

use crate::delivery::{CancelReason, Delivery, FailReason, State};
use crate::event::Event;
use crate::ids::{EventType, WebhookId};
use crate::isolation::next_attempt::{NextAttempt, Standing, next_attempt};
use crate::isolation::operational::concerned;
use crate::time::later;
use crate::webhook::{Webhook, WebhookState};

/// An event younger than this may not have reached a webhook's delivery yet: the first attempt writes it.
pub const TIME_TO_FAN_OUT: Duration = Duration::from_secs(120);

/// The event in question.
#[derive(Debug, Clone)]
pub struct Subject {
    pub event_type: EventType,
    pub accepted_at: Timestamp,
    pub test: bool,
    /// The webhook that it is about, if it is an operational event.
    pub concerned: Option<WebhookId>,
}

/// The delivery of the event to the webhook, as it was found.
#[derive(Debug, Clone, Copy)]
pub enum Found<'a> {
    Nothing,
    /// It cannot be read back.
    Unreadable,
    Delivery(&'a Delivery),
}

/// What is known of a webhook and its delivery of the event.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub webhook: &'a Webhook,
    pub delivery: Found<'a>,
    pub standing: Standing,
    /// The number of the webhook's deliveries that were skipped so far, because too many were parked.
    pub skipped: u64,
}

/// What a webhook's filter says of the event, evaluated now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterAnswer {
    Passes,
    Drops,
    /// It has no result on this event. Such an event is let through.
    Fails,
    /// All filters together used up what they may take on one event.
    OverBudget,
}

/// What became of the event at the webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Delivered,
    Waiting(NextAttempt),
    Failed(FailReason),
    Cancelled(CancelReason),
    /// The stored delivery is corrupt.
    Unreadable,
    /// An operational event about this very webhook, which is never sent to it.
    ConcernsItself,
    /// The webhook was registered after the event was accepted.
    WebhookYounger,
    /// Only one of the two is for tests.
    TestModeMismatch,
    NotSubscribed,
    WebhookInactive,
    Filtered,
    /// The filter was not evaluated, because the tenant's filters take too much on this event.
    FilterOverBudget,
    /// The event was accepted a moment ago.
    Pending,
    /// Deliveries of the webhook were skipped, which is only counted. This may have been one of them.
    Skipped,
    /// The webhook takes the event as it is now, and may not have taken it before it was changed.
    ChangedSince,
    /// The webhook takes the event, and there is no delivery.
    Missing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    pub verdict: Verdict,
    /// Whether the webhook was changed after the event was accepted, so that it may have been another then.
    pub changed_since: bool,
}

impl Subject {
    #[must_use]
    pub fn of(event: &Event) -> Self {
        Self {
            event_type: event.content.event_type.clone(),
            accepted_at: event.accepted_at,
            test: event.content.test,
            concerned: concerned(&event.content),
        }
    }
}

/// Whether the explanation depends on what the webhook's filter says.
#[must_use]
pub fn asks_filter(subject: &Subject, facts: &Facts<'_>) -> bool {
    matches!(facts.delivery, Found::Nothing)
        && facts.webhook.filter.is_some()
        && obstacle(subject, facts.webhook).is_none()
}

/// Explains the event's way to one webhook. `filter` is needed where [`asks_filter`] says so.
#[must_use]
pub fn explain(
    subject: &Subject,
    facts: &Facts<'_>,
    filter: Option<FilterAnswer>,
    now: Timestamp,
) -> Explanation {
    let changed_since = facts.webhook.updated_at > subject.accepted_at;
    let verdict = match facts.delivery {
        Found::Delivery(delivery) => of_delivery(delivery, &facts.standing, now),
        Found::Unreadable => Verdict::Unreadable,
        Found::Nothing => obstacle(subject, facts.webhook).unwrap_or_else(|| match filter {
            Some(FilterAnswer::Drops) => Verdict::Filtered,
            Some(FilterAnswer::OverBudget) => Verdict::FilterOverBudget,
            Some(FilterAnswer::Passes | FilterAnswer::Fails) | None => {
                of_nothing(subject, facts, changed_since, now)
            }
        }),
    };
    Explanation { verdict, changed_since }
}

fn of_delivery(delivery: &Delivery, standing: &Standing, now: Timestamp) -> Verdict {
    match (&delivery.state, next_attempt(delivery, Some(standing), now)) {
        (_, Some(next)) => Verdict::Waiting(next),
        (State::Failed { reason, .. }, _) => Verdict::Failed(*reason),
        (State::Cancelled { reason, .. }, _) => Verdict::Cancelled(*reason),
        (State::Delivered { .. } | State::Waiting { .. } | State::Parked { .. }, None) => {
            Verdict::Delivered
        }
    }
}

/// Why `fanout` makes no delivery, apart from the filter. What is least likely to have changed comes first.
fn obstacle(subject: &Subject, webhook: &Webhook) -> Option<Verdict> {
    if subject.concerned == Some(webhook.id) {
        Some(Verdict::ConcernsItself)
    } else if webhook.created_at > subject.accepted_at {
        Some(Verdict::WebhookYounger)
    } else if webhook.test_mode != subject.test {
        Some(Verdict::TestModeMismatch)
    } else if !webhook.wants(&subject.event_type) {
        Some(Verdict::NotSubscribed)
    } else if webhook.state == WebhookState::Inactive {
        Some(Verdict::WebhookInactive)
    } else {
        None
    }
}

/// The webhook takes the event as far as is known, and has no delivery of it.
fn of_nothing(
    subject: &Subject,
    facts: &Facts<'_>,
    changed_since: bool,
    now: Timestamp,
) -> Verdict {
    if now <= later(subject.accepted_at, TIME_TO_FAN_OUT) {
        Verdict::Pending
    } else if facts.skipped > 0 {
        Verdict::Skipped
    } else if changed_since {
        Verdict::ChangedSince
    } else {
        Verdict::Missing
    }
}

#[cfg(test)]
mod tests;
