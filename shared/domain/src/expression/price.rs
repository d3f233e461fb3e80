//! What operations cost: in steps (10 ns of a whole processor each), and in bytes of memory.
//!
//! The evaluation charges these prices before each operation, and `cost` adds them up for the largest event. They are bounds
//! for the release profile (`opt-level = "s"`), measured with `cargo run --release --example expression_prices`, which
//! prints the nanoseconds of a step for each of them.

use super::value::{Key, Value};

/// Evaluating one part of an expression.
pub(super) const PART: u64 = 4;
/// One element of a list or entry of a map, beside its bytes.
pub(super) const ELEMENT: u64 = 3;
/// A value in a list.
pub(super) const VALUE_BYTES: u64 = size_of::<Value<'_>>() as u64;
/// An entry of a map.
pub(super) const ENTRY_BYTES: u64 = size_of::<(Key<'_>, Value<'_>)>() as u64;
/// A list that can be shared, beside its elements.
pub(super) const LIST_BYTES: u64 = size_of::<Vec<Value<'_>>>() as u64;
/// What a block of memory takes beside its contents: counts of owners, and the allocator's own.
pub(super) const BLOCK_BYTES: u64 = 32;
/// Characters of a computed number at most: `1e-308` is written in full.
pub(super) const NUMBER_BYTES: u64 = 352;

/// Going through JSON.
pub(super) const fn scan(bytes: u64) -> u64 {
    bytes / 4 + 1
}

/// Copying bytes, or comparing them.
pub(super) const fn copy(bytes: u64) -> u64 {
    bytes / 32 + 1
}

/// Reading each character: decoding escapes, parsing a number, searching, writing JSON.
pub(super) const fn read(bytes: u64) -> u64 {
    bytes / 2 + 1
}

/// Sorting texts that have so many bytes together.
pub(super) const fn sort(count: u64, bytes: u64) -> u64 {
    let rounds = (u64::BITS - count.leading_zeros()) as u64;
    count.saturating_mul(3).saturating_add(copy(bytes)).saturating_mul(rounds)
}

/// Matching a pattern of so many states.
pub(super) const fn matching(bytes: u64, states: u64) -> u64 {
    bytes.saturating_add(2).saturating_mul(states)
}

/// Compiling a pattern of so many states.
pub(super) const fn compiling(states: u64) -> u64 {
    200 + states.saturating_mul(30)
}

/// Taking memory.
pub(super) const fn allocation(bytes: u64) -> u64 {
    6 + bytes / 64
}

/// Parsing an expression of so many bytes, and checking it.
pub(super) const fn parsing(bytes: u64) -> u64 {
    500 + bytes.saturating_mul(30)
}
