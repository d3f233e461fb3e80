//! What an expression can need on the largest event, before it has seen one.
//!
//! The model adds up the prices that an evaluation would be charged. It takes the largest event, of which
//! all is in whatever the expression reads, in as many elements as fit. Two things count as they usually
//! are, and the budget ends the evaluation where they are not: what a macro's step reads again for each
//! element, although it does not depend on the element (`x.sku in event.data.wanted`), as [`AGAIN`] bytes,
//! and a number as text as [`NUMBER`] characters longer than it is in the event.

use super::MAX_EVENT_BYTES;
use super::budget::{MAX_BYTES, MAX_STEPS};
use super::compiled::{Binary, Compiled, Constant, Function, Macro, Need, Node};
use super::pattern::Pattern;
use super::price;

/// An expression is refused that exceeds the limits of an evaluation even on an event of a tenth of the
/// largest size.
const ROOM: u64 = 10;
/// The steps that an expression may need on the largest event.
pub const MAX_COST: u64 = ROOM * MAX_STEPS;
/// The memory that an expression may need on the largest event.
const MAX_NEEDED_BYTES: u64 = ROOM * MAX_BYTES;
/// The bytes of a part of the event that a macro's step reads again for each element.
const AGAIN: u64 = 32;
/// The characters of a number that is made a text.
const NUMBER: u64 = 24;
/// The shortest element of a list, with its comma, and the shortest entry of an object.
const ELEMENT_BYTES: u64 = 2;
const ENTRY_BYTES: u64 = 5;
/// A number or a truth value.
const SCALAR: Shape = Shape { length: 8, count: 0 };

/// Why this is more than an expression may need.
pub(super) fn excess(need: Need) -> Option<String> {
    if need.steps > MAX_COST {
        let (cost, allowed) = (need.steps.div_ceil(1_000_000), MAX_COST / 1_000_000);
        return Some(format!(
            "can need {cost} million steps on the largest event; {allowed} million steps are allowed"
        ));
    }
    let (cost, allowed) = (need.bytes.div_ceil(1 << 20), MAX_NEEDED_BYTES >> 20);
    (need.bytes > MAX_NEEDED_BYTES).then(|| {
        format!("can need {cost} MiB of memory on the largest event; {allowed} MiB are allowed")
    })
}

/// How large a value can be.
#[derive(Debug, Clone, Copy)]
struct Shape {
    /// The characters of a text, or the JSON of a list or map.
    length: u64,
    /// The elements of a list.
    count: u64,
}

impl Shape {
    /// A part of the event of that length, of any type.
    const fn any(length: u64) -> Self {
        Self { length, count: length / ELEMENT_BYTES }
    }

    fn larger(self, other: Self) -> Self {
        Self { length: self.length.max(other.length), count: self.count.max(other.count) }
    }

    const fn and(self, other: Self) -> Self {
        Self {
            length: self.length.saturating_add(other.length),
            count: self.count.saturating_add(other.count),
        }
    }
}

/// What an expression can need on the largest event.
pub(super) fn need(compiled: &Compiled) -> Need {
    let mut model = Model { compiled, need: Need::default(), times: 1, element: None };
    let event = MAX_EVENT_BYTES as u64;
    model.pay(price::scan(event));
    for reference in &compiled.references {
        // Each step of the path goes through the event, and what is found is read once.
        model.pay(price::scan(event).saturating_mul(reference.path.len() as u64));
    }
    for pattern in &compiled.patterns {
        model.pay(price::compiling(pattern.states()));
        model.hold(pattern.bytes());
    }
    let result = model.shape(&compiled.node);
    // A transform writes its result, and it is checked. It is refused where it is larger than an event.
    model.pay(6 * price::read(result.length.min(event)));
    model.need
}

struct Model<'a> {
    compiled: &'a Compiled,
    need: Need,
    /// How often the part at hand is evaluated.
    times: u64,
    /// The element of the macro around it.
    element: Option<Shape>,
}

impl Model<'_> {
    fn pay(&mut self, steps: u64) {
        self.need.steps = self.need.steps.saturating_add(steps.saturating_mul(self.times));
    }

    fn hold(&mut self, bytes: u64) {
        self.pay(price::allocation(bytes));
        let bytes = bytes.saturating_add(price::BLOCK_BYTES).saturating_mul(self.times);
        self.need.bytes = self.need.bytes.saturating_add(bytes);
    }

    fn shapes<'n>(&mut self, nodes: impl IntoIterator<Item = &'n Node>) -> Shape {
        let none = Shape { length: 0, count: 0 };
        nodes.into_iter().fold(none, |all, node| all.and(self.shape(node)))
    }

    /// Pays for a part of an expression, and says how large its value can be.
    fn shape(&mut self, node: &Node) -> Shape {
        self.pay(price::PART);
        match node {
            Node::Constant(Constant::Text(text)) => Shape { length: text.len() as u64, count: 0 },
            Node::Constant(Constant::Bytes(bytes)) => {
                Shape { length: bytes.len() as u64, count: 0 }
            }
            Node::Constant(_) | Node::Type(_) | Node::NoOverload(_) => SCALAR,
            Node::Reference(number) => {
                match (self.compiled.references.get(*number), self.element) {
                    (Some(reference), _) if reference.has.is_some() => SCALAR,
                    (_, Some(_)) => Shape::any(AGAIN),
                    (_, None) => Shape::any(MAX_EVENT_BYTES as u64),
                }
            }
            Node::Element => self.element.unwrap_or(SCALAR),
            Node::List(elements) => {
                self.hold(elements.len() as u64 * price::VALUE_BYTES);
                let length = self.shapes(elements.iter()).length;
                Shape { length, count: elements.len() as u64 }
            }
            Node::Map(entries) => {
                self.hold(2 * entries.len() as u64 * price::ENTRY_BYTES);
                self.pay(price::sort(entries.len() as u64, 0));
                let length = self.shapes(entries.iter().flat_map(|(k, v)| [k, v])).length;
                Shape { length, count: entries.len() as u64 }
            }
            Node::Conditional(parts) => {
                let [condition, yes, no] = parts.as_ref();
                self.shape(condition);
                let yes = self.shape(yes);
                yes.larger(self.shape(no))
            }
            Node::Logical(_, parts) => {
                self.shapes(parts.iter());
                SCALAR
            }
            Node::Not(part) | Node::Negate(part) => {
                self.shape(part);
                SCALAR
            }
            Node::Binary(operator, parts) => self.binary(*operator, parts),
            Node::Index(parts) => {
                let [container, index] = parts.as_ref();
                let container = self.shape(container);
                self.shape(index);
                self.part_of(container)
            }
            Node::Select(part, _) => {
                let container = self.shape(part);
                self.part_of(container)
            }
            Node::Has(part, _) => {
                let container = self.shape(part);
                self.part_of(container);
                SCALAR
            }
            Node::Function(function, part) => self.function(*function, part),
            Node::Text(_, parts) => {
                let both = self.shapes(parts.iter());
                self.pay(price::scan(both.length));
                SCALAR
            }
            Node::Matches(part, number) => {
                let text = self.shape(part);
                let states = self.compiled.patterns.get(*number).map_or(0, Pattern::states);
                self.pay(price::matching(text.length, states));
                SCALAR
            }
            Node::Macro(kind, parts) => self.macro_over(*kind, parts),
        }
    }

    fn part_of(&mut self, container: Shape) -> Shape {
        self.pay(price::scan(container.length) + price::read(container.length));
        Shape::any(container.length)
    }

    fn binary(&mut self, operator: Binary, parts: &[Node; 2]) -> Shape {
        let is_text = parts.iter().any(|part| matches!(part, Node::Constant(Constant::Text(_))));
        let [left, right] = parts;
        let (left, right) = (self.shape(left), self.shape(right));
        let both = left.and(right);
        match operator {
            Binary::Add => {
                let count = if is_text { 0 } else { both.count };
                self.pay(2 * price::scan(both.length));
                self.pay(count.saturating_mul(2 * price::ELEMENT));
                let list = count.saturating_mul(price::VALUE_BYTES);
                self.hold(list.max(both.length.saturating_mul(2)));
                Shape { length: both.length, count }
            }
            Binary::In => {
                self.pay(2 * price::scan(right.length) + price::copy(left.length));
                self.pay(right.count.saturating_mul(2 * price::ELEMENT + 1));
                SCALAR
            }
            Binary::Equal | Binary::NotEqual => {
                // Equal only if they are of one size, so the smaller one limits the comparison.
                let length = left.length.min(right.length);
                self.pay(price::scan(length.saturating_mul(4)));
                self.pay(left.count.min(right.count).saturating_mul(4 * price::ELEMENT));
                SCALAR
            }
            _ => {
                self.pay(price::copy(left.length.min(right.length)));
                SCALAR
            }
        }
    }

    fn function(&mut self, function: Function, part: &Node) -> Shape {
        let part = self.shape(part);
        match function {
            Function::Type | Function::Dyn | Function::Bool => part,
            Function::Size | Function::Int | Function::UInt | Function::Double => {
                self.pay(price::scan(part.length));
                SCALAR
            }
            Function::Bytes => Shape { length: part.length, count: 0 },
            Function::Text => {
                self.pay(price::read(price::NUMBER_BYTES));
                self.hold(2 * NUMBER);
                Shape { length: part.length.saturating_add(NUMBER), count: 0 }
            }
        }
    }

    fn macro_over(&mut self, kind: Macro, parts: &[Node]) -> Shape {
        let [range, steps @ ..] = parts else { return SCALAR };
        let is_list = matches!(range, Node::List(_) | Node::Macro(..));
        let range = self.shape(range);
        if !is_list {
            let keys = range.length / ENTRY_BYTES;
            self.pay(price::sort(keys, range.length));
        }
        let count = range.count.max(1);
        let element = Shape::any(range.length.div_ceil(count));
        let (times, outer) = (self.times, self.element.replace(element));
        self.times = self.times.saturating_mul(count);
        self.pay(price::ELEMENT + price::scan(element.length));
        let value = steps.iter().fold(SCALAR, |_, step| self.shape(step));
        let gathers = matches!(kind, Macro::Map | Macro::FilterMap);
        if gathers {
            self.pay(price::ELEMENT);
        }
        (self.times, self.element) = (times, outer);
        if !gathers {
            return SCALAR;
        }
        self.hold(count.saturating_mul(2 * price::VALUE_BYTES));
        Shape { length: value.length.saturating_mul(count), count }
    }
}
