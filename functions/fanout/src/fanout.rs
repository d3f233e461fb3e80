//! The function, with what it remembers between invocations.

use crate::deps::Deps;
use crate::ports::Ports;
use crate::route_cache::RouteCache;
use crate::unfinished::Unfinished;

/// The function, with what it remembers between invocations.
pub struct Fanout<P: Ports> {
    pub(crate) routes: RouteCache<P::Routes>,
    pub(crate) queues: P::Queues,
    pub(crate) dead_letters: P::DeadLetters,
    pub(crate) bus: Option<P::Bus>,
    pub(crate) strikes: P::Ledger,
    pub(crate) system: P::System,
    pub(crate) unfinished: Unfinished,
}

impl<P: Ports> Fanout<P> {
    #[must_use]
    pub fn new(deps: Deps<P>) -> Self {
        Self {
            routes: RouteCache::new(deps.routes),
            queues: deps.queues,
            dead_letters: deps.dead_letters,
            bus: deps.bus,
            strikes: deps.strikes,
            system: deps.system,
            unfinished: Unfinished::default(),
        }
    }
}
