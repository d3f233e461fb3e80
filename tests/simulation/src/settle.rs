//! What `delivery` does after an attempt (`settle.rs`).

use hooklane_domain::delivery::attempt::Attempt;
use hooklane_domain::delivery::outcome::Verdict;
use hooklane_domain::delivery::retry::Next;
use hooklane_domain::delivery::waiting::Wait;
use hooklane_domain::delivery::{Delivery, ParkReason, Turn};

use crate::ledger::{at, message_id};
use crate::queue::Message;
use crate::world::{Attempting, World};

impl World {
    pub(crate) fn settle(&mut self, made: Attempting) {
        let Attempting { batch, message, delivery, began, outcome } = made;
        let now = self.now();
        let verdict = outcome.verdict(false, now);
        let success = verdict == Verdict::Success;
        let is_silence = outcome.error().is_some();
        let attempt = Attempt {
            number: delivery.next_number(),
            at: at(began),
            duration_ms: u32::try_from(self.clock - began).unwrap_or(u32::MAX),
            request_headers: Vec::new(),
            outcome,
        };
        if self.is_dead(message.webhook) && is_silence {
            self.figures.dead_failures += 1;
        }
        let next = self.policy.next(delivery.retries, verdict, now, self.chance.f64());
        if self.write_down(batch, message, delivery, &attempt, next) {
            self.fleet.batches[batch].done.push(message.webhook);
        }
        self.observe(batch, message.webhook, success, attempt.duration_ms);
    }

    /// Whether the message is done with.
    fn write_down(
        &mut self,
        batch: usize,
        message: Message,
        delivery: Delivery,
        attempt: &Attempt,
        next: Next,
    ) -> bool {
        let now = self.now();
        let own = Turn { generation: message.generation, owner: message_id(message.id) };
        let Next::RetryAt(until) = next else {
            self.save(message, delivery.after(attempt, next, own));
            return true;
        };
        if self.brake_holds(batch, until) {
            self.announce_parking(batch, message.webhook, 1);
            let after = delivery.after(attempt, next, own);
            self.save(message, after.parked_until(now, until, ParkReason::Backlog));
            return true;
        }
        let lane = self.fleet.batches[batch].lane;
        match self.waiting.plan(lane, now, until) {
            Wait::Hide { .. } => {
                self.save(message, delivery.after(attempt, next, own));
                self.hide(lane, message, until);
                false
            }
            Wait::Move { delay_seconds } => {
                let turn = self.send_successor(message, delay_seconds);
                self.save(message, delivery.after(attempt, next, turn));
                true
            }
        }
    }
}
