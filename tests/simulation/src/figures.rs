//! What a run shows.

use crate::time::{MINUTE, Millis};

/// The time that one figure of a series covers.
pub const SLICE: Millis = 10 * MINUTE;

/// Everything that is counted in a run. `dead` counts what concerns the one receiver, `healthy` the others.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    pub healthy: Counts,
    pub dead: Counts,
    /// From when a healthy delivery was due to the beginning of its attempt.
    pub waits: Histogram,
    /// Most in flight: delivery queue, retry queue.
    pub most_in_flight: [u32; 2],
    /// Most that were visible and had to wait for an instance.
    pub most_waiting: [usize; 2],
    /// Attempts that ended without an answer by the dead receiver.
    pub dead_failures: u64,
    pub most_parked: usize,
    pub released: u64,
    pub swept: u64,
    pub opened: u64,
    pub brake_minutes: u64,
    /// When the last delivery of the dead receiver that had been parked was delivered.
    pub parked_delivered_at: Option<Millis>,
    /// Messages that were dead-lettered.
    pub dead_letters: u64,
    /// Calls that were refused, and looks of `upkeep` that failed.
    pub refusals: u64,
    /// Deliveries that had not come to an end when the run did, and messages.
    pub left: usize,
    pub messages_left: usize,
    /// When the run ended.
    pub ended_at: Millis,
    pub series: Vec<Slice>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub published: u64,
    pub attempts: u64,
    pub delivered: u64,
    /// Those of them that had been parked.
    pub delivered_after_parking: u64,
    /// Deliveries that were parked, each counted once.
    pub parked: u64,
    pub exhausted: u64,
    pub skipped: u64,
}

/// A time of [`SLICE`].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Slice {
    pub begins: Millis,
    pub most_in_flight: [u32; 2],
    /// The 99th percentile of the waits of healthy deliveries whose attempts began then, if any did.
    pub wait: Option<Millis>,
}

/// Counts of whole milliseconds up to a minute, of whole seconds beyond.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

const FINE: usize = 60_000;

impl Histogram {
    pub fn add(&mut self, wait: Millis) {
        let wait = usize::try_from(wait).unwrap_or(0);
        let index = if wait < FINE { wait } else { FINE + (wait - FINE) / 1_000 };
        if self.counts.len() <= index {
            self.counts.resize(index + 1, 0);
        }
        self.counts[index] += 1;
        self.total += 1;
    }

    /// The least wait that this share does not exceed, 0 to 1.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Millis {
        let wanted = (self.total as f64 * share).ceil() as u64;
        let mut seen = 0;
        let index = self.counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        });
        let index = index.unwrap_or(0);
        let wait = if index < FINE { index } else { FINE + (index - FINE) * 1_000 };
        wait as Millis
    }

    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }
}

impl Figures {
    /// Both queues' greatest number in flight.
    #[must_use]
    pub fn most_in_flight_of_both(&self) -> u32 {
        self.most_in_flight[0].max(self.most_in_flight[1])
    }

    /// Nothing is lost: every delivery came to an end that is known.
    #[must_use]
    pub fn accounts_for_everything(&self) -> bool {
        let ended = |c: Counts| c.delivered + c.exhausted + c.skipped == c.published;
        self.left == 0
            && self.messages_left == 0
            && self.dead_letters == 0
            && self.refusals == 0
            && ended(self.healthy)
            && ended(self.dead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles() {
        let mut waits = Histogram::default();
        (1..=100).for_each(|wait| waits.add(wait));
        assert_eq!([0.5, 0.99, 1.0].map(|share| waits.quantile(share)), [50, 99, 100]);
        waits.add(75_999);
        assert_eq!(waits.quantile(1.0), 75_000);
    }
}
