//! What an instance of `delivery` knows of webhooks, and when it tells (`care.rs`).

use hooklane_domain::Timestamp;
use hooklane_domain::isolation::brake::Brake;
use hooklane_domain::isolation::health::{Change, Health, Tally};

use crate::edges::{CARE_REST, MEMORY};
use crate::queue::WebhookNo;
use crate::scenario::Millis;
use crate::world::World;

/// The memory of one instance.
pub(crate) struct Instance {
    healths: Vec<Option<(Millis, Health)>>,
    unwritten: Vec<Unwritten>,
    brake: Option<(Millis, Option<Brake>)>,
}

/// What was seen of a webhook and is not written yet.
#[derive(Debug, Clone, Copy, Default)]
struct Unwritten {
    tally: Tally,
    written_at: Option<Millis>,
    /// When `upkeep` was last called, and how many were parked then.
    marked: Option<(Millis, u64)>,
    parked: u32,
}

/// Whether there is room for one more parked delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    Free,
    Full,
}

impl Instance {
    pub(crate) fn new(webhooks: usize) -> Self {
        Self {
            healths: vec![None; webhooks],
            unwritten: vec![Unwritten::default(); webhooks],
            brake: None,
        }
    }
}

impl World {
    fn instance(&mut self, batch: usize) -> &mut Instance {
        self.fleet.instance(batch)
    }

    fn unwritten(&mut self, batch: usize, webhook: WebhookNo) -> &mut Unwritten {
        &mut self.instance(batch).unwritten[usize::from(webhook)]
    }

    /// At most five seconds old.
    pub(crate) fn health(&mut self, batch: usize, webhook: WebhookNo) -> &Health {
        let (now, which) = (self.clock, usize::from(webhook));
        let stored = &self.healths[which];
        let known = &mut self.fleet.instance(batch).healths[which];
        match known {
            Some((read_at, _)) if now - *read_at < MEMORY => {}
            _ => *known = Some((now, stored.clone())),
        }
        known.as_ref().map_or(stored, |(_, health)| health)
    }

    pub(crate) fn fresh_health(&mut self, batch: usize, webhook: WebhookNo) -> &Health {
        self.instance(batch).healths[usize::from(webhook)] = None;
        self.health(batch, webhook)
    }

    pub(crate) fn save_health(&mut self, webhook: WebhookNo, change: Change) {
        let which = usize::from(webhook);
        if self.healths[which].circuit.is_closed() && !change.health.circuit.is_closed() {
            self.figures.opened += 1;
        }
        if let Some(lane) = change.lane {
            self.routes[which].lane = lane;
        }
        if change.watch.is_some() {
            self.watch(webhook, 0);
        }
        self.healths[which] = Health { revision: change.health.revision + 1, ..change.health };
    }

    pub(crate) fn may_probe(&mut self, batch: usize, webhook: WebhookNo) -> bool {
        let now = self.now();
        let stored = self.fresh_health(batch, webhook).clone();
        let Some(circuit) = stored.circuit.probed(now) else {
            return stored.circuit.is_closed();
        };
        let health = Health { circuit, ..stored };
        self.save_health(webhook, Change { health, lane: None, watch: None });
        self.fresh_health(batch, webhook);
        true
    }

    pub(crate) fn observe(
        &mut self,
        batch: usize,
        webhook: WebhookNo,
        success: bool,
        took_ms: u32,
    ) {
        let (clock, now, thresholds) = (self.clock, self.now(), self.thresholds);
        let mut unwritten = *self.unwritten(batch, webhook);
        unwritten.tally.add(success, now, took_ms);
        let rested = unwritten.written_at.is_none_or(|at| clock - at >= CARE_REST);
        let known = self.health(batch, webhook);
        if known.asks_for_write(&unwritten.tally, &thresholds, rested) {
            let tally = std::mem::take(&mut unwritten.tally);
            unwritten.written_at = Some(clock);
            let stored = self.healths[usize::from(webhook)].clone();
            let next = stored.clone().observed(tally, &thresholds, true);
            self.save_health(webhook, stored.change_to(next, now));
            self.fresh_health(batch, webhook);
        }
        *self.unwritten(batch, webhook) = unwritten;
    }

    pub(crate) fn announce_parking(
        &mut self,
        batch: usize,
        webhook: WebhookNo,
        parking: u32,
    ) -> Room {
        let clock = self.clock;
        let mut unwritten = *self.unwritten(batch, webhook);
        unwritten.parked += parking;
        let marked = unwritten.marked.filter(|(at, _)| clock - at < CARE_REST);
        let known = match marked {
            Some((_, known)) => known + u64::from(unwritten.parked),
            None => {
                let known = self.watch(webhook, unwritten.parked);
                unwritten.marked = Some((clock, known));
                unwritten.parked = 0;
                known
            }
        };
        *self.unwritten(batch, webhook) = unwritten;
        if known > self.scenario.max_parked { Room::Full } else { Room::Free }
    }

    pub(crate) fn withdraw_parking(&mut self, batch: usize, webhook: WebhookNo) {
        let unwritten = self.unwritten(batch, webhook);
        unwritten.parked = unwritten.parked.saturating_sub(1);
    }

    pub(crate) fn brake_holds(&mut self, batch: usize, until: Timestamp) -> bool {
        let (clock, now, stored) = (self.clock, self.now(), self.brake);
        let known = &mut self.instance(batch).brake;
        let brake = match known {
            Some((read_at, brake)) if clock - *read_at < MEMORY => *brake,
            _ => {
                *known = Some((clock, stored));
                stored
            }
        };
        brake.is_some_and(|brake| brake.holds(now, until))
    }
}
