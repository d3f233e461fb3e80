//! Published events and their messages. `fanout` itself is not simulated: an event takes a time to its
//! message, which goes where the subscriptions of that moment say.

use fastrand::Rng;
use futures::FutureExt as _;
use hooklane_app::fakes::MemoryRegistry;
use hooklane_app::ports::RouteStore as _;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::ids::{EventType, TenantId};
use hooklane_domain::webhook::Route;

use crate::assumptions::FAN_OUT;
use crate::queue::{Message, index};
use crate::receivers::exponential;
use crate::scenario::Scenario;
use crate::time::Millis;
use crate::world::{Happening, World};

pub(crate) struct FanOut {
    traffic: Rng,
    registry: MemoryRegistry,
    tenant: TenantId,
    event_type: EventType,
    /// By webhook, as of the version of the tenant's subscriptions that follows.
    routes: Vec<Route>,
    version: Option<u64>,
}

impl FanOut {
    pub(crate) fn new(
        seed: u64,
        registry: MemoryRegistry,
        tenant: TenantId,
        event_type: EventType,
    ) -> Self {
        let traffic = Rng::with_seed(seed);
        Self { traffic, registry, tenant, event_type, routes: Vec::new(), version: None }
    }

    /// Publishes an event now, and plans the next one. Healthy webhooks get theirs by chance, the dead
    /// one evenly.
    pub(crate) fn publish(&mut self, world: &World, scenario: &Scenario, dead: bool) {
        let (webhook, pause, delay) = if dead {
            let rate = scenario.dead.map_or(1.0, |dead| dead.rate);
            (scenario.healthy, (1_000.0 / rate) as Millis, FAN_OUT.start)
        } else {
            let rate = scenario.healthy_rate * f64::from(scenario.healthy);
            let webhook = self.traffic.u16(..scenario.healthy);
            let pause = exponential(&mut self.traffic, 1_000.0 / rate);
            (webhook, pause, self.traffic.i64(FAN_OUT))
        };
        let now = world.now();
        let state = &mut *world.state();
        state.counts(webhook).published += 1;
        let event = state.ledger.publish(webhook, dead, now);
        let (id, sent) = (state.next_message_id(), now + delay);
        let (generation, has_payload, receives) = (0, true, 0);
        let message = Message { id, event, webhook, generation, has_payload, receives, sent };
        state.on_their_way += 1;
        state.calendar.plan(sent, Happening::FannedOut(message));
        if now + pause < scenario.publishes_until {
            state.calendar.plan(now + pause, Happening::Published { dead });
        }
    }

    /// Puts the message into the queue of its webhook's lane; which lane that is.
    pub(crate) fn fan_out(&mut self, world: &World, message: Message) -> Option<Lane> {
        let state = &mut *world.state();
        state.on_their_way -= 1;
        let accepted_at = state.ledger.accepted_at(message.event)?;
        self.look_up_routes();
        let route = self.routes.get(usize::from(message.webhook))?;
        route.takes(&self.event_type, accepted_at, false).then(|| {
            state.queues[index(route.lane)].arrive(message);
            route.lane
        })
    }

    /// Reads the routes anew if the subscriptions have changed.
    fn look_up_routes(&mut self) {
        let version = self.registry.version(&self.tenant).now_or_never().and_then(Result::ok);
        if version == self.version {
            return;
        }
        if let Some(Ok(table)) = self.registry.table(&self.tenant).now_or_never() {
            (self.version, self.routes) = (Some(table.version), table.routes);
        }
    }
}
