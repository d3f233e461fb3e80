//! The system's clock and randomness.

use std::time::Duration;

use hooklane_app::ports::{Clock, Entropy, Pause};
use hooklane_domain::Timestamp;

#[derive(Debug, Clone, Copy, Default)]
pub struct System;

impl Clock for System {
    #[expect(clippy::disallowed_methods, reason = "the clock is read here only")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

impl Pause for System {
    async fn pause(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

impl Entropy for System {
    fn random(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        // Keys, nonces and ids would not be safe without it, so there is no way to go on.
        #[expect(clippy::expect_used, reason = "getrandom does not fail on a running Linux")]
        getrandom::fill(&mut bytes).expect("the system's randomness");
        bytes
    }
}
