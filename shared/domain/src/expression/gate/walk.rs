//! Walks the tree of an expression: checks every name in it, replaces paths into the event with
//! references, and makes the tree that is evaluated.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, EntryExpr, Expr, LiteralValue, MapExpr, SelectExpr, operators};

use super::Gate;
use crate::expression::InvalidExpression;
use crate::expression::compiled::{Binary, Constant, Function, Logical, Node, Reference, Text};
use crate::expression::input::EVENT;
use crate::expression::pattern::Pattern;
use crate::expression::scan::Token;
use crate::expression::tree::path_of;

pub(super) const MACROS: [&str; 6] = ["all", "exists", "exists_one", "existsOne", "map", "filter"];
const FUNCTIONS: [&str; 10] =
    ["size", "int", "uint", "double", "string", "bool", "bytes", "type", "dyn", "matches"];
const METHODS: [&str; 5] = ["size", "contains", "startsWith", "endsWith", "matches"];
const TYPES: [&str; 9] =
    ["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "uint"];

type Made = Result<Node, InvalidExpression>;

impl Gate<'_> {
    /// Checks an expression. `element` is the variable of the macro around it.
    pub(super) fn node(&mut self, expr: &IdedExpr, element: Option<&str>) -> Made {
        if let Some(path) = path_of(expr) {
            return Ok(self.reference(Reference { path, has: None }));
        }
        match &expr.expr {
            Expr::Literal(literal) => Ok(Node::Constant(constant(literal))),
            Expr::Ident(name) => self.variable(name, element),
            Expr::Select(select) => self.select(select, element),
            Expr::List(list) if list.optional_indices.is_empty() => {
                let elements = list.elements.iter().map(|part| self.node(part, element));
                Ok(Node::List(elements.collect::<Result<_, _>>()?))
            }
            Expr::Map(map) => self.map(map, element),
            Expr::Call(call) => self.call(call, element),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension, element),
            Expr::Struct(made) => {
                let message = format!("there is no message {}", made.type_name);
                Err(self.about(&made.type_name, |_, _| true, message))
            }
            Expr::List(_) | Expr::Unspecified => Err(self.error(0, "is not an expression")),
        }
    }

    fn reference(&mut self, reference: Reference) -> Node {
        let known = self.references.iter().position(|known| *known == reference);
        Node::Reference(known.unwrap_or_else(|| {
            self.references.push(reference);
            self.references.len() - 1
        }))
    }

    fn variable(&self, name: &str, element: Option<&str>) -> Made {
        if element == Some(name) {
            return Ok(Node::Element);
        }
        if let Some(name) = TYPES.iter().find(|known| **known == name) {
            return Ok(Node::Type(name));
        }
        let message = format!("there is no variable {name}; the event is called {EVENT}");
        let is_variable = |before: Option<&Token<'_>>, _: Option<&Token<'_>>| {
            before.is_none_or(|before| before.text != ".")
        };
        Err(self.about(name, is_variable, message))
    }

    fn select(&mut self, select: &SelectExpr, element: Option<&str>) -> Made {
        let SelectExpr { operand, field, test } = select;
        if *test && let Some(path) = path_of(operand) {
            return Ok(self.reference(Reference { path, has: Some(field.clone()) }));
        }
        let operand = Box::new(self.node(operand, element)?);
        let field = field.as_str().into();
        Ok(if *test { Node::Has(operand, field) } else { Node::Select(operand, field) })
    }

    fn map(&mut self, map: &MapExpr, element: Option<&str>) -> Made {
        let entries = map.entries.iter().map(|entry| match &entry.expr {
            EntryExpr::MapEntry(entry) if !entry.optional => {
                Ok((self.node(&entry.key, element)?, self.node(&entry.value, element)?))
            }
            _ => Err(self.error(0, "constructing a type (`Type{…}`) is not supported")),
        });
        Ok(Node::Map(entries.collect::<Result<_, _>>()?))
    }

    fn call(&mut self, call: &CallExpr, element: Option<&str>) -> Made {
        let name = call.func_name.as_str();
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return self.operator(name, &call.args, element);
        }
        let (known, what) = match call.target {
            Some(_) => (METHODS.as_slice(), "method"),
            None => (FUNCTIONS.as_slice(), "function"),
        };
        let Some(name) = known.iter().copied().find(|known| *known == name) else {
            let macros =
                if call.target.is_some() { MACROS.join(", ") + ", " } else { String::new() };
            let known = known.join(", ");
            let message = format!("there is no {what} {name}; expected one of {macros}{known}");
            return Err(self.about(name, is_call, message));
        };
        let arguments: Vec<_> = call.target.as_deref().into_iter().chain(&call.args).collect();
        if name == "matches" {
            return self.matches(&arguments, element);
        }
        let mut made = Vec::with_capacity(arguments.len());
        for argument in arguments {
            made.push(self.node(argument, element)?);
        }
        Ok(function(name, made))
    }

    fn operator(&mut self, name: &str, arguments: &[IdedExpr], element: Option<&str>) -> Made {
        let mut made = Vec::with_capacity(arguments.len());
        for argument in arguments {
            made.push(self.node(argument, element)?);
        }
        let made = match name {
            operators::CONDITIONAL => {
                <[Node; 3]>::try_from(made).map(|of| Node::Conditional(of.into()))
            }
            operators::LOGICAL_NOT => <[Node; 1]>::try_from(made).map(|[of]| Node::Not(of.into())),
            operators::NEGATE => <[Node; 1]>::try_from(made).map(|[of]| Node::Negate(of.into())),
            _ => <[Node; 2]>::try_from(made).and_then(|of| {
                let of = Box::new(of);
                Ok(match name {
                    operators::LOGICAL_AND => Node::Logical(Logical::And, of),
                    operators::LOGICAL_OR => Node::Logical(Logical::Or, of),
                    operators::INDEX => Node::Index(of),
                    _ => Node::Binary(binary(name).ok_or_else(Vec::new)?, of),
                })
            }),
        };
        made.map_err(|_| self.error(0, format!("the operator {name} is not supported")))
    }

    fn matches(&mut self, arguments: &[&IdedExpr], element: Option<&str>) -> Made {
        let pattern = match arguments.last().map(|pattern| &pattern.expr) {
            Some(Expr::Literal(LiteralValue::String(pattern))) => pattern.inner(),
            _ => {
                let message = "the pattern must be a string literal".to_owned();
                return Err(self.about("matches", is_call, message));
            }
        };
        let known = self.patterns.iter().position(|known| known.text() == pattern);
        let number = match known {
            Some(known) => known,
            None => match Pattern::new(pattern, &mut self.room) {
                Ok(pattern) => {
                    self.patterns.push(pattern);
                    self.patterns.len() - 1
                }
                Err(error) => {
                    let message = format!("invalid pattern: {error}");
                    return Err(self.about("matches", is_call, message));
                }
            },
        };
        match arguments {
            [text, _] => Ok(Node::Matches(Box::new(self.node(text, element)?), number)),
            _ => Ok(Node::NoOverload("matches")),
        }
    }
}

fn is_call(_: Option<&Token<'_>>, after: Option<&Token<'_>>) -> bool {
    after.is_some_and(|after| after.text == "(")
}

fn constant(literal: &LiteralValue) -> Constant {
    match literal {
        LiteralValue::Null => Constant::Null,
        LiteralValue::Boolean(bool) => Constant::Bool(bool.into_inner()),
        LiteralValue::Int(int) => Constant::Int(int.into_inner()),
        LiteralValue::UInt(uint) => Constant::UInt(uint.into_inner()),
        LiteralValue::Double(double) => Constant::Double(double.into_inner()),
        LiteralValue::String(text) => Constant::Text(text.inner().into()),
        LiteralValue::Bytes(bytes) => Constant::Bytes(bytes.inner().into()),
    }
}

fn binary(name: &str) -> Option<Binary> {
    Some(match name {
        operators::ADD => Binary::Add,
        operators::SUBSTRACT => Binary::Subtract,
        operators::MULTIPLY => Binary::Multiply,
        operators::DIVIDE => Binary::Divide,
        operators::MODULO => Binary::Remainder,
        operators::EQUALS => Binary::Equal,
        operators::NOT_EQUALS => Binary::NotEqual,
        operators::LESS => Binary::Less,
        operators::LESS_EQUALS => Binary::LessOrEqual,
        operators::GREATER => Binary::Greater,
        operators::GREATER_EQUALS => Binary::GreaterOrEqual,
        operators::IN => Binary::In,
        _ => return None,
    })
}

/// A call of a known function or method.
fn function(name: &'static str, arguments: Vec<Node>) -> Node {
    let of_one = match name {
        "size" => Some(Function::Size),
        "int" => Some(Function::Int),
        "uint" => Some(Function::UInt),
        "double" => Some(Function::Double),
        "string" => Some(Function::Text),
        "bool" => Some(Function::Bool),
        "bytes" => Some(Function::Bytes),
        "type" => Some(Function::Type),
        "dyn" => Some(Function::Dyn),
        _ => None,
    };
    let of_two = match name {
        "contains" => Some(Text::Contains),
        "startsWith" => Some(Text::StartsWith),
        "endsWith" => Some(Text::EndsWith),
        _ => None,
    };
    let arguments = match (of_one, <[Node; 1]>::try_from(arguments)) {
        (Some(function), Ok([argument])) => return Node::Function(function, Box::new(argument)),
        (_, Ok(_)) => return Node::NoOverload(name),
        (_, Err(arguments)) => arguments,
    };
    match (of_two, <[Node; 2]>::try_from(arguments)) {
        (Some(text), Ok(arguments)) => Node::Text(text, Box::new(arguments)),
        _ => Node::NoOverload(name),
    }
}
