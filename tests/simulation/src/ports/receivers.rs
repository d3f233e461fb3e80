use std::sync::Arc;
use std::time::Duration;

use hooklane_app::ports::{Destination, Post, Sent};
use hooklane_contract::WireRequest;
use hooklane_domain::delivery::outcome::{AttemptError, ErrorKind, Outcome};

use crate::receivers::Answer;
use crate::world::World;

/// The receivers of all webhooks, which take their time.
pub(crate) struct WorldReceivers(pub(crate) Arc<World>);

impl Post for WorldReceivers {
    async fn post(&self, _: Destination<'_>, request: WireRequest, limit: Duration) -> Sent {
        let begun = event_of(&request.body).and_then(|event| self.begin(event, limit));
        let Some((is_dead, Answer { outcome, took })) = begun else {
            let detail = format!("no event of the simulation: {}", request.body);
            let error = AttemptError { kind: ErrorKind::Body, detail };
            return Sent {
                outcome: Outcome::Error(error),
                remarks: Vec::new(),
                took: Duration::ZERO,
            };
        };
        self.0.sleep(took).await;
        if is_dead && outcome.error().is_some() {
            self.0.state().figures.dead_failures += 1;
        }
        Sent { outcome, remarks: Vec::new(), took: Duration::from_millis(took.unsigned_abs()) }
    }
}

impl WorldReceivers {
    /// Counts an attempt for the event. Returns whether its receiver is the dead one, and that
    /// receiver's answer; `None` if the event belongs to no webhook.
    fn begin(&self, event: u32, limit: Duration) -> Option<(bool, Answer)> {
        let now = self.0.now();
        let state = &mut *self.0.state();
        let webhook = state.ledger.webhook_of(event)?;
        let due = state.ledger.next_attempt(event).unwrap_or(now);
        state.count_attempt(webhook, due, now);
        let answer = state.receivers.answer(webhook, event, now, limit);
        Some((state.is_dead(webhook), answer))
    }
}

/// The number of the event, which is the only data that it carries.
fn event_of(body: &str) -> Option<u32> {
    let (_, rest) = body.split_once("\"order\":")?;
    let end = rest.find(|c: char| !c.is_ascii_digit())?;
    rest[..end].parse().ok()
}
