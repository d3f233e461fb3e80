//! What `delivery` does with a message, up to the attempt (`worker.rs`, `attempt.rs`, `parking.rs`).

use hooklane_domain::Timestamp;
use hooklane_domain::delivery::receipt::{Claim, Decision, Receipt, decide};
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::delivery::{Delivery, State, Turn};
use hooklane_domain::isolation::admission::{Admission, admit, changes_lane};
use hooklane_domain::webhook::WebhookState;

use crate::care::Room;
use crate::ledger::{at, message_id};
use crate::queue::Message;
use crate::scenario::{Millis, SECOND};
use crate::world::{Attempting, Happening, World};

/// What becomes of a message in its batch.
pub(crate) enum Step {
    /// It is deleted when the batch ends.
    Done,
    /// It stays in flight and comes back.
    Hidden,
    Attempts {
        until: Millis,
    },
}

impl World {
    pub(crate) fn take(&mut self, batch: usize, message: Message) -> Step {
        let now = self.now();
        let mut current = self.ledger.read(message.webhook, message.delivery, message.accepted);
        let receipt = Receipt {
            message: message_id(message.id),
            generation: message.generation,
            sent_at: at(message.sent),
        };
        let (claim, hide_until) = match decide(&current, &receipt, now) {
            Decision::Discard(_) => return Step::Done,
            Decision::LookAgain => {
                self.look_again(batch, message, current);
                return Step::Done;
            }
            Decision::SendAfresh => {
                let turn = self.send_successor(message, 0);
                self.save(message, current.handed_to(turn, now));
                return Step::Done;
            }
            Decision::HideUntil(until, claim) => (claim, Some(until)),
            Decision::Attempt(claim) => (claim, None),
        };
        if let Claim::Take(turn) = claim {
            current = self.save(message, current.handed_to(turn, now));
        }
        match hide_until {
            Some(until) => {
                self.hide(self.fleet.batches[batch].lane, message, until);
                Step::Hidden
            }
            None => self.attempt(batch, message, current),
        }
    }

    fn attempt(&mut self, batch: usize, message: Message, delivery: Delivery) -> Step {
        let now = self.now();
        let health = self.health(batch, message.webhook);
        let (circuit, lane) = (health.circuit, health.lane());
        match admit(WebhookState::Active, false, circuit, now) {
            Admission::Park(reason) => {
                self.park(batch, message, delivery.parked(now, reason));
                return Step::Done;
            }
            Admission::Probe if !self.may_probe(batch, message.webhook) => {
                let reason = hooklane_domain::delivery::ParkReason::Circuit;
                self.park(batch, message, delivery.parked(now, reason));
                return Step::Done;
            }
            Admission::Attempt if changes_lane(self.fleet.batches[batch].lane, lane) => {
                let turn = self.send_successor(message, 0);
                self.save(message, delivery.handed_to(turn, now));
                return Step::Done;
            }
            Admission::Attempt | Admission::Probe => {}
        }
        let webhook = message.webhook;
        if !self.is_dead(webhook) {
            let due = delivery.next_attempt_at().map_or(self.clock, Timestamp::as_millisecond);
            self.note_wait(self.clock - due);
        }
        self.counts(webhook).attempts += 1;
        let number = delivery.next_number();
        let answer = self.receivers.answer(webhook, message.delivery, number, self.clock);
        let until = self.clock + answer.took;
        let (began, outcome) = (self.clock, answer.outcome);
        let attempting = Attempting { batch, message, delivery, began, outcome };
        self.plan(until, Happening::AttemptEnded(Box::new(attempting)));
        Step::Attempts { until }
    }

    pub(crate) fn save(&mut self, message: Message, mut delivery: Delivery) -> Delivery {
        let written = self.ledger.save(message.webhook, message.delivery, &mut delivery);
        if written.first_parking {
            self.counts(message.webhook).parked += 1;
        }
        let parked = self.ledger.parked_count(message.webhook);
        self.figures.most_parked = self.figures.most_parked.max(parked);
        match delivery.state {
            State::Delivered { at } => {
                let counts = self.counts(message.webhook);
                counts.delivered += 1;
                counts.delivered_after_parking += u64::from(written.was_parked);
                if written.was_parked && self.is_dead(message.webhook) {
                    self.figures.parked_delivered_at = Some(at.as_millisecond());
                }
            }
            State::Failed { .. } => self.counts(message.webhook).exhausted += 1,
            _ => {}
        }
        delivery
    }

    fn park(&mut self, batch: usize, message: Message, parked: Delivery) {
        let room = self.announce_parking(batch, message.webhook, 1);
        if room == Room::Full && parked.revision == 0 {
            self.withdraw_parking(batch, message.webhook);
            self.counts(message.webhook).skipped += 1;
            return;
        }
        let parked = self.save(message, parked);
        self.look_again(batch, message, parked);
    }

    fn look_again(&mut self, batch: usize, message: Message, parked: Delivery) {
        let now = self.now();
        let State::Parked { since, due, .. } = parked.state else { return };
        if due > now {
            return;
        }
        let health = self.fresh_health(batch, message.webhook);
        let discards = health.discards(since);
        let admission = admit(WebhookState::Active, false, health.circuit, now);
        if admission == Admission::Attempt && !discards {
            let turn = self.send_successor(message, 0);
            self.save(message, parked.handed_to(turn, now));
        }
    }

    /// A new message for the retry queue, and its turn.
    pub(crate) fn send_successor(&mut self, message: Message, delay_seconds: u32) -> Turn {
        let generation = message.generation + 1;
        let successor =
            Message { id: self.next_message_id(), generation, sent: self.clock, ..message };
        let visible_at = self.clock + Millis::from(delay_seconds) * SECOND;
        let visible =
            Happening::Visible { lane: Lane::Slow, message: successor, was_received: false };
        self.plan(visible_at, visible);
        Turn { generation, owner: message_id(successor.id) }
    }

    pub(crate) fn hide(&mut self, lane: Lane, message: Message, until: Timestamp) {
        let seconds = self.waiting.hide_for(self.now(), until);
        let visible_at = self.clock + Millis::from(seconds) * SECOND;
        self.plan(visible_at, Happening::Visible { lane, message, was_received: true });
    }
}
