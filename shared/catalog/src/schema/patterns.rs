//! What a regular expression costs. The engine is linear in the text, but the factor is the size of the
//! compiled pattern: a counted repetition of 256 characters can make each byte cost microseconds.

use std::collections::{BTreeSet, HashSet};

use jsonschema_regex::{Search, analyze_pattern, search_form, to_rust_regex};
use regex_automata::dfa::{StartKind, dense};
use regex_automata::nfa::thompson::{self, NFA, State};
use regex_automata::util::primitives::StateID;

use super::cost::{NANOSECOND, Rate};

/// The largest compiled form of a pattern.
pub(super) const PATTERN_BYTES: usize = 256 * 1024;
/// The most memory in which the engine builds the states that a text reaches, as it reaches them. A pattern
/// that needs more is slow: the engine then follows all positions in the pattern at once.
pub(super) const STATES_BYTES: usize = 512 * 1024;
/// The most memory, and positions to look at, for finding out whether a pattern fits. It takes a few
/// milliseconds.
const TRIAL_POSITIONS: usize = 500_000;
const TRIAL_BYTES: usize = 512 * 1024;

/// For a byte of text, one step from state to state, and what the engine looks for before that.
const STEP: u64 = 20 * NANOSECOND;
/// For a byte of text and a position of the pattern, if they are followed all at once.
const POSITION: u64 = 6 * NANOSECOND;
/// For a text: finding memory for the search, and giving it back.
const SEARCH: u64 = 100 * NANOSECOND;

const NOT_SUPPORTED: &str =
    "must be a small regular expression without look-around or back-references";

/// A pattern as the engine compiles it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pattern {
    /// For a text.
    pub(super) rate: Rate,
    /// The memory that it takes at most, in bytes.
    pub(super) memory: usize,
}

impl Pattern {
    /// Compiles a pattern as `jsonschema` does, and measures the result. The error says what is wrong.
    pub(super) fn measure(pattern: &str) -> Result<Self, String> {
        let text = to_rust_regex(pattern).map_err(|()| NOT_SUPPORTED.to_owned())?;
        let simple = Rate { byte: STEP, string: SEARCH, ..Rate::default() };
        let literal = analyze_pattern(pattern).is_some();
        match search_form(pattern, &text) {
            Some(Search::RepeatedClass(_)) => Ok(Self { rate: simple, memory: 16 * 1024 }),
            _ if literal => Ok(Self { rate: simple, memory: 1024 }),
            Some(Search::Collapsed(text)) => Self::engine(&text, simple),
            None => Self::engine(&text, simple),
        }
    }

    fn engine(text: &str, simple: Rate) -> Result<Self, String> {
        let config = thompson::Config::new().nfa_size_limit(Some(PATTERN_BYTES));
        let nfa = thompson::Compiler::new().configure(config).build(text);
        let nfa = nfa.map_err(|_| NOT_SUPPORTED.to_owned())?;
        let positions = wide(nfa.states().len());
        // The forward and the reverse form, what a search notes for each position, and the states.
        let fixed = nfa.memory_usage().saturating_mul(4).saturating_add(32 * 1024);
        let followed = Rate { byte: POSITION * positions, ..simple };
        let Some(states) = States::of(&nfa) else {
            let memory = fixed + 2 * STATES_BYTES;
            return Ok(Self { rate: add(simple, followed), memory });
        };
        let once = states.steps.saturating_mul(POSITION);
        let stepped = Rate { once, ..simple };
        let memory = fixed + 2 * states.bytes;
        // Both are upper limits, so the lower one holds.
        let rate = if stepped.of_largest() <= followed.of_largest() { stepped } else { followed };
        Ok(Self { rate, memory })
    }
}

fn add(mut sum: Rate, other: Rate) -> Rate {
    sum += other;
    sum
}

/// The states that the engine builds while it reads text, if all of them have room.
struct States {
    bytes: usize,
    /// The number of positions to look at for computing each step between them, once.
    steps: u64,
}

impl States {
    fn of(nfa: &NFA) -> Option<Self> {
        let config = dense::Config::new()
            .start_kind(StartKind::Both)
            .accelerate(false)
            .dfa_size_limit(Some(TRIAL_BYTES))
            .determinize_size_limit(Some(TRIAL_BYTES));
        let dfa = dense::Builder::new().configure(config).build_from_nfa(nfa).ok()?;
        let row = dfa.stride() * size_of::<u32>();
        let states = dfa.memory_usage().div_ceil(row);
        let positions = most_positions(nfa);
        // The engine keeps for each state its row, its positions, and an entry in a map.
        let bytes = states * (row + 128 + 5 * positions);
        let steps = wide(states * dfa.stride()).saturating_mul(wide(positions));
        (bytes <= STATES_BYTES).then_some(Self { bytes, steps })
    }
}

/// The most positions of a pattern that a text can be at, at once. Every state of the engine is such a set of
/// positions. Conditions such as `$` count as met, so that no set is larger than what is found here.
fn most_positions(nfa: &NFA) -> usize {
    let all = nfa.states().len();
    let mut seen = HashSet::new();
    let mut open = Vec::new();
    let (mut most, mut looked_at) = (0, 0);
    for start in [nfa.start_unanchored(), nfa.start_anchored()] {
        open.push(closure(nfa, [start]));
    }
    while let Some(set) = open.pop() {
        if !seen.insert(set.clone()) {
            continue;
        }
        most = most.max(set.len());
        for class in nfa.byte_classes().representatives(..) {
            looked_at += set.len();
            if looked_at > TRIAL_POSITIONS {
                return all;
            }
            let Some(byte) = class.as_u8() else { continue };
            let next = set.iter().filter_map(|at| after(nfa.state(*at), byte));
            open.push(closure(nfa, next));
        }
    }
    most
}

/// The position after a byte.
fn after(state: &State, byte: u8) -> Option<StateID> {
    match state {
        State::ByteRange { trans } => trans.matches_byte(byte).then_some(trans.next),
        State::Sparse(transitions) => transitions.matches_byte(byte),
        State::Dense(transitions) => transitions.matches_byte(byte),
        _ => None,
    }
}

/// The positions that are reached from these without a byte, in order.
fn closure(nfa: &NFA, from: impl IntoIterator<Item = StateID>) -> BTreeSet<StateID> {
    let mut found = BTreeSet::new();
    let mut open: Vec<_> = from.into_iter().collect();
    while let Some(at) = open.pop() {
        if !found.insert(at) {
            continue;
        }
        match nfa.state(at) {
            State::Look { next, .. } | State::Capture { next, .. } => open.push(*next),
            State::Union { alternates } => open.extend(alternates.iter().copied()),
            State::BinaryUnion { alt1, alt2 } => open.extend([*alt1, *alt2]),
            _ => {}
        }
    }
    found
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::cost::MAX_COST;

    #[test]
    fn ordinary_patterns_are_cheap() {
        for pattern in [
            "^[A-Z]{3}$",
            "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
            r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$",
            r"^\+?[1-9]\d{1,14}$",
            r"^https?://[^\s/$.?#].[^\s]*$",
            "^.{1,255}$",
            "^[a-zA-Z0-9_-]{1,64}$",
            r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$",
            "^(active|inactive|pending)$",
            "^sk_(live|test)_[A-Za-z0-9]{24,}$",
            r"^\p{Lu}[\p{L} '-]*$",
        ] {
            let measured = Pattern::measure(pattern).unwrap();
            let cost = measured.rate.of_largest();
            assert!(cost.0 * 4 < MAX_COST.0, "{pattern}: {cost} {measured:?}");
            assert!(measured.memory < 4 * 1024 * 1024, "{pattern}: {measured:?}");
        }
    }

    #[test]
    fn finding_03_counted_repetitions_are_charged_by_their_compiled_size() {
        for pattern in [
            "x(a|b|ab|ba){1,300}[^a]{300}c",
            "[a-q][^u-z]{13}x[a-q][^u-z]{13}x",
            r"!(\w{1,99}\s?){3}.{9}!",
            "(.*a.{40}){3}b",
        ] {
            let cost = Pattern::measure(pattern).unwrap().rate.of_largest();
            assert!(cost > MAX_COST, "{pattern}: {cost}");
        }
    }

    #[test]
    fn what_the_engine_cannot_compile_is_refused() {
        for pattern in ["a(?=b)", r"(a)\1", "[", r"(\p{L}{100}){100}"] {
            assert!(Pattern::measure(pattern).is_err(), "{pattern}");
        }
    }
}
