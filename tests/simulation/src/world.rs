//! The world and its clock: what happens, in order of time.

use std::collections::BTreeMap;

use fastrand::Rng;
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::delivery::outcome::Outcome;
use hooklane_domain::delivery::retry::RetryPolicy;
use hooklane_domain::delivery::waiting::{Lane, Waiting};
use hooklane_domain::ids::{EventType, TenantId};
use hooklane_domain::isolation::brake::Brake;
use hooklane_domain::isolation::circuit::Thresholds;
use hooklane_domain::isolation::health::Health;
use hooklane_domain::webhook::Route;
use hooklane_domain::webhook::subscription::Subscription;

use crate::calendar::Calendar;
use crate::edges;
use crate::figures::{Counts, Figures, SLICE, Slice};
use crate::fleet::Fleet;
use crate::ledger::{Ledger, at};
use crate::queue::{Message, Queue, WebhookNo};
use crate::receivers::{Receivers, exponential};
use crate::scenario::{Millis, SECOND, Scenario};
use crate::upkeep::{Run, Watch};

/// The first number of the dead receiver's deliveries.
const DEAD_FIRST: u32 = 1 << 31;

pub(crate) enum Happening {
    /// An event of a healthy webhook, or of the dead one.
    Published {
        dead: bool,
    },
    FannedOut(Message),
    /// A delay, or a visibility timeout, is over.
    Visible {
        lane: Lane,
        message: Message,
        was_received: bool,
    },
    AttemptEnded(Box<Attempting>),
    BatchEnded(usize),
    UpkeepBegins,
    UpkeepGoesOn,
    SliceEnds,
}

/// An attempt under way.
pub(crate) struct Attempting {
    pub(crate) batch: usize,
    pub(crate) message: Message,
    pub(crate) delivery: Delivery,
    pub(crate) began: Millis,
    pub(crate) outcome: Outcome,
}

pub(crate) struct World {
    pub(crate) scenario: Scenario,
    pub(crate) clock: Millis,
    pub(crate) calendar: Calendar<Happening>,
    traffic: Rng,
    pub(crate) chance: Rng,
    published: [u32; 2],
    pub(crate) messages: u64,
    event_type: EventType,
    pub(crate) routes: Vec<Route>,
    pub(crate) healths: Vec<Health>,
    pub(crate) watches: BTreeMap<WebhookNo, Watch>,
    pub(crate) brake: Option<Brake>,
    pub(crate) ledger: Ledger,
    pub(crate) queues: [Queue; 2],
    pub(crate) fleet: Fleet,
    pub(crate) receivers: Receivers,
    pub(crate) thresholds: Thresholds,
    pub(crate) policy: RetryPolicy,
    pub(crate) waiting: Waiting,
    pub(crate) upkeep: Option<Run>,
    pub(crate) begin_after: Option<WebhookNo>,
    pub(crate) figures: Figures,
    slice_waits: Vec<Millis>,
    pub(crate) slice_in_flight: [u32; 2],
}

pub(crate) fn index(lane: Lane) -> usize {
    usize::from(lane == Lane::Slow)
}

impl World {
    pub(crate) fn new(scenario: Scenario) -> Self {
        let webhooks = usize::from(scenario.healthy) + 1;
        let contracts = hooklane_bundled_contracts::load();
        #[expect(clippy::unwrap_used, reason = "constants; the contract is in the repository")]
        let (tenant, event_type, contract): (TenantId, EventType, _) = (
            "tenant".parse().unwrap(),
            "order.created".parse().unwrap(),
            contracts.get(&"prism".parse().unwrap()).unwrap(),
        );
        let ledger = Ledger::new(webhooks, tenant, event_type.clone());
        let route = |webhook| Route {
            filter: None,
            webhook: ledger.webhook(webhook),
            events: vec![Subscription::All],
            test_mode: false,
            lane: Lane::Fast,
            created_at: at(0),
        };
        let queue = || Queue::new(webhooks, scenario.isolation.has_fair_queues());
        let time_limit = contract.timeout().as_millis() as Millis;
        Self {
            clock: 0,
            calendar: Calendar::default(),
            traffic: Rng::with_seed(scenario.seed),
            chance: Rng::with_seed(scenario.seed ^ 0xc4a9ce),
            published: [0, DEAD_FIRST],
            messages: 0,
            event_type,
            routes: (0..=scenario.healthy).map(route).collect(),
            healths: vec![Health::default(); webhooks],
            watches: BTreeMap::new(),
            brake: None,
            queues: [queue(), queue()],
            fleet: Fleet::new(scenario.instances),
            receivers: Receivers::new(&scenario, time_limit),
            thresholds: scenario.isolation.thresholds(),
            policy: contract.retry().clone(),
            waiting: Waiting { queue_visibility_seconds: edges::QUEUE_VISIBILITY_SECONDS },
            upkeep: None,
            begin_after: None,
            figures: Figures::default(),
            slice_waits: Vec::new(),
            slice_in_flight: [0; 2],
            ledger,
            scenario,
        }
    }

    pub(crate) fn run(mut self) -> Figures {
        self.plan(0, Happening::Published { dead: false });
        if self.scenario.dead.is_some() {
            self.plan(0, Happening::Published { dead: true });
        }
        if self.scenario.isolation.has_upkeep() {
            self.plan(30 * SECOND, Happening::UpkeepBegins);
        }
        self.plan(SLICE, Happening::SliceEnds);
        let latest = self.scenario.publishes_until + self.scenario.patience;
        while let Some((at, happening)) = self.calendar.next() {
            if at > latest || self.is_over(at) {
                break;
            }
            self.clock = at;
            self.happen(happening);
        }
        self.figures.ended_at = self.clock;
        self.figures.left = self.ledger.left();
        self.figures.messages_left =
            self.queues.iter().map(|q| q.visible() + q.in_flight() as usize).sum();
        self.figures
    }

    /// Whether everything that was published has come to its end.
    fn is_over(&self, now: Millis) -> bool {
        let ended = |c: Counts| c.delivered + c.exhausted + c.skipped == c.published;
        now > self.scenario.publishes_until + SECOND
            && self.queues.iter().all(|queue| queue.visible() == 0 && queue.in_flight() == 0)
            && ended(self.figures.healthy)
            && ended(self.figures.dead)
    }

    pub(crate) fn plan(&mut self, at: Millis, happening: Happening) {
        self.calendar.plan(at, happening);
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Published { dead } => self.publish(dead),
            Happening::FannedOut(message) => self.fan_out(message),
            Happening::Visible { lane, message, was_received } => {
                let queue = &mut self.queues[index(lane)];
                if was_received {
                    queue.come_back(message);
                } else {
                    queue.arrive(message);
                }
                self.dispatch(lane);
            }
            Happening::AttemptEnded(attempting) => self.settle(*attempting),
            Happening::BatchEnded(batch) => self.end_batch(batch),
            Happening::UpkeepBegins => self.begin_upkeep(),
            Happening::UpkeepGoesOn => self.go_on_with_upkeep(),
            Happening::SliceEnds => self.end_slice(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        at(self.clock)
    }

    pub(crate) fn is_dead(&self, webhook: WebhookNo) -> bool {
        webhook == self.scenario.healthy
    }

    pub(crate) fn counts(&mut self, webhook: WebhookNo) -> &mut Counts {
        if self.is_dead(webhook) { &mut self.figures.dead } else { &mut self.figures.healthy }
    }

    pub(crate) fn next_message_id(&mut self) -> u64 {
        self.messages += 1;
        self.messages
    }

    /// Healthy events come by chance, those of the dead receiver evenly.
    fn publish(&mut self, dead: bool) {
        let (webhook, pause, delay) = if dead {
            let rate = self.scenario.dead.map_or(1.0, |dead| dead.rate);
            (self.scenario.healthy, (1_000.0 / rate) as Millis, edges::FAN_OUT.start)
        } else {
            let rate = self.scenario.healthy_rate * f64::from(self.scenario.healthy);
            let webhook = self.traffic.u16(..self.scenario.healthy);
            let pause = exponential(&mut self.traffic, 1_000.0 / rate);
            (webhook, pause, self.traffic.i64(edges::FAN_OUT))
        };
        let number = &mut self.published[usize::from(dead)];
        *number += 1;
        let delivery = *number;
        self.counts(webhook).published += 1;
        let (accepted, sent) = (self.clock, self.clock + delay);
        let id = self.next_message_id();
        let message = Message { id, delivery, webhook, generation: 0, accepted, sent };
        self.plan(sent, Happening::FannedOut(message));
        if self.clock + pause < self.scenario.publishes_until {
            self.plan(self.clock + pause, Happening::Published { dead });
        }
    }

    fn fan_out(&mut self, message: Message) {
        let route = &self.routes[usize::from(message.webhook)];
        if route.takes(&self.event_type, at(message.accepted), false) {
            let lane = route.lane;
            self.queues[index(lane)].arrive(message);
            self.dispatch(lane);
        }
    }

    pub(crate) fn note_wait(&mut self, wait: Millis) {
        self.figures.waits.add(wait);
        self.slice_waits.push(wait);
    }

    fn end_slice(&mut self) {
        let waits = &mut self.slice_waits;
        let wait = (!waits.is_empty()).then(|| {
            let place = (waits.len() * 99).div_ceil(100) - 1;
            *waits.select_nth_unstable(place).1
        });
        waits.clear();
        let most_in_flight =
            [0, 1].map(|which| self.slice_in_flight[which].max(self.queues[which].in_flight()));
        self.slice_in_flight = [0; 2];
        self.figures.series.push(Slice { begins: self.clock - SLICE, most_in_flight, wait });
        self.plan(self.clock + SLICE, Happening::SliceEnds);
    }
}
