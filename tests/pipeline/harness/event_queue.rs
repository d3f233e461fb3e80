//! The event queue, which the functions' ports do not know: Lambda reads it for `ingest`.

use hooklane_domain::Timestamp;
use jiff::SignedDuration;

/// As in `template.yaml`.
const VISIBILITY: SignedDuration = SignedDuration::from_secs(180);

#[derive(Default)]
pub(crate) struct EventQueue(Vec<Held>);

struct Held {
    message: QueuedEvent,
    visible_at: Timestamp,
}

#[derive(Debug, Clone)]
pub(crate) struct QueuedEvent {
    pub(crate) id: String,
    pub(crate) body: String,
}

impl EventQueue {
    pub(crate) fn send(&mut self, message: QueuedEvent, now: Timestamp) {
        self.0.push(Held { message, visible_at: now });
    }

    pub(crate) fn receive(&mut self, most: usize, now: Timestamp) -> Vec<QueuedEvent> {
        let visible = self.0.iter_mut().filter(|held| held.visible_at <= now).take(most);
        visible
            .map(|held| {
                held.visible_at = now.saturating_add(VISIBILITY).unwrap();
                held.message.clone()
            })
            .collect()
    }

    pub(crate) fn delete(&mut self, id: &str) {
        self.0.retain(|held| held.message.id != id);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn next_visible(&self) -> Option<Timestamp> {
        self.0.iter().map(|held| held.visible_at).min()
    }
}
