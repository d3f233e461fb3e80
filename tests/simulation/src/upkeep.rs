//! What `upkeep` does once a minute (`functions/upkeep`). Webhooks are looked at one after the other
//! here, where the function looks at eight at once: it is not faster than the real one.

use std::collections::VecDeque;

use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::delivery::{Delivery, State};
use hooklane_domain::isolation::admission::{Admission, admit};
use hooklane_domain::isolation::brake::Brake;
use hooklane_domain::isolation::health::{Change, Health};
use hooklane_domain::webhook::WebhookState;

use crate::edges;
use crate::ledger::at;
use crate::queue::{Message, WebhookNo};
use crate::scenario::{MINUTE, Millis};
use crate::world::{Happening, World, index};

/// A webhook of the list.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Watch {
    marked_at: Millis,
    due_at: Millis,
    parked: u64,
    sweep_due: Millis,
    sweep_after: u32,
}

/// One run.
#[derive(Debug)]
pub(crate) struct Run {
    deadline: Millis,
    todo: VecDeque<WebhookNo>,
    looking: Option<Looking>,
    released: u64,
    unfinished: bool,
}

#[derive(Debug)]
struct Looking {
    webhook: WebhookNo,
    seen: Watch,
    most: usize,
    left: usize,
    due_by: Millis,
    removed: u64,
}

impl World {
    /// Puts a webhook on the list; how many are parked.
    pub(crate) fn watch(&mut self, webhook: WebhookNo, parked: u32) -> u64 {
        let watch = self.watches.entry(webhook).or_default();
        watch.marked_at = self.clock;
        watch.due_at = self.clock;
        watch.parked += u64::from(parked);
        watch.parked
    }

    pub(crate) fn begin_upkeep(&mut self) {
        self.plan(self.clock + edges::UPKEEP_EVERY, Happening::UpkeepBegins);
        let in_flight = u64::from(self.queues[index(Lane::Slow)].in_flight());
        let brake = Brake::measured(self.brake, in_flight, Brake::LIMIT_FOR_TESTS, self.now());
        self.figures.brake_minutes += u64::from(brake.on);
        self.brake = Some(brake);
        let deadline = self.clock + edges::UPKEEP_SLICE;
        let todo = self.list();
        self.upkeep = Some(Run { deadline, todo, looking: None, released: 0, unfinished: false });
        self.go_on_with_upkeep();
    }

    /// What is due on the list, from where the last run was interrupted.
    fn list(&mut self) -> VecDeque<WebhookNo> {
        let clock = self.clock;
        let due =
            |(webhook, watch): (&WebhookNo, &Watch)| (watch.due_at <= clock).then_some(*webhook);
        let mut todo: VecDeque<_> = self.watches.iter().filter_map(due).collect();
        if let Some(after) = self.begin_after.take() {
            let place = todo.partition_point(|webhook| *webhook <= after);
            todo.rotate_left(place);
        }
        todo
    }

    /// One step: the beginning of a look, or a page of releases.
    pub(crate) fn go_on_with_upkeep(&mut self) {
        let Some(mut run) = self.upkeep.take() else { return };
        let over = self.clock >= run.deadline;
        let took = match run.looking.take() {
            Some(looking) if over || looking.left == 0 => {
                self.end_look(&mut run, looking);
                edges::LOOK
            }
            Some(looking) => self.release_page(&mut run, looking),
            None if over => {
                self.begin_after = run.todo.front().map(|next| next.saturating_sub(1));
                return;
            }
            None => match run.todo.pop_front() {
                Some(webhook) => {
                    run.looking = self.look(webhook);
                    edges::LOOK
                }
                None if run.unfinished && run.released > 0 => {
                    (run.unfinished, run.released) = (false, 0);
                    run.todo = self.list();
                    edges::LOOK
                }
                None => return,
            },
        };
        self.upkeep = Some(run);
        self.plan(self.clock + took, Happening::UpkeepGoesOn);
    }

    fn look(&mut self, webhook: WebhookNo) -> Option<Looking> {
        let seen = *self.watches.get(&webhook)?;
        let health = self.healths[usize::from(webhook)].clone();
        if !health.owed.is_empty() {
            let health = Health { owed: Vec::new(), ..health.clone() };
            self.save_health(webhook, Change { health, lane: None, watch: None });
        }
        let most = match admit(WebhookState::Active, false, health.circuit, self.now()) {
            Admission::Attempt => edges::MOST_RELEASED,
            Admission::Probe => 1,
            Admission::Park(_) => 0,
        };
        Some(Looking { webhook, seen, most, left: most, due_by: self.clock, removed: 0 })
    }

    fn release_page(&mut self, run: &mut Run, mut looking: Looking) -> Millis {
        let most = looking.left.min(edges::RELEASE_PAGE);
        let page = self.ledger.parked(looking.webhook, looking.due_by, most);
        if page.is_empty() {
            self.end_look(run, looking);
            return edges::LOOK;
        }
        looking.left -= page.len();
        for pointer in &page {
            self.let_go(looking.webhook, *pointer);
            looking.removed += 1;
            run.released += 1;
        }
        run.looking = Some(looking);
        edges::RELEASE * page.len().div_ceil(edges::RELEASES_AT_ONCE) as Millis
    }

    fn let_go(&mut self, webhook: WebhookNo, pointer: (Millis, u32)) {
        let delivery = self.ledger.read(webhook, pointer.1, 0);
        let parked = matches!(delivery.state, State::Parked { due, .. } if due == at(pointer.0));
        if parked {
            let now = self.now();
            let message = self.message_of(webhook, pointer.1, &delivery);
            let turn = self.send_successor(message, 0);
            self.save(message, delivery.handed_to(turn, now));
            self.figures.released += 1;
        }
        self.ledger.unpark(webhook, pointer);
    }

    fn message_of(&self, webhook: WebhookNo, number: u32, delivery: &Delivery) -> Message {
        Message {
            id: 0,
            delivery: number,
            webhook,
            generation: delivery.generation,
            accepted: delivery.id.accepted_at().as_millisecond(),
            sent: self.clock,
        }
    }

    fn end_look(&mut self, run: &mut Run, looking: Looking) {
        let Looking { webhook, seen, most, due_by, removed, .. } = looking;
        let left = self.ledger.parked_count(webhook) > 0;
        let unlimited = most == edges::MOST_RELEASED;
        run.unfinished |= unlimited && !self.ledger.parked(webhook, due_by, 1).is_empty();
        let (sweep_due, sweep_after) = self.sweep(webhook, seen);
        let health = &self.healths[usize::from(webhook)];
        let busy = left || !health.circuit.is_closed();
        let clean = health.is_clean();
        let clock = self.clock;
        let aged = seen.marked_at + edges::MARK_RESPECTED <= clock;
        let Some(watch) = self.watches.get_mut(&webhook) else { return };
        let unmarked = watch.marked_at == seen.marked_at;
        if !busy && clean && aged && !self.ledger.has_undelivered(webhook) {
            if unmarked {
                self.watches.remove(&webhook);
            }
            return;
        }
        let fresh = seen.marked_at + edges::MARK_FRESH > clock;
        let rest = if busy || fresh { 0 } else { edges::LOOK_REST };
        let removed = if busy { removed } else { seen.parked.max(removed) };
        watch.parked = watch.parked.saturating_sub(removed);
        if unmarked {
            watch.due_at = clock + rest;
            (watch.sweep_due, watch.sweep_after) = (sweep_due, sweep_after);
        }
    }

    /// Sends again what is long overdue; when the sweep goes on, and where.
    fn sweep(&mut self, webhook: WebhookNo, seen: Watch) -> (Millis, u32) {
        let now = self.now();
        let mut after = seen.sweep_after;
        if seen.sweep_due > self.clock {
            return (seen.sweep_due, after);
        }
        for _ in 0..edges::SWEEP_PAGES {
            let page = self.ledger.undelivered(webhook, after, edges::SWEEP_PAGE);
            for number in &page {
                let delivery = self.ledger.read(webhook, *number, 0);
                let due = delivery.next_attempt_at();
                if due.is_some_and(|due| now.duration_since(due) > edges::LOST) {
                    self.ledger.expect_twins(*number);
                    let message = self.message_of(webhook, *number, &delivery);
                    let turn = self.send_successor(message, 0);
                    self.save(message, delivery.resent(turn, now));
                    self.figures.swept += 1;
                }
            }
            match page.last() {
                Some(last) if page.len() == edges::SWEEP_PAGE => after = *last,
                _ => return (self.clock + edges::SWEEP_REST, 0),
            }
        }
        (self.clock, after)
    }
}

const _: () = assert!(edges::UPKEEP_SLICE < MINUTE);
