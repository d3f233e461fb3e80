//! Searches for expressions and schemas that cost the most of what the gate accepts.
//!
//! A candidate is a list of choices, from which a grammar builds a text. The search changes choices of
//! the best candidates so far and keeps what costs more: in steps, in bytes, in measured time, or in
//! measured time for each step that was charged, which finds prices that are too low.

use std::time::Duration;

use fastrand::Rng;

use crate::clock::Stopwatch;

pub mod expressions;
pub mod schemas;

/// The choices that a text is built from. When they are used up, every choice is 0, the plainest.
#[derive(Debug)]
pub struct Choices<'a> {
    from: &'a [u16],
    at: usize,
}

impl<'a> Choices<'a> {
    #[must_use]
    pub const fn new(from: &'a [u16]) -> Self {
        Self { from, at: 0 }
    }

    /// A choice among `n`.
    pub fn among(&mut self, n: u16) -> u16 {
        let choice = self.from.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        choice % n.max(1)
    }
}

/// The bytes of a text that copies may fill: about twice what the gate takes. Copies of copies would fill
/// the memory of the search instead.
const MAX_TEXT: usize = 32 * 1024;

/// How many copies of a part of a candidate go into its text: the number that was chosen, if there is room.
pub fn copies(chosen: u16, bytes: usize) -> usize {
    usize::from(chosen).min(MAX_TEXT / bytes.max(1)).max(1)
}

/// What a candidate was found to cost, by measure: the larger, the worse.
pub type Costs = [f64; MEASURES];
/// Steps, bytes, nanoseconds, nanoseconds for each step.
pub const MEASURES: usize = 4;

/// What is searched.
pub trait Subject {
    /// What a candidate costs; `None` if the gate refuses it.
    fn cost(&self, candidate: &[u16]) -> Option<Costs>;
}

/// The best of a search, and how it went.
#[derive(Debug)]
pub struct Found {
    /// For each measure the best candidates, the worst first.
    pub best: [Vec<(f64, Vec<u16>)>; MEASURES],
    pub tried: u64,
    pub refused: u64,
}

/// Candidates that are kept for each measure.
const KEPT: usize = 12;

/// Searches for this long. The choices follow from the seed; how many are tried follows from the machine.
pub fn search(subject: &impl Subject, seed: u64, time: Duration) -> Found {
    let mut random = Rng::with_seed(seed);
    let mut found = Found { best: Default::default(), tried: 0, refused: 0 };
    let watch = Stopwatch::start();
    while watch.elapsed() < time {
        let candidate = match parent(&found, &mut random) {
            Some(parent) if random.u8(..) > 40 => mutated(&parent, &mut random),
            _ => (0..random.usize(4..60)).map(|_| random.u16(..)).collect(),
        };
        found.tried += 1;
        match subject.cost(&candidate) {
            Some(costs) => keep(&mut found, &candidate, costs),
            None => found.refused += 1,
        }
    }
    found
}

fn parent(found: &Found, random: &mut Rng) -> Option<Vec<u16>> {
    let best = &found.best[random.usize(..MEASURES)];
    if best.is_empty() {
        return None;
    }
    // The better ones more often.
    let at = random.usize(..best.len()).min(random.usize(..best.len()));
    Some(best[at].1.clone())
}

fn mutated(parent: &[u16], random: &mut Rng) -> Vec<u16> {
    let mut child = parent.to_vec();
    for _ in 0..random.usize(1..4) {
        let at = random.usize(..=child.len());
        match random.u8(..5) {
            0 => child.insert(at, random.u16(..)),
            1 if at < child.len() => drop(child.remove(at)),
            2 => {
                // A part again: what nests once may nest twice.
                let from = random.usize(..=child.len());
                let part = child[from..child.len().min(from + random.usize(1..12))].to_vec();
                child.splice(at..at, part);
            }
            _ if at < child.len() => child[at] = random.u16(..),
            _ => child.push(random.u16(..)),
        }
    }
    child.truncate(200);
    child
}

fn keep(found: &mut Found, candidate: &[u16], costs: Costs) {
    for (best, cost) in found.best.iter_mut().zip(costs) {
        if best.iter().any(|(_, known)| known == candidate) {
            continue;
        }
        let at = best.partition_point(|(known, _)| *known >= cost);
        if at < KEPT && cost > 0.0 {
            best.insert(at, (cost, candidate.to_vec()));
            best.truncate(KEPT);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sum;

    impl Subject for Sum {
        fn cost(&self, candidate: &[u16]) -> Option<Costs> {
            let sum: f64 = candidate.iter().map(|choice| f64::from(choice % 100)).sum();
            (candidate.len() < 30).then_some([sum, 0.0, 0.0, 0.0])
        }
    }

    #[test]
    fn a_search_climbs_within_what_is_accepted() {
        let found = search(&Sum, 7, Duration::from_millis(200));
        let (best, candidate) = &found.best[0][0];
        assert!(candidate.len() < 30 && *best > 1_500.0, "{best} of at most 2871");
        assert!(found.refused > 0 && found.best[1].is_empty());
    }
}
