use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use hooklane_domain::Timestamp;
use hooklane_domain::delivery::MessageId;
use hooklane_domain::delivery::message::Message;
use hooklane_domain::delivery::message::bundle::{self, EventsPerMessage};
use hooklane_domain::delivery::waiting::{Lane, MAX_DELAY_SECONDS, MAX_VISIBILITY_SECONDS};
use hooklane_domain::ids::WebhookId;
use jiff::SignedDuration;

mod inspect;

use super::{Faults, lock};
use crate::ports::{
    DeadLetters, DeferQueue, DispatchQueue, HideMessage, QueueDepth, Refused, RefusedForGood,
    SendEvent, Unavailable,
};

/// The two queues in memory, with a clock that the test sets. They refuse what SQS refuses: a visibility
/// timeout that ends more than 12 hours after the receipt, and a delay over 15 minutes. Clones share the
/// queues.
#[derive(Debug, Clone)]
pub struct MemoryQueues(Arc<Mutex<Inner>>, Faults);

const RETENTION: SignedDuration = SignedDuration::from_hours(14 * 24);

#[derive(Debug)]
struct Inner {
    now: Timestamp,
    visibility: SignedDuration,
    sent: u64,
    messages: Vec<Held>,
    dead_letters: Vec<DeadLetter>,
    refusals: usize,
    /// The bodies that were sent to the event queue.
    events: Vec<String>,
    /// The webhooks whose new messages are refused.
    refusing: BTreeSet<WebhookId>,
    events_per_message: EventsPerMessage,
}

#[derive(Debug, Clone)]
struct Held {
    id: MessageId,
    lane: Lane,
    body: String,
    sent_at: Timestamp,
    received_at: Option<Timestamp>,
    receives: u32,
    visible_at: Timestamp,
}

/// A message as a function receives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub id: MessageId,
    pub lane: Lane,
    pub body: String,
    pub sent_at: Timestamp,
    /// How often it has been received, this time included.
    pub receives: u32,
}

/// What was put into the dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    pub body: String,
    pub reason: String,
}

impl MemoryQueues {
    #[must_use]
    pub fn at(now: Timestamp, visibility_seconds: u32) -> Self {
        let inner = Inner {
            now,
            visibility: SignedDuration::from_secs(i64::from(visibility_seconds)),
            sent: 0,
            messages: Vec::new(),
            dead_letters: Vec::new(),
            refusals: 0,
            events: Vec::new(),
            refusing: BTreeSet::new(),
            events_per_message: EventsPerMessage::ONE,
        };
        Self(Arc::new(Mutex::new(inner)), Faults::default())
    }

    /// The same queues, with calls that are steps that can fail.
    #[must_use]
    pub fn with_faults(self, faults: Faults) -> Self {
        Self(self.0, faults)
    }

    /// From now on messages for the fast lane may hold so many events.
    pub fn share(&self, events_per_message: EventsPerMessage) {
        lock(&self.0).events_per_message = events_per_message;
    }

    /// The bodies of all messages, visible or not.
    #[must_use]
    pub fn bodies(&self) -> Vec<String> {
        lock(&self.0).messages.iter().map(|m| m.body.clone()).collect()
    }

    /// From now on every new message of this webhook is refused, as an entry with a sender's fault.
    pub fn refuse(&self, webhook: WebhookId) {
        lock(&self.0).refusing.insert(webhook);
    }

    /// The messages of this webhook are taken again.
    pub fn take_again(&self, webhook: WebhookId) {
        lock(&self.0).refusing.remove(&webhook);
    }

    /// The bodies that were sent to the event queue since this was last called.
    #[must_use]
    pub fn take_events(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.0).events)
    }

    /// Loses every message, to show that nothing depends on one.
    pub fn lose_all(&self) {
        lock(&self.0).messages.clear();
    }

    /// Sets the clock and drops messages older than 14 days, as SQS does.
    pub fn set_time(&self, now: Timestamp) {
        let mut inner = lock(&self.0);
        inner.now = now;
        inner.messages.retain(|m| now.duration_since(m.sent_at) <= RETENTION);
    }

    /// Receives up to ten visible messages of a lane and hides them, as SQS does.
    #[must_use]
    pub fn receive(&self, lane: Lane) -> Vec<Received> {
        let mut inner = lock(&self.0);
        let (now, visibility) = (inner.now, inner.visibility);
        let ready = inner.messages.iter_mut().filter(|m| m.lane == lane && m.visible_at <= now);
        ready
            .take(10)
            .map(|m| {
                m.received_at = Some(now);
                m.receives += 1;
                m.visible_at = now.saturating_add(visibility).unwrap_or(now);
                Received {
                    id: m.id.clone(),
                    lane,
                    body: m.body.clone(),
                    sent_at: m.sent_at,
                    receives: m.receives,
                }
            })
            .collect()
    }

    pub fn delete(&self, id: &MessageId) {
        lock(&self.0).messages.retain(|m| m.id != *id);
    }

    /// When the next message of any lane becomes visible.
    #[must_use]
    pub fn next_visible(&self) -> Option<Timestamp> {
        lock(&self.0).messages.iter().map(|m| m.visible_at).min()
    }

    #[must_use]
    pub fn count(&self, lane: Lane) -> usize {
        lock(&self.0).messages.iter().filter(|m| m.lane == lane).count()
    }

    /// The number of messages that can be received now.
    #[must_use]
    pub fn count_visible(&self) -> usize {
        let inner = lock(&self.0);
        inner.messages.iter().filter(|m| m.visible_at <= inner.now).count()
    }

    /// The number of requests that SQS would have refused.
    #[must_use]
    pub fn refusals(&self) -> usize {
        lock(&self.0).refusals
    }

    #[must_use]
    pub fn all_dead_letters(&self) -> Vec<DeadLetter> {
        lock(&self.0).dead_letters.clone()
    }
}

impl Inner {
    fn send(&mut self, lane: Lane, body: String, seconds: u32) -> MessageId {
        self.sent += 1;
        let id = MessageId(format!("message-{}", self.sent));
        let delay = SignedDuration::from_secs(i64::from(seconds));
        self.messages.push(Held {
            id: id.clone(),
            lane,
            body,
            sent_at: self.now,
            received_at: None,
            receives: 0,
            visible_at: self.now.saturating_add(delay).unwrap_or(self.now),
        });
        id
    }
}

impl DispatchQueue for MemoryQueues {
    async fn dispatch(
        &self,
        lane: Lane,
        messages: &[Message],
    ) -> Result<Vec<Refused>, Unavailable> {
        self.dispatch_in(lane, messages, EventsPerMessage::ONE.bundles(messages, &BTreeSet::new()))
    }

    async fn dispatch_together(
        &self,
        messages: &[Message],
        alone: &BTreeSet<WebhookId>,
    ) -> Result<Vec<Refused>, Unavailable> {
        let bundles = lock(&self.0).events_per_message.bundles(messages, alone);
        self.dispatch_in(Lane::Fast, messages, bundles)
    }
}

impl MemoryQueues {
    fn dispatch_in(
        &self,
        lane: Lane,
        messages: &[Message],
        bundles: Vec<Vec<usize>>,
    ) -> Result<Vec<Refused>, Unavailable> {
        self.1.step()?;
        let mut inner = lock(&self.0);
        let mut refused = Vec::new();
        for places in bundles {
            let bundle: Vec<_> = places.iter().map(|place| &messages[*place]).collect();
            let is_refused = |Message::Deliver(deliver): &&Message| {
                inner.refusing.contains(&deliver.delivery.webhook())
            };
            if bundle.iter().any(is_refused) {
                let reason = "InvalidMessageContents: a test refuses it";
                let refuse = |index| Refused { index, reason: reason.to_owned() };
                refused.extend(places.into_iter().map(refuse));
            } else {
                inner.send(lane, bundle::encode(&bundle), 0);
            }
        }
        refused.sort_by_key(|entry: &Refused| entry.index);
        Ok(refused)
    }
}

impl DeferQueue for MemoryQueues {
    async fn hide(
        &self,
        lane: Lane,
        receipt_handle: &str,
        seconds: u32,
    ) -> Result<(), Unavailable> {
        self.1.step()?;
        let mut inner = lock(&self.0);
        let now = inner.now;
        let held = inner.messages.iter_mut().find(|m| m.lane == lane && m.id.0 == receipt_handle);
        let Some((held, received)) = held.and_then(|h| h.received_at.map(|at| (h, at))) else {
            return Err(Unavailable::new("ChangeMessageVisibility", "not in flight"));
        };
        let until =
            now.saturating_add(SignedDuration::from_secs(i64::from(seconds))).unwrap_or(now);
        if until.duration_since(received).as_secs() > i64::from(MAX_VISIBILITY_SECONDS) {
            inner.refusals += 1;
            return Err(Unavailable::new(
                "ChangeMessageVisibility",
                "InvalidParameterValue: total visibility timeout beyond 43200 seconds",
            ));
        }
        held.visible_at = until;
        Ok(())
    }

    async fn send_later(&self, message: &Message, seconds: u32) -> Result<MessageId, Unavailable> {
        self.1.step()?;
        if seconds > MAX_DELAY_SECONDS {
            lock(&self.0).refusals += 1;
            return Err(Unavailable::new("SendMessage", "InvalidParameterValue: DelaySeconds"));
        }
        let mut inner = lock(&self.0);
        let Message::Deliver(deliver) = message;
        if inner.refusing.contains(&deliver.delivery.webhook()) {
            let reason = "InvalidMessageContents: a test refuses it".to_owned();
            return Err(Unavailable::new("SendMessage", RefusedForGood(reason)));
        }
        Ok(inner.send(Lane::Slow, message.encode(), seconds))
    }
}

impl SendEvent for MemoryQueues {
    async fn send(&self, body: &str) -> Result<(), Unavailable> {
        self.1.step()?;
        lock(&self.0).events.push(body.to_owned());
        Ok(())
    }
}

impl HideMessage for MemoryQueues {
    /// The event queue is the fast one of these.
    async fn hide(&self, receipt_handle: &str, seconds: u32) -> Result<(), Unavailable> {
        DeferQueue::hide(self, Lane::Fast, receipt_handle, seconds).await
    }
}

impl QueueDepth for MemoryQueues {
    async fn in_flight(&self) -> Result<u64, Unavailable> {
        self.1.step()?;
        let inner = lock(&self.0);
        let waiting =
            inner.messages.iter().filter(|m| m.lane == Lane::Slow && m.visible_at > inner.now);
        Ok(waiting.count() as u64)
    }
}

impl DeadLetters for MemoryQueues {
    async fn put(&self, body: &str, reason: &str) -> Result<(), Unavailable> {
        self.1.step()?;
        let letter = DeadLetter { body: body.to_owned(), reason: reason.to_owned() };
        lock(&self.0).dead_letters.push(letter);
        Ok(())
    }
}
