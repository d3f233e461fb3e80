//! A compiled expression: its tree, the places in the event that it names, and its patterns.

use super::input::{EVENT, Step};
use super::pattern::Pattern;

/// An expression that was accepted.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) node: Node,
    pub(super) references: Vec<Reference>,
    pub(super) patterns: Vec<Pattern>,
    /// What it can need on the largest event.
    pub(super) need: Need,
}

/// What an expression can need on the largest event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) steps: u64,
    pub(super) bytes: u64,
}

/// A place in the event that an expression names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) path: Vec<Step>,
    /// Set for `has(…)`, which asks whether the object at `path` has this key.
    pub(super) has: Option<String>,
}

impl Reference {
    /// The path as an expression writes it.
    pub(super) fn text(&self) -> String {
        self.text_of(self.path.len())
    }

    /// The first steps of the path.
    pub(super) fn text_of(&self, steps: usize) -> String {
        let step = |step: &Step| match step {
            Step::Key(key) => format!(".{key}"),
            Step::Index(index) => format!("[{index}]"),
        };
        EVENT.to_owned() + &self.path.iter().take(steps).map(step).collect::<String>()
    }
}

/// A part of an expression.
#[derive(Debug)]
pub(super) enum Node {
    Constant(Constant),
    /// A part of the event, by the number of its reference.
    Reference(usize),
    /// The element that a macro is at.
    Element,
    /// The name of a type.
    Type(&'static str),
    List(Box<[Node]>),
    Map(Box<[(Node, Node)]>),
    Conditional(Box<[Node; 3]>),
    Logical(Logical, Box<[Node; 2]>),
    Not(Box<Node>),
    Negate(Box<Node>),
    Binary(Binary, Box<[Node; 2]>),
    Index(Box<[Node; 2]>),
    Select(Box<Node>, Box<str>),
    Has(Box<Node>, Box<str>),
    Function(Function, Box<Node>),
    /// A question about two texts.
    Text(Text, Box<[Node; 2]>),
    /// Whether a text matches a pattern, by its number.
    Matches(Box<Node>, usize),
    /// A call with a number of arguments that the function does not take.
    NoOverload(&'static str),
    Macro(Macro, Box<[Node]>),
}

/// A literal.
#[derive(Debug)]
pub(super) enum Constant {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Double(f64),
    Text(Box<str>),
    Bytes(Box<[u8]>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Logical {
    And,
    Or,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Size,
    Int,
    UInt,
    Double,
    Text,
    Bool,
    Bytes,
    Type,
    Dyn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Text {
    Contains,
    StartsWith,
    EndsWith,
}

/// A macro. Its parts are the range, and what is evaluated for each element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Macro {
    All,
    Exists,
    ExistsOne,
    /// The step is the value.
    Map,
    /// The steps are the condition and the value.
    FilterMap,
}

impl Function {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Int => "int",
            Self::UInt => "uint",
            Self::Double => "double",
            Self::Text => "string",
            Self::Bool => "bool",
            Self::Bytes => "bytes",
            Self::Type => "type",
            Self::Dyn => "dyn",
        }
    }
}

impl Text {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Contains => "contains",
            Self::StartsWith => "startsWith",
            Self::EndsWith => "endsWith",
        }
    }
}
