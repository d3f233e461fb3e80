//! Why an evaluation ends without a value. An error holds no text of its own, since a macro may meet one
//! for each of a hundred thousand elements and tolerate it.

use super::Failure;
use super::compiled::Reference;
use super::input::Step;
use super::value::{Key, Value};

#[derive(Debug, Clone)]
pub(super) enum Error<'a> {
    /// A limit was reached. Nothing tolerates it.
    TooMuch,
    /// The event has no such part.
    NoPart(&'a Reference),
    /// What is left of the path after so many steps is no object or no list, and the next step needs one.
    OtherKind(&'a Reference, u32),
    NoKey(Key<'a>),
    OutOfRange,
    /// No such operation for values of these types.
    Overload(&'static str, [&'static str; 2]),
    /// An arithmetic operation that does not take values of these types.
    Arithmetic(&'static str, [&'static str; 2]),
    /// A function that does not take this value.
    Argument(&'static str),
    NotBool(&'static str),
    Other(&'static str),
}

impl<'a> Error<'a> {
    pub(super) fn overload(operator: &'static str, a: &Value<'_>, b: &Value<'_>) -> Self {
        Self::Overload(operator, [a.type_name(), b.type_name()])
    }

    pub(super) fn arithmetic(operator: &'static str, a: &Value<'_>, b: &Value<'_>) -> Self {
        Self::Arithmetic(operator, [a.type_name(), b.type_name()])
    }

    /// The error in words. They name fields and types, and no value of the event.
    pub(super) fn failure(&self) -> Failure {
        Failure::Wrong(match self {
            Self::TooMuch => return Failure::TooMuch("takes too much on this event".to_owned()),
            Self::NoPart(reference) => return missing(reference),
            Self::OtherKind(reference, taken) => return other_kind(reference, *taken),
            Self::NoKey(key) => return Failure::Missing(no_key(key)),
            Self::OutOfRange => return Failure::Missing("an index is out of range".to_owned()),
            Self::Overload("_._", [other, _]) => {
                format!("a field of a value of type {other}, which is no object")
            }
            Self::Overload("_[_]", ["list", index]) => {
                format!("an index of a list is of type {index}, not int")
            }
            Self::Overload("_[_]", ["map", key]) => format!("a key of type {key} is none"),
            Self::Overload("_[_]", [other, _]) => {
                format!("an index of a value of type {other}, which is no list and no object")
            }
            Self::Overload(operator, [a, b]) => {
                format!("found no matching overload for '{operator}' applied to '({a}, {b})'")
            }
            Self::Arithmetic(operator, [a, b]) => format!("{operator} does not take {a} and {b}"),
            Self::Argument(function) => format!("{function}() does not take this value"),
            Self::NotBool(_) => "must be of type bool".to_owned(),
            Self::Other(message) => (*message).to_owned(),
        })
    }
}

pub(super) fn missing(reference: &Reference) -> Failure {
    Failure::Missing(format!("there is no {}", shortened(&reference.text())))
}

/// The part of the event that is no object, or no list, and the words for that.
fn other_kind(reference: &Reference, taken: u32) -> Failure {
    let taken = usize::try_from(taken).unwrap_or(usize::MAX);
    let kind = match reference.path.get(taken) {
        Some(Step::Index(_)) => "list",
        Some(Step::Key(_)) | None => "object",
    };
    Failure::Missing(format!("{} is no {kind}", shortened(&reference.text_of(taken))))
}

fn no_key(key: &Key<'_>) -> String {
    match key {
        Key::Int(int) => format!("there is no key {int}"),
        Key::UInt(uint) => format!("there is no key {uint}"),
        Key::Bool(bool) => format!("there is no key {bool}"),
        Key::Text(text) => format!("there is no key {}", shortened(text)),
    }
}

/// A name, cut where it is long: it may be a key of the event.
fn shortened(text: &str) -> String {
    const MAX_CHARACTERS: usize = 120;
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
