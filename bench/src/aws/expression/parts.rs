//! What expressions are made of.

use serde_json::Value;

/// A step of a path into an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Name(String),
    Index(usize),
}

/// What an expression compares or assigns.
#[derive(Debug, Clone)]
pub enum Operand {
    Path(Vec<Step>),
    Value(Value),
    Size(Vec<Step>),
    IfNotExists(Vec<Step>, Box<Operand>),
    ListAppend(Box<Operand>, Box<Operand>),
    Sum { left: Box<Operand>, right: Box<Operand>, subtract: bool },
}

/// A condition on an item.
#[derive(Debug, Clone)]
pub enum Condition {
    Or(Box<Condition>, Box<Condition>),
    And(Box<Condition>, Box<Condition>),
    Not(Box<Condition>),
    Compare(Operand, String, Operand),
    Between(Operand, Operand, Operand),
    In(Operand, Vec<Operand>),
    Exists(Vec<Step>),
    NotExists(Vec<Step>),
    BeginsWith(Operand, Operand),
    Contains(Operand, Operand),
}

/// One change of an update expression.
#[derive(Debug, Clone)]
pub enum Change {
    Set(Vec<Step>, Operand),
    Remove(Vec<Step>),
    Add(Vec<Step>, Value),
}
