//! Why attempts failed, and how often.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::outcome::{ErrorKind, Outcome, is_success};

/// Why an attempt failed. Its text is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Failure {
    /// The answer's status was not 2xx.
    Answer(u16),
    /// There was no answer.
    Error(ErrorKind),
    /// It is not known any more, or there were too many kinds to tell them apart.
    Other,
}

/// The kinds that are told apart by their names.
const KINDS: [ErrorKind; 8] = [
    ErrorKind::Dns,
    ErrorKind::Blocked,
    ErrorKind::Connect,
    ErrorKind::Tls,
    ErrorKind::Timeout,
    ErrorKind::Response,
    ErrorKind::Body,
    ErrorKind::Transform,
];

impl Failure {
    /// Why an attempt with this outcome failed, if it did.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Option<Self> {
        match outcome {
            Outcome::Answered(response) => Self::answered(response.status),
            Outcome::Error(error) => Some(Self::Error(error.kind)),
        }
    }

    /// The failure of an answer with this status, if it is one.
    #[must_use]
    pub fn answered(status: u16) -> Option<Self> {
        (!is_success(status)).then_some(Self::Answer(status))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(status) => write!(f, "{status}"),
            Self::Error(kind) => f.write_str(kind.as_str()),
            Self::Other => f.write_str("other"),
        }
    }
}

impl From<Failure> for String {
    fn from(failure: Failure) -> Self {
        failure.to_string()
    }
}

impl From<String> for Failure {
    /// A kind that only a newer version knows is another one.
    fn from(text: String) -> Self {
        if let Ok(status) = text.parse() {
            return Self::Answer(status);
        }
        let kind = KINDS.into_iter().find(|kind| kind.as_str() == text);
        kind.map_or(Self::Other, Self::Error)
    }
}

/// The number of failures of each kind. At most `MOST` kinds are told apart: those that come first in their
/// order. The others are counted as [`Failure::Other`]. Which ones those are does not depend on the order in
/// which counts are added, so adding is associative and commutative. Stored as is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FailureCounts<const MOST: usize>(BTreeMap<Failure, u64>);

/// What a delivery keeps: an item has to stay small.
pub type DeliveryFailures = FailureCounts<16>;

impl<const MOST: usize> FailureCounts<MOST> {
    pub fn add(&mut self, failure: Failure, count: u64) {
        if count == 0 {
            return;
        }
        *self.0.entry(failure).or_default() += count;
        let is_known = |failure: &&Failure| **failure != Failure::Other;
        while self.0.keys().filter(is_known).count() > MOST {
            let Some(last) = self.0.keys().rfind(is_known).copied() else { return };
            let moved = self.0.remove(&last).unwrap_or_default();
            *self.0.entry(Failure::Other).or_default() += moved;
        }
    }

    pub fn merge(&mut self, other: &Self) {
        other.iter().for_each(|(failure, count)| self.add(failure, count));
    }

    pub fn iter(&self) -> impl Iterator<Item = (Failure, u64)> + '_ {
        self.0.iter().map(|(failure, count)| (*failure, *count))
    }

    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_failure_reads_back_and_an_unknown_one_is_another() {
        for failure in
            [Failure::Answer(503), Failure::Other].into_iter().chain(KINDS.map(Failure::Error))
        {
            assert_eq!(Failure::from(failure.to_string()), failure);
        }
        assert_eq!(Failure::from("quic".to_owned()), Failure::Other);
    }

    fn counts() -> impl Strategy<Value = FailureCounts<3>> {
        prop::collection::vec((500..508u16, 1..5u64), 0..12).prop_map(|added| {
            let mut counts = FailureCounts::default();
            for (status, count) in added {
                let failure = if status == 507 { Failure::Other } else { Failure::Answer(status) };
                counts.add(failure, count);
            }
            counts
        })
    }

    fn sum<const N: usize>(a: &FailureCounts<N>, b: &FailureCounts<N>) -> FailureCounts<N> {
        let mut sum = a.clone();
        sum.merge(b);
        sum
    }

    proptest! {
        #[test]
        fn counts_are_bounded_and_their_order_does_not_matter(a in counts(), b in counts(), c in counts()) {
            prop_assert_eq!(sum(&a, &b), sum(&b, &a));
            prop_assert_eq!(sum(&sum(&a, &b), &c), sum(&a, &sum(&b, &c)));
            prop_assert_eq!(sum(&a, &b).total(), a.total() + b.total());
            prop_assert!(sum(&a, &b).0.len() <= 4);
        }
    }
}
