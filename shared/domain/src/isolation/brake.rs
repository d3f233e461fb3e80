//! The brake: while the retry queue is nearly full, deliveries with long waits are parked.
//!
//! SQS stops handing out a standard queue's messages at about 120,000 in flight (*Amazon SQS Developer
//! Guide*, "Amazon SQS message quotas"), and a hidden message counts as in flight.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::time::later;

/// While the brake is on, a delivery with a longer wait than this is parked.
pub const LONG_WAIT: Duration = Duration::from_secs(15 * 60);
/// A measurement that is older does not count. Upkeep both measures and releases parked deliveries, so
/// if it stopped, nothing would be released either.
pub const STALE_AFTER: Duration = Duration::from_secs(5 * 60);

/// The brake as it was last measured. Stored as is: renaming a field needs a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brake {
    pub on: bool,
    pub in_flight: u64,
    pub measured_at: Timestamp,
}

impl Brake {
    /// The limit that is the default of `template.yaml`, for tests and the simulation. Production reads
    /// its environment.
    pub const LIMIT_FOR_TESTS: u64 = 80_000;

    /// The brake after a measurement. It goes on above the limit, and off again at seven eighths of it.
    #[must_use]
    pub fn measured(before: Option<Self>, in_flight: u64, limit: u64, now: Timestamp) -> Self {
        let was_on = before.is_some_and(|brake| brake.on);
        let on = in_flight > if was_on { limit / 8 * 7 } else { limit };
        Self { on, in_flight, measured_at: now }
    }

    /// Whether a delivery that waits until `until` is parked.
    #[must_use]
    pub fn holds(self, now: Timestamp, until: Timestamp) -> bool {
        self.on && now < later(self.measured_at, STALE_AFTER) && until > later(now, LONG_WAIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn it_goes_off_at_a_lower_count_than_it_goes_on() {
        let mut brake = None;
        for (in_flight, on) in [(80_000, false), (80_001, true), (70_001, true), (70_000, false)] {
            brake = Some(Brake::measured(brake, in_flight, Brake::LIMIT_FOR_TESTS, at(0)));
            assert_eq!(brake.map(|b| b.on), Some(on), "{in_flight}");
        }
    }

    #[test]
    fn it_parks_long_waits_while_the_measurement_is_recent() {
        let brake = |on| Brake { on, in_flight: 0, measured_at: at(0) };
        for (on, now, until, holds) in [
            (true, 0, 901, true),
            (true, 0, 900, false),
            (false, 0, 901, false),
            (true, 299, 5_000, true),
            (true, 300, 5_000, false),
        ] {
            assert_eq!(brake(on).holds(at(now), at(until)), holds, "{on} {now} {until}");
        }
    }
}
