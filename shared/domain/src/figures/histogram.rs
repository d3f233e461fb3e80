//! A histogram of durations with a bounded relative error.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Below this many milliseconds each has a class of its own.
const EXACT: u32 = 128;
/// The classes of each doubling above.
const CLASSES: u32 = 64;

/// How often durations fell into each class. A class from 128 ms on is as wide as a 64th of the power of two at
/// or below it, so its middle is at most 1/128 (0.8 %) away from what is in it. Stored as is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(u32, u64)>", into = "Vec<(u32, u64)>")]
pub struct Histogram(BTreeMap<u32, u64>);

impl Histogram {
    pub fn add(&mut self, ms: u32) {
        *self.0.entry(class(ms)).or_default() += 1;
    }

    pub fn merge(&mut self, other: &Self) {
        for (class, count) in &other.0 {
            *self.0.entry(*class).or_default() += count;
        }
    }

    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.values().sum()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The smallest duration that `percent` % do not exceed, within the error of its class. `None` if there
    /// are no durations.
    #[must_use]
    pub fn percentile(&self, percent: u64) -> Option<u32> {
        let rank = (self.count() * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let found = self.0.iter().find(|(_, count)| {
            seen += **count;
            seen >= rank
        });
        found.map(|(class, _)| middle(*class))
    }
}

impl From<Vec<(u32, u64)>> for Histogram {
    fn from(classes: Vec<(u32, u64)>) -> Self {
        Self(classes.into_iter().collect())
    }
}

impl From<Histogram> for Vec<(u32, u64)> {
    fn from(histogram: Histogram) -> Self {
        histogram.0.into_iter().collect()
    }
}

fn class(ms: u32) -> u32 {
    if ms < EXACT {
        return ms;
    }
    let doubling = ms.ilog2() - EXACT.ilog2();
    // The leading bit and the six after it.
    let leading = ms >> (doubling + 1);
    EXACT + doubling * CLASSES + (leading - CLASSES)
}

fn middle(class: u32) -> u32 {
    if class < EXACT {
        return class;
    }
    let (doubling, within) = ((class - EXACT) / CLASSES, (class - EXACT) % CLASSES);
    // A class that no duration has is as far as durations reach.
    let shift = doubling.saturating_add(1).min(25);
    let low = u64::from(CLASSES + within) << shift;
    u32::try_from(low + ((1_u64 << shift) - 1) / 2).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(durations: &[u32]) -> Histogram {
        let mut histogram = Histogram::default();
        durations.iter().for_each(|ms| histogram.add(*ms));
        histogram
    }

    #[test]
    fn short_durations_are_exact() {
        let histogram = of(&(1..=100).collect::<Vec<_>>());
        for (percent, ms) in [(1, 1), (50, 50), (95, 95), (99, 99), (100, 100)] {
            assert_eq!(histogram.percentile(percent), Some(ms));
        }
        assert_eq!(Histogram::default().percentile(50), None);
        assert_eq!(of(&[0]).percentile(50), Some(0));
    }

    proptest! {
        #[test]
        fn a_percentile_is_wrong_by_less_than_a_hundredth(
            mut durations in prop::collection::vec(prop_oneof![0..300u32, 0..60_000u32, 0..=u32::MAX], 1..200),
            percent in 1..=100u64,
        ) {
            let found = of(&durations).percentile(percent).unwrap();
            durations.sort_unstable();
            let rank = (durations.len() as u64 * percent).div_ceil(100) as usize;
            let exact = durations[rank - 1];
            prop_assert!(f64::from(found.abs_diff(exact)) <= f64::from(exact) / 128.0, "{} for {}", found, exact);
        }

        #[test]
        fn it_reads_back_and_merging_is_adding(
            a in prop::collection::vec(0..90_000u32, 0..50), b in prop::collection::vec(0..90_000u32, 0..50),
        ) {
            let mut merged = of(&a);
            merged.merge(&of(&b));
            prop_assert_eq!(&merged, &of(&[a, b].concat()));
            let text = serde_json::to_string(&merged).unwrap();
            prop_assert_eq!(serde_json::from_str::<Histogram>(&text).unwrap(), merged);
        }
    }
}
