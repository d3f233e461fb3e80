//! Evaluates an expression on an event. Every operation is charged to a [`Meter`] before it is done, by
//! what it goes through and what it allocates, so that a limit ends an evaluation wherever it is.

use std::cell::OnceCell;

use super::Failure;
use super::budget::Budget;
use super::compiled::{Compiled, Constant, Logical, Node, Reference};
use super::error::{Error, missing};
use super::input::{DATA, Input, Step};
use super::meter::Meter;
use super::price;
use super::value::{Shared, Value};
use crate::json::parts::member;

mod compare;
mod functions;
mod macros;
mod maps;
mod operators;
mod patterns;

pub(super) type Made<'a> = Result<Value<'a>, Error<'a>>;

impl Compiled {
    /// The result of a filter.
    pub(super) fn decide(&self, input: &Input, budget: &Budget) -> Result<bool, Failure> {
        let evaluation = Evaluation::new(self, input, budget);
        let result = evaluation.value(&self.node, None);
        evaluation.meter.settle(budget)?;
        match result {
            Ok(Value::Bool(passes)) => Ok(passes),
            Ok(other) => {
                let message =
                    format!("must be true or false, but is of type {}", other.type_name());
                Err(Failure::Wrong(message))
            }
            Err(error) => Err(error.failure()),
        }
    }
}

/// Why the event has no such part.
#[derive(Debug, Clone, Copy)]
enum Absent {
    Missing,
    /// What the path leads to after so many steps is no object or no list, and the next step needs one.
    OtherKind(u32),
}

impl Absent {
    fn after(taken: usize) -> Self {
        Self::OtherKind(u32::try_from(taken).unwrap_or(u32::MAX))
    }

    fn error(self, reference: &Reference) -> Error<'_> {
        match self {
            Self::Missing => Error::NoPart(reference),
            Self::OtherKind(taken) => Error::OtherKind(reference, taken),
        }
    }
}

/// One evaluation. It may evaluate the parts of an expression one after the other, on one budget.
pub(super) struct Evaluation<'a> {
    compiled: &'a Compiled,
    input: &'a Input,
    pub(super) meter: Meter,
    /// By the number of the reference, from its first use on.
    resolved: Vec<OnceCell<Result<Value<'a>, Absent>>>,
    patterns: patterns::Compiled,
}

impl<'a> Evaluation<'a> {
    pub(super) fn new(compiled: &'a Compiled, input: &'a Input, budget: &Budget) -> Self {
        let references = compiled.references.len();
        let meter = Meter::new(budget);
        if budget.begins() {
            // Writing the event as JSON, and looking for what cannot be read in it. If a limit is reached,
            // the meter keeps it.
            drop(meter.steps(price::scan(input.length())));
        }
        drop(meter.block(references as u64 * price::VALUE_BYTES));
        Self {
            compiled,
            input,
            meter,
            resolved: std::iter::repeat_with(OnceCell::new).take(references).collect(),
            patterns: patterns::Compiled::default(),
        }
    }

    /// `element` is what the macro around the node is at.
    pub(super) fn value(&self, node: &'a Node, element: Option<&Value<'a>>) -> Made<'a> {
        self.meter.steps(price::PART)?;
        match node {
            Node::Constant(constant) => Ok(literal(constant)),
            Node::Reference(number) => self.reference(*number),
            Node::Element => element.cloned().ok_or(Error::Other("is not in a macro")),
            Node::Type(name) => Ok(Value::Type(name)),
            Node::List(elements) => self.list(elements, element),
            Node::Map(entries) => self.map(entries, element),
            Node::Conditional(parts) => {
                let [condition, yes, no] = parts.as_ref();
                let condition = self.bool(condition, element)?;
                self.value(if condition { yes } else { no }, element)
            }
            Node::Logical(operator, parts) => self.logical(*operator, parts, element),
            Node::Not(part) => match self.value(part, element)? {
                Value::Bool(bool) => Ok(Value::Bool(!bool)),
                other => Err(Error::NotBool(other.type_name())),
            },
            Node::Negate(part) => operators::negated(&self.value(part, element)?),
            Node::Binary(operator, parts) => self.binary(*operator, parts, element),
            Node::Index(parts) => {
                let [container, index] = parts.as_ref();
                let container = self.value(container, element)?;
                self.indexed(&container, &self.value(index, element)?)
            }
            Node::Select(part, field) => {
                let container = self.value(part, element)?;
                self.selected(&container, field)?
                    .ok_or(Error::NoKey(super::value::Key::Text(Shared::Borrowed(field))))
            }
            Node::Has(part, field) => {
                let container = self.value(part, element)?;
                Ok(Value::Bool(self.selected(&container, field)?.is_some()))
            }
            Node::Function(function, part) => {
                let argument = self.value(part, element)?;
                self.call(*function, argument)
            }
            Node::Text(question, parts) => self.question(*question, parts, element),
            Node::Matches(part, number) => {
                let text = self.value(part, element)?;
                self.matches(&text, *number)
            }
            Node::NoOverload(name) => Err(Error::Argument(name)),
            Node::Macro(kind, parts) => self.macro_over(*kind, parts),
        }
    }

    pub(super) fn bool(
        &self,
        node: &'a Node,
        element: Option<&Value<'a>>,
    ) -> Result<bool, Error<'a>> {
        match self.value(node, element)? {
            Value::Bool(bool) => Ok(bool),
            other => Err(Error::NotBool(other.type_name())),
        }
    }

    /// `||` is true if one side is, and `&&` false if one side is, whatever the other side is or why it
    /// has no value; only a limit that was reached is tolerated nowhere.
    fn logical(
        &self,
        operator: Logical,
        parts: &'a [Node; 2],
        element: Option<&Value<'a>>,
    ) -> Made<'a> {
        let decisive = operator == Logical::Or;
        let [left, right] = parts;
        let left = match self.bool(left, element) {
            Ok(left) if left == decisive => return Ok(Value::Bool(decisive)),
            Err(Error::TooMuch) => return Err(Error::TooMuch),
            left => left,
        };
        let right = self.value(right, element)?;
        match (left, right) {
            (_, Value::Bool(right)) if right == decisive => Ok(Value::Bool(decisive)),
            (Ok(_), Value::Bool(right)) => Ok(Value::Bool(right)),
            (Err(Error::NotBool(left)), right) => {
                Err(Error::Overload(operator.name(), [left, right.type_name()]))
            }
            (Err(error), _) => Err(error),
            (Ok(_), right) => Err(Error::Overload(operator.name(), ["bool", right.type_name()])),
        }
    }

    fn list(&self, elements: &'a [Node], element: Option<&Value<'a>>) -> Made<'a> {
        self.meter.block(elements.len() as u64 * price::VALUE_BYTES)?;
        let mut list = Vec::with_capacity(elements.len());
        for part in elements {
            list.push(self.value(part, element)?);
        }
        self.shared(list)
    }

    pub(super) fn shared(&self, list: Vec<Value<'a>>) -> Made<'a> {
        self.meter.block(price::LIST_BYTES)?;
        Ok(Value::List(list.into()))
    }

    /// Appends a value, and pays for the memory that the list grows by.
    pub(super) fn push(
        &self,
        list: &mut Vec<Value<'a>>,
        value: Value<'a>,
    ) -> Result<(), Error<'a>> {
        self.meter.steps(price::ELEMENT)?;
        if list.len() == list.capacity() {
            let more = list.len().max(4);
            self.meter.block((list.len() + more) as u64 * price::VALUE_BYTES)?;
            list.reserve_exact(more);
        }
        list.push(value);
        Ok(())
    }

    fn reference(&self, number: usize) -> Made<'a> {
        let (Some(reference), Some(known)) =
            (self.compiled.references.get(number), self.resolved.get(number))
        else {
            return Err(Error::Other("is not a part of the event"));
        };
        if known.get().is_none() {
            let read = self.read(reference)?;
            // It was empty, so this cannot fail.
            drop(known.set(read));
        }
        let known = known.get().cloned().unwrap_or(Err(Absent::Missing));
        known.map_err(|absent| absent.error(reference))
    }

    fn read(&self, reference: &'a Reference) -> Result<Result<Value<'a>, Absent>, Error<'a>> {
        let part = match self.part(&reference.path)? {
            Ok(part) => part,
            Err(absent) => return Ok(Err(absent)),
        };
        let Some(key) = &reference.has else { return self.json(part).map(Ok) };
        self.meter.steps(price::scan(part.len() as u64))?;
        Ok(if part.starts_with('{') {
            Ok(Value::Bool(member(part, key).is_some()))
        } else {
            Err(Absent::after(reference.path.len()))
        })
    }

    /// The part of the event at the end of a path, as JSON. Each step goes through all of the part that
    /// it is taken from.
    fn part(&self, path: &[Step]) -> Result<Result<&'a str, Absent>, Error<'a>> {
        let (mut part, skipped) = match path {
            [Step::Key(first), ..] if first == DATA => (self.input.data(), 1),
            _ => (self.input.whole(), 0),
        };
        for (taken, step) in path.iter().enumerate().skip(skipped) {
            self.meter.steps(price::scan(part.len() as u64))?;
            match step.from(part) {
                Some(next) => part = next,
                None if step.fits(part) => return Ok(Err(Absent::Missing)),
                None => return Ok(Err(Absent::after(taken))),
            }
        }
        Ok(Ok(part))
    }

    /// Reads a value of the event.
    pub(super) fn json(&self, json: &'a str) -> Made<'a> {
        let length = json.len() as u64;
        match json.as_bytes().first() {
            Some(b'{' | b'[') => {}
            Some(b'"') if json.as_bytes().contains(&b'\\') => {
                self.meter.steps(price::read(length))?;
                // Decoded, and then where it can be shared.
                self.meter.block(length)?;
                self.meter.block(length)?;
            }
            Some(b'"') => self.meter.steps(price::copy(length))?,
            _ => self.meter.steps(price::scan(length))?,
        }
        Ok(Value::of_json(json))
    }

    /// The published text of the part of the event that a node names.
    pub(super) fn published(&self, number: usize) -> Option<Result<&'a str, Failure>> {
        let references = &self.compiled.references;
        let reference = references.get(number).filter(|reference| reference.has.is_none())?;
        Some(match self.part(&reference.path) {
            Ok(Ok(part)) => self.input.published(part).ok_or_else(|| missing(reference)),
            Ok(Err(absent)) => Err(absent.error(reference).failure()),
            Err(error) => Err(error.failure()),
        })
    }
}

fn literal(constant: &Constant) -> Value<'_> {
    match constant {
        Constant::Null => Value::Null,
        Constant::Bool(bool) => Value::Bool(*bool),
        Constant::Int(int) => Value::Int(*int),
        Constant::UInt(uint) => Value::UInt(*uint),
        Constant::Double(double) => Value::Double(*double),
        Constant::Text(text) => Value::Text(Shared::Borrowed(text)),
        Constant::Bytes(bytes) => Value::Bytes(Shared::Borrowed(bytes)),
    }
}

impl Logical {
    const fn name(self) -> &'static str {
        match self {
            Self::And => "_&&_",
            Self::Or => "_||_",
        }
    }
}
