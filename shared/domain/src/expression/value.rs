//! The values of an evaluation.
//!
//! A list or an object of the event stays the JSON text that it is: what an operation needs of it is read
//! when it is needed, and nothing of it is held. Only what an expression computes takes memory, and a copy
//! of a value shares it.

use std::borrow::Cow;
use std::ops::Deref;
use std::rc::Rc;

use crate::json::parts::{entries, items, text};

/// A value that borrows from the event and from the expression.
#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Double(f64),
    Text(Shared<'a, str>),
    Bytes(Shared<'a, [u8]>),
    List(Rc<Vec<Value<'a>>>),
    Map(Rc<Entries<'a>>),
    /// A list of the event, as JSON.
    JsonList(&'a str),
    /// An object of the event, as JSON.
    JsonMap(&'a str),
    /// What `type(…)` returns, and what a type's name is.
    Type(&'static str),
}

/// Borrowed, or shared by all that hold it.
#[derive(Debug)]
pub(super) enum Shared<'a, T: ?Sized> {
    Borrowed(&'a T),
    Owned(Rc<T>),
}

impl<T: ?Sized> Clone for Shared<'_, T> {
    fn clone(&self) -> Self {
        match self {
            Self::Borrowed(value) => Self::Borrowed(value),
            Self::Owned(value) => Self::Owned(Rc::clone(value)),
        }
    }
}

impl<T: ?Sized> Deref for Shared<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        match self {
            Self::Borrowed(value) => value,
            Self::Owned(value) => value,
        }
    }
}

/// The key of an entry of a map. The order of the variants is the order in which a macro visits them.
#[derive(Debug, Clone)]
pub(super) enum Key<'a> {
    Int(i64),
    UInt(u64),
    Bool(bool),
    Text(Shared<'a, str>),
}

impl Key<'_> {
    fn rank(&self) -> (u8, i128, &str) {
        match self {
            Self::Int(int) => (0, i128::from(*int), ""),
            Self::UInt(uint) => (1, i128::from(*uint), ""),
            Self::Bool(bool) => (2, i128::from(*bool), ""),
            Self::Text(text) => (3, 0, text),
        }
    }

    /// The bytes that a comparison may have to look at.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            _ => 0,
        }
    }
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for Key<'_> {}

impl PartialOrd for Key<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}

/// The entries of a map, sorted by key.
#[derive(Debug)]
pub(super) struct Entries<'a>(pub(super) Vec<(Key<'a>, Value<'a>)>);

impl<'a> Entries<'a> {
    pub(super) fn get(&self, key: &Key<'_>) -> Option<&Value<'a>> {
        let at = self.0.binary_search_by(|(known, _)| known.rank().cmp(&key.rank())).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }
}

impl<'a> Value<'a> {
    /// Reads a value of the event: a text with escapes is the only one that takes memory.
    pub(super) fn of_json(json: &'a str) -> Self {
        match json.as_bytes().first() {
            Some(b'{') => Self::JsonMap(json),
            Some(b'[') => Self::JsonList(json),
            Some(b'"') => Self::Text(match text(json) {
                Cow::Borrowed(text) => Shared::Borrowed(text),
                Cow::Owned(text) => Shared::Owned(text.into()),
            }),
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'n') | None => Self::Null,
            Some(_) => number(json),
        }
    }

    pub(super) fn text(text: String) -> Self {
        Self::Text(Shared::Owned(text.into()))
    }

    /// The name of its type in CEL.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::UInt(_) => "uint",
            Self::Double(_) => "double",
            Self::Text(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::List(_) | Self::JsonList(_) => "list",
            Self::Map(_) | Self::JsonMap(_) => "map",
            Self::Type(_) => "type",
        }
    }

    /// It as the key of a map; `None` where it cannot be one.
    pub(super) fn key(&self) -> Option<Key<'a>> {
        Some(match self {
            Self::Bool(bool) => Key::Bool(*bool),
            Self::Int(int) => Key::Int(*int),
            Self::UInt(uint) => Key::UInt(*uint),
            Self::Text(text) => Key::Text(text.clone()),
            _ => return None,
        })
    }

    /// The elements of a list, each read when it is reached. `None` where it is not a list.
    pub(super) fn elements<'v>(&'v self) -> Option<Box<dyn Iterator<Item = Element<'v, 'a>> + 'v>> {
        match self {
            Self::List(list) => Some(Box::new(list.iter().map(Element::Computed))),
            Self::JsonList(json) => Some(Box::new(items(json).map(Element::Json))),
            _ => None,
        }
    }
}

impl<'a> From<Key<'a>> for Value<'a> {
    fn from(key: Key<'a>) -> Self {
        match key {
            Key::Int(int) => Self::Int(int),
            Key::UInt(uint) => Self::UInt(uint),
            Key::Bool(bool) => Self::Bool(bool),
            Key::Text(text) => Self::Text(text),
        }
    }
}

/// An element of a list: computed, or still JSON.
#[derive(Clone, Copy)]
pub(super) enum Element<'v, 'a> {
    Computed(&'v Value<'a>),
    Json(&'a str),
}

/// A number is an `int` where it fits, else a `uint`, else a `double`. The standard library reads the text
/// of a double, which rounds as CEL's literals do.
fn number(text: &str) -> Value<'static> {
    let int = text.parse().map(Value::Int);
    let uint = || text.parse().map(Value::UInt);
    int.or_else(|_| uint()).unwrap_or_else(|_| Value::Double(text.parse().unwrap_or(f64::NAN)))
}

/// The number of entries of an object, duplicates counted.
pub(super) fn entries_of(json: &str) -> usize {
    entries(json).count()
}
