//! A shape as a tree of templates, and the placeholders in them. `load` builds it and `render` fills
//! it in.
//!
//! The tree is recursive: a list or an object holds shapes, and a placeholder can put its value in
//! another shape.

use crate::time_format::TimeFormat;

/// A JSON value in which strings are templates over a canonical answer.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Object(Vec<(String, Self)>),
    List(Vec<Self>),
    /// The first of these that has a value.
    Value(Vec<Written>),
    /// A number, `true`, `false` or `null`.
    Literal(String),
}

/// One way of writing a string of a shape.
#[derive(Debug, Clone)]
pub(super) enum Written {
    /// It is exactly one placeholder: the value itself.
    Alone(Slot),
    /// Text, which has no value where one of its placeholders has none.
    Text(Vec<Part>),
}

#[derive(Debug, Clone)]
pub(super) enum Part {
    Text(String),
    Slot(Slot),
}

#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) path: Path,
    pub(super) formats: Vec<Format>,
    pub(super) condition: Option<Condition>,
}

/// Where a value stands in an answer.
#[derive(Debug, Clone)]
pub(super) struct Path {
    pub(super) name: Name,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug, Clone)]
pub(super) enum Name {
    /// `tenant`: whose answer it is.
    Tenant,
    /// `answer`: all of it.
    Answer,
    Field(String),
}

#[derive(Debug, Clone)]
pub(super) enum Step {
    Field(String),
    First,
    Last,
    /// `status=failed`: the first of a list in which this field is this.
    Where(String, Pattern),
}

#[derive(Debug, Clone)]
pub(super) struct Condition {
    pub(super) path: Path,
    pub(super) negated: bool,
    pub(super) patterns: Vec<Pattern>,
}

#[derive(Debug, Clone)]
pub(super) enum Format {
    Time(TimeFormat),
    Words(Words),
    /// The value, or each of a list, in another shape.
    Shape(Box<Node>),
    /// A list as one text.
    Joined,
    /// How long a list is.
    Count,
    /// The last part of a name, such as `NOT_FOUND`.
    Code,
    /// One more: retries as attempts.
    AndFirst,
    /// A share from 0 to 1 as one from 0 to 100.
    Percent,
}

/// Words for words: what stands for which value.
#[derive(Debug, Clone)]
pub(super) struct Words(pub(super) Vec<(Pattern, String)>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pattern {
    /// Exactly this text.
    Text(String),
    /// `2xx`: a number from 200 to 299.
    Class(u8),
    /// `none`: no value.
    None,
    /// `*`: any value.
    Any,
}

impl Pattern {
    pub(super) fn read(text: &str) -> Self {
        match text.as_bytes() {
            b"none" => Self::None,
            b"*" => Self::Any,
            [digit @ b'1'..=b'5', b'x', b'x'] => Self::Class(digit - b'0'),
            _ => Self::Text(text.to_owned()),
        }
    }
}
