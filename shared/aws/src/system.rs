//! The real clock and real chance.

use hooklane_app::ports::{Clock, Entropy};
use hooklane_domain::Timestamp;

#[derive(Debug, Clone, Copy, Default)]
pub struct System;

impl Clock for System {
    #[expect(clippy::disallowed_methods, reason = "the one home of the clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

impl Entropy for System {
    fn random(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        // Without the system's randomness there are no keys, no nonces and no ids worth having.
        #[expect(clippy::expect_used, reason = "getrandom does not fail on a running Linux")]
        getrandom::fill(&mut bytes).expect("the system's randomness");
        bytes
    }
}
