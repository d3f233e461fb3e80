//! A run from its beginning to its end: takes what happens in order of time, and lets the functions work.

use std::sync::Arc;

use fastrand::Rng;
use futures::FutureExt as _;
use hooklane_app::fakes::MemoryRegistry;
use hooklane_app::ports::{BrakeStore as _, HealthStore as _};
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::ids::WebhookId;
use hooklane_upkeep::Summary;

use crate::assumptions::FIRST_UPKEEP;
use crate::executor::Tasks;
use crate::fan_out::FanOut;
use crate::figures::{Figures, SLICE};
use crate::fleet::{Fleet, Worked};
use crate::ledger::Ledger;
use crate::ports::SimulatedUpkeep;
use crate::queue::{Queue, index};
use crate::receivers::Receivers;
use crate::scenario::Scenario;
use crate::setting::Setting;
use crate::time::{Millis, SECOND};
use crate::upkeep::upkeep;
use crate::world::{Happening, State, World};

/// Runs a scenario to its end.
#[must_use]
pub fn run(scenario: Scenario) -> Figures {
    Day::new(scenario).run()
}

struct Day {
    scenario: Scenario,
    world: Arc<World>,
    registry: MemoryRegistry,
    webhooks: Vec<WebhookId>,
    fan_out: FanOut,
    fleet: Fleet,
    upkeep: Arc<SimulatedUpkeep>,
    tasks: Tasks<Ended>,
    /// The lanes in which an idle instance may find a batch.
    may_begin: [bool; 2],
}

/// What a function has done.
enum Ended {
    Batch(Worked),
    Upkeep(Summary),
}

impl Day {
    fn new(scenario: Scenario) -> Self {
        let Setting { tenant, event_type, contracts, webhooks, registry } =
            Setting::of(scenario.healthy);
        let count = webhooks.len();
        let fair = scenario.isolation.has_fair_queues();
        let queues = scenario.deployment.max_receives.map(|most| Queue::new(count, fair, most));
        let ledger = Ledger::new(tenant.clone(), event_type.clone(), webhooks.clone());
        let chance = Rng::with_seed(scenario.seed ^ 0xc4a9ce);
        let receivers = Receivers::new(&scenario);
        let state = State::new(ledger, queues, receivers, chance, scenario.healthy);
        let world = Arc::new(World::new(state));
        let upkeep = upkeep(&world, registry.clone(), contracts.clone(), &scenario);
        Self {
            fan_out: FanOut::new(scenario.seed, registry.clone(), tenant, event_type),
            fleet: Fleet::new(Arc::clone(&world), registry.clone(), contracts, &scenario),
            upkeep: Arc::new(upkeep),
            tasks: Tasks::default(),
            may_begin: [false; 2],
            webhooks,
            registry,
            world,
            scenario,
        }
    }

    fn run(mut self) -> Figures {
        self.plan(0, Happening::Published { dead: false });
        if self.scenario.dead.is_some() {
            self.plan(0, Happening::Published { dead: true });
        }
        if self.scenario.isolation.has_upkeep() {
            self.plan(FIRST_UPKEEP, Happening::UpkeepBegins);
        }
        self.plan(SLICE, Happening::SliceEnds);
        let latest = self.scenario.publishes_until + self.scenario.patience;
        while self.world.now() <= latest && !self.is_over() {
            let Some(happening) = self.world.advance() else { break };
            self.happen(happening);
            self.work();
        }
        self.figures()
    }

    fn plan(&self, at: Millis, happening: Happening) {
        self.world.state().calendar.plan(at, happening);
    }

    /// Whether everything that was published has come to its end.
    fn is_over(&self) -> bool {
        if self.world.now() <= self.scenario.publishes_until + SECOND {
            return false;
        }
        let state = self.world.state();
        state.messages_left() == 0 && state.ledger.undelivered() == 0
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Published { dead } => {
                self.fan_out.publish(&self.world, &self.scenario, dead);
            }
            Happening::FannedOut(message) => {
                if let Some(lane) = self.fan_out.fan_out(&self.world, message) {
                    self.may_begin[index(lane)] = true;
                }
            }
            Happening::Dispatched { lane, message } => {
                let state = &mut *self.world.state();
                state.on_their_way -= 1;
                state.queues[index(lane)].arrive(message);
                self.may_begin[index(lane)] = true;
            }
            Happening::Arrived(message) => {
                let state = &mut *self.world.state();
                state.held_back -= 1;
                state.queues[index(Lane::Slow)].arrive(message);
                self.may_begin[index(Lane::Slow)] = true;
            }
            Happening::CameBack { lane, message } => {
                self.world.state().queues[index(lane)].come_back(message);
                self.may_begin[index(lane)] = true;
            }
            Happening::Woken(waker) => waker.wake(),
            Happening::UpkeepBegins => self.begin_upkeep(),
            Happening::SliceEnds => self.world.state().end_slice(self.world.now()),
        }
    }

    fn begin_upkeep(&mut self) {
        let next = self.world.now() + self.scenario.deployment.upkeep_every;
        self.plan(next, Happening::UpkeepBegins);
        let upkeep = Arc::clone(&self.upkeep);
        self.tasks.spawn(async move {
            let failed = |_| Summary { failed: 1, ..Summary::default() };
            Ended::Upkeep(upkeep.run().await.unwrap_or_else(failed))
        });
    }

    /// Lets the functions work until all of them wait.
    fn work(&mut self) {
        loop {
            for lane in [Lane::Fast, Lane::Slow] {
                if std::mem::take(&mut self.may_begin[index(lane)]) {
                    self.dispatch(lane);
                }
            }
            match self.tasks.run_ready() {
                Some(Ended::Batch(worked)) => {
                    self.may_begin[index(worked.lane)] = true;
                    self.fleet.end(worked);
                }
                Some(Ended::Upkeep(summary)) => self.note_upkeep(summary),
                None => break,
            }
        }
    }

    /// Idle instances take what is there.
    fn dispatch(&mut self, lane: Lane) {
        while let Some(batch) = self.fleet.begin(lane) {
            self.tasks.spawn(async { Ended::Batch(batch.await) });
        }
        self.world.state().measure(lane);
    }

    fn note_upkeep(&mut self, summary: Summary) {
        let brake = self.registry.brake().now_or_never().and_then(Result::ok).flatten();
        let figures = &mut self.world.state().figures;
        figures.released += summary.released;
        figures.swept += summary.swept;
        figures.refusals += summary.failed;
        figures.brake_minutes += u64::from(brake.is_some_and(|brake| brake.on));
    }

    fn figures(self) -> Figures {
        let skipped = |id: &WebhookId| {
            let health = self.registry.health(*id).now_or_never().and_then(Result::ok);
            health.map_or(0, |health| health.skipped)
        };
        let state = &mut *self.world.state();
        for (number, id) in (0..).zip(&self.webhooks) {
            state.counts(number).skipped += skipped(id);
        }
        let reported = state.operational.values().map(|event| event.content.event_type.as_str());
        let opened = reported.filter(|event_type| *event_type == "webhook.failing").count() as u64;
        let dead_letters: u64 = state.queues.iter().map(Queue::dead_letters).sum();
        Figures {
            ended_at: self.world.now(),
            left: state.ledger.undelivered(),
            messages_left: state.messages_left(),
            opened,
            dead_letters: state.figures.dead_letters + dead_letters,
            ..state.figures.clone()
        }
    }
}
