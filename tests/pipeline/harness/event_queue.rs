//! The event queue. No port covers it: Lambda reads it and invokes `ingest`.

use hooklane_domain::Timestamp;
use jiff::SignedDuration;

/// The visibility timeout, as in `template.yaml`.
const VISIBILITY: SignedDuration = SignedDuration::from_secs(180);

#[derive(Default)]
pub(crate) struct EventQueue(Vec<Entry>);

struct Entry {
    message: QueuedEvent,
    visible_at: Timestamp,
}

#[derive(Debug, Clone)]
pub(crate) struct QueuedEvent {
    pub(crate) id: String,
    pub(crate) body: String,
    /// How often it has been received.
    pub(crate) receives: u32,
}

impl EventQueue {
    pub(crate) fn send(&mut self, message: QueuedEvent, now: Timestamp) {
        self.0.push(Entry { message, visible_at: now });
    }

    pub(crate) fn receive(&mut self, max: usize, now: Timestamp) -> Vec<QueuedEvent> {
        let visible = self.0.iter_mut().filter(|entry| entry.visible_at <= now).take(max);
        visible
            .map(|entry| {
                entry.visible_at = now.saturating_add(VISIBILITY).unwrap();
                entry.message.receives += 1;
                entry.message.clone()
            })
            .collect()
    }

    /// Sets the visibility timeout of a message to so many seconds from now.
    pub(crate) fn hide(&mut self, id: &str, seconds: u32, now: Timestamp) {
        if let Some(entry) = self.0.iter_mut().find(|entry| entry.message.id == id) {
            entry.visible_at =
                now.saturating_add(SignedDuration::from_secs(seconds.into())).unwrap();
        }
    }

    pub(crate) fn delete(&mut self, id: &str) {
        self.0.retain(|entry| entry.message.id != id);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn next_visible(&self) -> Option<Timestamp> {
        self.0.iter().map(|entry| entry.visible_at).min()
    }
}
