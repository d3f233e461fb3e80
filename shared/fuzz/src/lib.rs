//! Damaged inputs for the tests of decoders. They are valid texts that were changed a little, since
//! random texts rarely get past the first check.
//!
//! `PROPTEST_CASES` is the number of inputs of each test: 256 by default, 20,000 for a thorough run.

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Texts that are inserted to break an input.
#[rustfmt::skip]
const TOKENS: [&str; 30] = [
    "null", "true", "{}", "[]", "\"\"", "0", "-1", "1e999", "18446744073709551616", "1.0000000001",
    "\"", "\\", "\\u0000", "\\ud800", "\\uffff", "{", "}", "[", "]", ",", ":", "#", "=", "%00", "\u{0}",
    "é", "\u{ffff}", "\u{202e}", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "{\"a\":1,\"a\":2}",
];

#[derive(Debug, Clone)]
enum Damage {
    Replace(Index, char),
    Insert(Index, &'static str),
    Delete(Index, usize),
    Repeat(Index, usize),
    Cut(Index),
    /// Copies a piece of the text to another place.
    Move(Index, Index, usize),
}

/// Any JSON value of a few levels.
pub fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        "[ -~\\n\"\\\\é☃]{0,12}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            proptest::collection::vec(("[a-z \"]{0,6}", inner), 0..5)
                .prop_map(|kv| serde_json::Value::Object(kv.into_iter().collect())),
        ]
    })
}

/// One of the valid texts, damaged in up to six places, or in one of ten cases any text.
pub fn damaged(good: &'static [&'static str]) -> impl Strategy<Value = String> {
    let damages = proptest::collection::vec(damage(), 0..=6);
    let changed = (select(good), damages).prop_map(|(text, damages)| {
        let mut chars: Vec<char> = text.chars().collect();
        for damage in damages {
            apply(&damage, &mut chars);
        }
        chars.into_iter().collect()
    });
    prop_oneof![9 => changed, 1 => any::<String>()]
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<Index>;
    prop_oneof![
        (at(), any::<char>()).prop_map(|(i, c)| Damage::Replace(i, c)),
        (at(), select(&TOKENS[..])).prop_map(|(i, token)| Damage::Insert(i, token)),
        (at(), 1usize..20).prop_map(|(i, n)| Damage::Delete(i, n)),
        (at(), 1usize..60).prop_map(|(i, n)| Damage::Repeat(i, n)),
        at().prop_map(Damage::Cut),
        (at(), at(), 1usize..40).prop_map(|(i, j, n)| Damage::Move(i, j, n)),
    ]
}

fn apply(damage: &Damage, chars: &mut Vec<char>) {
    if chars.is_empty() {
        return;
    }
    let len = chars.len();
    let piece = |from: usize, n: usize| from..len.min(from + n);
    match damage {
        Damage::Replace(i, c) => chars[i.index(len)] = *c,
        Damage::Insert(i, token) => insert(chars, i.index(len), token.chars().collect()),
        Damage::Delete(i, n) => drop(chars.drain(piece(i.index(len), *n))),
        Damage::Repeat(i, n) => {
            let from = i.index(len);
            let copy = chars[piece(from, *n)].to_vec();
            insert(chars, from, copy);
        }
        Damage::Cut(i) => chars.truncate(i.index(len)),
        Damage::Move(i, j, n) => {
            let copy = chars[piece(i.index(len), *n)].to_vec();
            insert(chars, j.index(len), copy);
        }
    }
}

fn insert(chars: &mut Vec<char>, at: usize, piece: Vec<char>) {
    chars.splice(at..at, piece);
}
