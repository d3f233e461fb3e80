//! Walks the tree of an expression: checks every name in it, replaces paths into the event with
//! references, and wraps what an evaluation has to check.

use cel::IdedExpr;
use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, SelectExpr, operators,
};
use cel::common::types::CelInt;
use regex_lite::RegexBuilder;

use super::Gate;
use crate::expression::InvalidExpression;
use crate::expression::compiled::{ADDEND, RANGE, Reference, reference_variable};
use crate::expression::input::EVENT;
use crate::expression::scan::Token;
use crate::expression::tree::{nodes_of, path_of};

/// The largest compiled pattern, which limits the steps for each character.
const MAX_PATTERN_BYTES: usize = 8 * 1024;

const MACROS: [&str; 6] = ["all", "exists", "exists_one", "existsOne", "map", "filter"];
const FUNCTIONS: [&str; 10] =
    ["size", "int", "uint", "double", "string", "bool", "bytes", "type", "dyn", "matches"];
const METHODS: [&str; 5] = ["size", "contains", "startsWith", "endsWith", "matches"];
const TYPES: [&str; 9] =
    ["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "uint"];

impl Gate<'_> {
    /// Checks an expression and puts references into it. `scope` holds the variables of the macros
    /// around it.
    pub(super) fn walk(
        &mut self,
        expr: &mut IdedExpr,
        scope: &mut Vec<String>,
        in_macro: bool,
    ) -> Result<(), InvalidExpression> {
        if let Some(path) = path_of(expr) {
            expr.expr = self.reference(Reference { path, has: None });
            return Ok(());
        }
        let has = match &expr.expr {
            Expr::Select(SelectExpr { operand, field, test: true }) => {
                path_of(operand).map(|path| Reference { path, has: Some(field.clone()) })
            }
            _ => None,
        };
        if let Some(reference) = has {
            expr.expr = self.reference(reference);
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
                EntryExpr::StructField(_) => {
                    Err(self.error(0, "constructing a type (`Type{…}`) is not supported"))
                }
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

    fn reference(&mut self, reference: Reference) -> Expr {
        let known = self.references.iter().position(|known| *known == reference);
        let number = known.unwrap_or_else(|| {
            self.references.push(reference);
            self.references.len() - 1
        });
        Expr::Ident(reference_variable(number))
    }

    fn check_variable(&self, name: &str, scope: &[String]) -> Result<(), InvalidExpression> {
        if scope.iter().any(|known| known == name) || TYPES.contains(&name) {
            return Ok(());
        }
        let message = format!("there is no variable {name}; the event is called {EVENT}");
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
                format!("there is no {what} {name}; expected one of {macros}{}", known.join(", "));
            return Err(self.about(name, is_call, message));
        }
        if name != "matches" {
            return Ok(());
        }
        let literal = match call.args.last().map(|arg| &arg.expr) {
            Some(Expr::Literal(LiteralValue::String(pattern))) => pattern.inner().to_owned(),
            _ => {
                return Err(self.about(
                    name,
                    is_call,
                    "the pattern must be a string literal".to_owned(),
                ));
            }
        };
        match RegexBuilder::new(&literal).size_limit(MAX_PATTERN_BYTES).build() {
            Ok(pattern) => drop(self.patterns.insert(literal, pattern)),
            Err(error) => {
                return Err(self.about(name, is_call, format!("invalid pattern: {error}")));
            }
        }
        Ok(())
    }

    /// The range of a macro is outside of it, so macros may be chained; its step is inside.
    fn walk_macro(
        &mut self,
        comprehension: &mut ComprehensionExpr,
        scope: &mut Vec<String>,
        in_macro: bool,
    ) -> Result<(), InvalidExpression> {
        if in_macro {
            let at = self.nested_macro().unwrap_or(0);
            return Err(self.error(at, "a macro must not be inside another macro"));
        }
        if comprehension.iter_var == EVENT {
            let after_bracket = |before: Option<&Token<'_>>, _: Option<&Token<'_>>| {
                before.is_some_and(|before| before.text == "(")
            };
            let message = format!("a macro's variable must not be called {EVENT}");
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

    /// The position of the first macro that is inside another one.
    fn nested_macro(&self) -> Option<usize> {
        // For each open bracket, whether it belongs to a macro.
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

/// Wraps the right side of a sum, unless it is a literal. The interpreter adds the keys of a map to a
/// list in an order that changes between evaluations, so an evaluation has to refuse a map there.
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
