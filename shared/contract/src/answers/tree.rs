//! A shape: a tree of templates with placeholders. `load` builds it, and `render` fills it in.
//!
//! The tree is recursive: objects and lists contain shapes, and a placeholder's format may be another
//! shape.

use crate::time_format::TimeFormat;

/// A JSON value whose strings are templates over a canonical answer.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Object(Vec<(String, Self)>),
    List(Vec<Self>),
    /// A string: the first of these alternatives that has a value.
    Value(Vec<Alternative>),
    /// A number, `true`, `false` or `null`.
    Literal(String),
}

/// One alternative for a string of a shape.
#[derive(Debug, Clone)]
pub(super) enum Alternative {
    /// Exactly one placeholder: the value itself, of any JSON type.
    Alone(Placeholder),
    /// A text with placeholders. It has no value where one of them has none.
    Text(Vec<Part>),
}

/// A part of a text.
#[derive(Debug, Clone)]
pub(super) enum Part {
    Text(String),
    Placeholder(Placeholder),
}

/// A value of the answer, the formats it goes through, and when it counts.
#[derive(Debug, Clone)]
pub(super) struct Placeholder {
    pub(super) path: Path,
    pub(super) formats: Vec<Format>,
    pub(super) condition: Option<Condition>,
}

/// Where a value is in an answer.
#[derive(Debug, Clone)]
pub(super) struct Path {
    pub(super) root: Root,
    pub(super) steps: Vec<Step>,
}

/// Where a path starts.
#[derive(Debug, Clone)]
pub(super) enum Root {
    /// `tenant`: the id of the tenant that gets the answer.
    Tenant,
    /// `answer`: the whole answer.
    Answer,
    Field(String),
}

#[derive(Debug, Clone)]
pub(super) enum Step {
    Field(String),
    First,
    Last,
    /// `status=failed`: the first item of a list whose field has this value.
    Where(String, Pattern),
}

/// A condition: the placeholder has a value only where it holds.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    pub(super) path: Path,
    pub(super) negated: bool,
    pub(super) patterns: Vec<Pattern>,
}

/// How a placeholder changes the value that it names.
#[derive(Debug, Clone)]
pub(super) enum Format {
    Time(TimeFormat),
    Words(Words),
    /// The object, or each object of a list, in another shape.
    Shape(Box<Node>),
    /// The items of a list as one text.
    Joined,
    /// The length of a list.
    Count,
    /// The last part of a URN in upper case, such as `NOT_FOUND`.
    Code,
    /// The number plus one: retries as attempts.
    AndFirst,
    /// A share from 0 to 1 as a percentage.
    Percent,
}

/// A table of replacements: which JSON value replaces which value of the answer.
#[derive(Debug, Clone)]
pub(super) struct Words(pub(super) Vec<(Pattern, String)>);

/// What a value is compared with.
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
