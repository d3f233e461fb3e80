//! The gate: what an expression may be.
//!
//! It bounds the length, the number of words and the nesting before the parser sees the text, and
//! refuses a macro inside a macro, names that nothing defines, and patterns that are not written out.
//! Then it puts numbered slots in the place of the paths into the event, so that an evaluation reads,
//! and pays for, just what is named.

use std::collections::BTreeMap;

use cel::IdedExpr;
use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, SelectExpr, operators,
};
use cel::common::types::CelInt;
use cel::parser::PrattParser;
use regex_lite::{Regex, RegexBuilder};

use super::input::Step;
use super::scan::{Token, place, tokens};
use super::tree::{depth_of, nodes_of, path_of};
use super::{InvalidExpression, MAX_CHARACTERS};

/// The one variable.
pub(super) const EVENT: &str = "event";
/// Stands around the range of a macro; no expression can write it.
pub(super) const RANGE: &str = "@range";
/// Stands around what is added to something.
pub(super) const ADDEND: &str = "@addend";
const SLOT: &str = "@slot";

const MAX_TOKENS: usize = 250;
/// Brackets in brackets.
const MAX_NESTING: usize = 16;
/// How deep the tree of an expression may be: the evaluation's stack is as deep.
const MAX_DEPTH: usize = 24;
/// A compiled pattern's size, which bounds its steps for each character.
const MAX_PATTERN_BYTES: usize = 8 * 1024;

const MACROS: [&str; 6] = ["all", "exists", "exists_one", "existsOne", "map", "filter"];
const FUNCTIONS: [&str; 10] =
    ["size", "int", "uint", "double", "string", "bool", "bytes", "type", "dyn", "matches"];
const METHODS: [&str; 5] = ["size", "contains", "startsWith", "endsWith", "matches"];
const TYPES: [&str; 9] =
    ["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "uint"];

/// An expression that is accepted.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) expr: IdedExpr,
    pub(super) slots: Vec<Slot>,
    /// By their text.
    pub(super) patterns: BTreeMap<String, Regex>,
}

/// A place in the event that the expression names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) path: Vec<Step>,
    /// `has(…)`: not the value, but whether the object there has this key.
    pub(super) has: Option<String>,
}

impl Slot {
    /// As the expression would write it.
    pub(super) fn text(&self) -> String {
        let step = |step: &Step| match step {
            Step::Key(key) => format!(".{key}"),
            Step::Index(index) => format!("[{index}]"),
        };
        EVENT.to_owned() + &self.path.iter().map(step).collect::<String>()
    }
}

/// The number of the slot that a variable stands for.
pub(super) fn slot_number(variable: &str) -> Option<usize> {
    variable.strip_prefix(SLOT)?.parse().ok()
}

impl Compiled {
    pub(super) fn parse(source: &str) -> Result<Self, InvalidExpression> {
        // Before it is looked at in any other way: what is longer costs nothing.
        if let Some((at, _)) = source.char_indices().nth(MAX_CHARACTERS) {
            let (line, column) = place(source, at);
            let message = format!("is over {MAX_CHARACTERS} characters long");
            return Err(InvalidExpression { line, column, message });
        }
        let tokens = tokens(source);
        let gate = &mut Gate { source, tokens, slots: Vec::new(), patterns: BTreeMap::new() };
        gate.check_size()?;
        let depth = u16::try_from(MAX_DEPTH).unwrap_or(u16::MAX);
        let parsed = PrattParser::new().max_recursion_depth(depth).parse(source);
        let mut expr = parsed.map_err(|errors| gate.syntax_error(&errors))?;
        if depth_of(&expr) > MAX_DEPTH {
            let message = format!("nests deeper than {MAX_DEPTH} operations");
            return Err(gate.error(0, message));
        }
        gate.walk(&mut expr, &mut Vec::new(), false)?;
        let (slots, patterns) =
            (std::mem::take(&mut gate.slots), std::mem::take(&mut gate.patterns));
        Ok(Self { expr, slots, patterns })
    }
}

struct Gate<'a> {
    source: &'a str,
    tokens: Vec<Token<'a>>,
    slots: Vec<Slot>,
    patterns: BTreeMap<String, Regex>,
}

impl Gate<'_> {
    fn error(&self, at: usize, message: impl Into<String>) -> InvalidExpression {
        let (line, column) = place(self.source, at);
        InvalidExpression { line, column, message: message.into() }
    }

    fn check_size(&self) -> Result<(), InvalidExpression> {
        if let Some(token) = self.tokens.get(MAX_TOKENS) {
            return Err(self.error(token.at, format!("has over {MAX_TOKENS} words and signs")));
        }
        let mut open = 0usize;
        for token in &self.tokens {
            match token.text {
                "(" | "[" | "{" => open += 1,
                ")" | "]" | "}" => open = open.saturating_sub(1),
                _ => {}
            }
            if open > MAX_NESTING {
                return Err(
                    self.error(token.at, format!("nests deeper than {MAX_NESTING} brackets"))
                );
            }
        }
        Ok(())
    }

    /// The first of the parser's messages that has a place.
    fn syntax_error(&self, errors: &cel::ParseErrors) -> InvalidExpression {
        let placed = errors.errors.iter().find(|error| error.pos.0 > 0).or(errors.errors.first());
        let number = |n: isize| usize::try_from(n).unwrap_or(1).max(1);
        match placed {
            Some(error) => InvalidExpression {
                line: number(error.pos.0),
                column: number(error.pos.1),
                message: error.msg.trim_start_matches("Syntax error: ").chars().take(200).collect(),
            },
            None => self.error(0, "is not an expression"),
        }
    }

    /// An error about a name, at the first place where it stands as `is` wants.
    fn about(
        &self,
        name: &str,
        is: impl Fn(Option<&Token<'_>>, Option<&Token<'_>>) -> bool,
        message: String,
    ) -> InvalidExpression {
        let found = self.tokens.iter().enumerate().find(|(i, token)| {
            let before = i.checked_sub(1).and_then(|i| self.tokens.get(i));
            token.text == name && is(before, self.tokens.get(i + 1))
        });
        self.error(found.map_or(0, |(_, token)| token.at), message)
    }

    /// Checks an expression and puts slots into it. `scope` holds the variables of macros around it.
    fn walk(
        &mut self,
        expr: &mut IdedExpr,
        scope: &mut Vec<String>,
        in_macro: bool,
    ) -> Result<(), InvalidExpression> {
        if let Some(path) = path_of(expr) {
            expr.expr = self.slot(Slot { path, has: None });
            return Ok(());
        }
        let has = match &expr.expr {
            Expr::Select(SelectExpr { operand, field, test: true }) => {
                path_of(operand).map(|path| Slot { path, has: Some(field.clone()) })
            }
            _ => None,
        };
        if let Some(slot) = has {
            expr.expr = self.slot(slot);
            return Ok(());
        }
        match &mut expr.expr {
            Expr::Literal(_) => Ok(()),
            Expr::Ident(name) => self.check_variable(name, scope),
            Expr::Select(select) => self.walk(&mut select.operand, scope, in_macro),
            Expr::List(list) => {
                list.elements.iter_mut().try_for_each(|e| self.walk(e, scope, in_macro))
            }
            Expr::Map(map) => map.entries.iter_mut().try_for_each(|entry| match &mut entry.expr {
                EntryExpr::MapEntry(entry) => {
                    self.walk(&mut entry.key, scope, in_macro)?;
                    self.walk(&mut entry.value, scope, in_macro)
                }
                EntryExpr::StructField(_) => Err(self.error(0, "messages cannot be made")),
            }),
            Expr::Call(call) => {
                self.check_call(call)?;
                guard_sum(call);
                if let Some(target) = &mut call.target {
                    self.walk(target, scope, in_macro)?;
                }
                call.args.iter_mut().try_for_each(|arg| self.walk(arg, scope, in_macro))
            }
            Expr::Comprehension(comprehension) => self.walk_macro(comprehension, scope, in_macro),
            Expr::Struct(made) => {
                let message = format!("there is no message {}", made.type_name);
                let name = made.type_name.clone();
                Err(self.about(&name, |_, _| true, message))
            }
            Expr::Unspecified => Err(self.error(0, "is not an expression")),
        }
    }

    fn slot(&mut self, slot: Slot) -> Expr {
        let known = self.slots.iter().position(|known| *known == slot);
        let number = known.unwrap_or_else(|| {
            self.slots.push(slot);
            self.slots.len() - 1
        });
        Expr::Ident(format!("{SLOT}{number}"))
    }

    fn check_variable(&self, name: &str, scope: &[String]) -> Result<(), InvalidExpression> {
        if scope.iter().any(|known| known == name) || TYPES.contains(&name) {
            return Ok(());
        }
        let message = format!("there is no variable {name}; the event is {EVENT}");
        let is_variable = |before: Option<&Token<'_>>, _: Option<&Token<'_>>| {
            before.is_none_or(|before| before.text != ".")
        };
        Err(self.about(name, is_variable, message))
    }

    fn check_call(&mut self, call: &CallExpr) -> Result<(), InvalidExpression> {
        let name = call.func_name.as_str();
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            // An operator.
            return Ok(());
        }
        let (known, what) = match call.target {
            Some(_) => (METHODS.as_slice(), "method"),
            None => (FUNCTIONS.as_slice(), "function"),
        };
        let is_call = |_: Option<&Token<'_>>, after: Option<&Token<'_>>| {
            after.is_some_and(|after| after.text == "(")
        };
        if !known.contains(&name) {
            let macros =
                if call.target.is_some() { MACROS.join(", ") + ", " } else { String::new() };
            let message =
                format!("there is no {what} {name}; there are {macros}{}", known.join(", "));
            return Err(self.about(name, is_call, message));
        }
        if name != "matches" {
            return Ok(());
        }
        let literal = match call.args.last().map(|arg| &arg.expr) {
            Some(Expr::Literal(LiteralValue::String(pattern))) => pattern.inner().to_owned(),
            _ => return Err(self.about(name, is_call, "the pattern must be a text".to_owned())),
        };
        match RegexBuilder::new(&literal).size_limit(MAX_PATTERN_BYTES).build() {
            Ok(pattern) => drop(self.patterns.insert(literal, pattern)),
            Err(error) => return Err(self.about(name, is_call, format!("the pattern: {error}"))),
        }
        Ok(())
    }

    /// The range of a macro is outside of it, so one macro may follow another; its step is inside.
    fn walk_macro(
        &mut self,
        comprehension: &mut ComprehensionExpr,
        scope: &mut Vec<String>,
        in_macro: bool,
    ) -> Result<(), InvalidExpression> {
        if in_macro {
            let at = self.nested_macro().unwrap_or(0);
            return Err(self.error(at, "a macro may not stand inside a macro"));
        }
        if comprehension.iter_var == EVENT {
            let after_bracket = |before: Option<&Token<'_>>, _: Option<&Token<'_>>| {
                before.is_some_and(|before| before.text == "(")
            };
            let message = format!("a macro's variable may not be called {EVENT}");
            return Err(self.about(EVENT, after_bracket, message));
        }
        self.walk(&mut comprehension.iter_range, scope, in_macro)?;
        let weight = nodes_of(&comprehension.loop_step) + nodes_of(&comprehension.loop_cond);
        let range = std::mem::take(&mut comprehension.iter_range);
        let weight = LiteralValue::Int(CelInt::from(i64::try_from(weight).unwrap_or(i64::MAX)));
        let weight = IdedExpr { id: range.id, expr: Expr::Literal(weight) };
        let id = range.id;
        let call =
            CallExpr { func_name: RANGE.to_owned(), target: None, args: vec![range, weight] };
        comprehension.iter_range = IdedExpr { id, expr: Expr::Call(call) };

        let outside = scope.len();
        scope.push(comprehension.iter_var.clone());
        scope.extend(comprehension.iter_var2.clone());
        scope.push(comprehension.accu_var.clone());
        for part in [
            &mut comprehension.accu_init,
            &mut comprehension.loop_cond,
            &mut comprehension.loop_step,
            &mut comprehension.result,
        ] {
            self.walk(part, scope, true)?;
        }
        scope.truncate(outside);
        Ok(())
    }

    /// Where the first macro stands that has another one around it.
    fn nested_macro(&self) -> Option<usize> {
        // For each open bracket, whether it is a macro's.
        let mut open: Vec<bool> = Vec::new();
        for (i, token) in self.tokens.iter().enumerate() {
            match token.text {
                "(" => {
                    let named = i.checked_sub(1).and_then(|i| self.tokens.get(i));
                    let name = named.filter(|t| t.is_name() && MACROS.contains(&t.text));
                    if let Some(name) = name
                        && open.contains(&true)
                    {
                        return Some(name.at);
                    }
                    open.push(name.is_some());
                }
                "[" | "{" => open.push(false),
                ")" | "]" | "}" => drop(open.pop()),
                _ => {}
            }
        }
        None
    }
}

/// A list takes the keys of a map that is added to it, in an order that changes from one time to the
/// next. So what is added is looked at, unless it shows itself what it is.
fn guard_sum(call: &mut CallExpr) {
    if call.func_name != operators::ADD {
        return;
    }
    if let [_, added] = call.args.as_mut_slice()
        && !matches!(added.expr, Expr::Literal(_) | Expr::List(_))
    {
        let id = added.id;
        let args = vec![std::mem::take(added)];
        let guarded = CallExpr { func_name: ADDEND.to_owned(), target: None, args };
        *added = IdedExpr { id, expr: Expr::Call(guarded) };
    }
}
