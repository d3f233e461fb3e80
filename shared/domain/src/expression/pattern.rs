//! The patterns of `matches`, over `regex-lite`: an engine whose time is the length of the text times the
//! number of states of the compiled pattern.
//!
//! `regex-lite` does not tell how large a pattern is when compiled, but it has a limit for that. So a
//! pattern is compiled with limits that double until one is enough, and that one is its size.

use std::sync::OnceLock;

use regex_lite::{Regex, RegexBuilder};

use super::price;

/// The largest compiled pattern.
const MAX_BYTES: u64 = 8 * 1024;
/// The first limit that is tried.
const FIRST_LIMIT: u64 = 512;
/// The bytes of a state.
const STATE_BYTES: u64 = 32;
/// A pattern stays compiled where it takes no more memory than this.
pub(super) const MAX_KEPT_BYTES: usize = 6 * 1024;
/// All patterns of an expression that stay compiled take no more than this.
pub(super) const MAX_ALL_KEPT_BYTES: usize = 16 * 1024;

#[derive(Debug)]
pub(super) struct Pattern {
    text: Box<str>,
    /// A limit that its compiled form fits in.
    limit: u64,
    /// Its compiled form from the first use on, where it stays.
    kept: Option<OnceLock<Regex>>,
}

impl Pattern {
    /// Compiles a pattern in order to know its size, and drops what it compiled. `room` is what
    /// patterns may still take that stay compiled.
    pub(super) fn new(text: &str, room: &mut u64) -> Result<Self, regex_lite::Error> {
        let mut limit = FIRST_LIMIT;
        loop {
            match compile(text, limit) {
                Ok(_) => {
                    let mut pattern = Self { text: text.into(), limit, kept: None };
                    let bytes = pattern.bytes();
                    if bytes <= MAX_KEPT_BYTES as u64 && bytes <= *room {
                        *room -= bytes;
                        pattern.kept = Some(OnceLock::new());
                    }
                    return Ok(pattern);
                }
                Err(_) if limit < MAX_BYTES => limit += limit / 2,
                Err(error) => return Err(error),
            }
            limit = limit.min(MAX_BYTES);
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// At least the number of states, ranges and branches that a step of the text may look at.
    pub(super) fn states(&self) -> u64 {
        self.limit / STATE_BYTES
    }

    /// The steps that finding its size took: it was compiled a few times.
    pub(super) fn steps_to_know(&self) -> u64 {
        8 * price::compiling(self.states())
    }

    /// At least the bytes that it takes when compiled and used. A search holds a row of places for each state, which
    /// has two for each group. A group that is repeated no time takes half a state.
    pub(super) fn bytes(&self) -> u64 {
        let brackets = self.text.bytes().filter(|byte| *byte == b'(').count() as u64;
        let groups = 1 + brackets.min(2 * self.states());
        self.limit + 2 * (self.states() + 1) * (groups * 16 + 16)
    }

    /// It compiled, where it stays so.
    pub(super) fn kept(&self) -> Option<&Regex> {
        let kept = self.kept.as_ref()?;
        if let Some(kept) = kept.get() {
            return Some(kept);
        }
        let compiled = self.compile()?;
        Some(kept.get_or_init(|| compiled))
    }

    pub(super) fn compile(&self) -> Option<Regex> {
        compile(&self.text, self.limit).ok()
    }
}

fn compile(text: &str, limit: u64) -> Result<Regex, regex_lite::Error> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    RegexBuilder::new(text).size_limit(limit).build()
}
