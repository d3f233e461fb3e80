use std::sync::Arc;
use std::time::Duration;

use hooklane_app::ports::{Clock, Entropy, Pause};
use hooklane_domain::Timestamp;

use crate::time::Millis;
use crate::world::World;

/// The virtual clock, and chance that a seed decides.
pub(crate) struct WorldSystem(pub(crate) Arc<World>);

impl Clock for WorldSystem {
    fn now(&self) -> Timestamp {
        self.0.timestamp()
    }
}

impl Pause for WorldSystem {
    async fn pause(&self, time: Duration) {
        self.0.sleep(Millis::try_from(time.as_millis()).unwrap_or(Millis::MAX)).await;
    }
}

impl Entropy for WorldSystem {
    fn random(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.0.state().chance.fill(&mut bytes);
        bytes
    }

    fn jitter(&self) -> f64 {
        self.0.state().chance.f64()
    }
}
