//! Recognises the macros, which the parser has already written out as loops.
//!
//! `@result` is the name that the parser gives to what a loop gathers. No expression can contain it.

use cel::IdedExpr;
use cel::common::ast::{ComprehensionExpr, Expr, LiteralValue, operators};

use super::Gate;
use super::walk::MACROS;
use crate::expression::InvalidExpression;
use crate::expression::compiled::{Macro, Node};
use crate::expression::input::EVENT;
use crate::expression::scan::Token;

impl Gate<'_> {
    /// The range of a macro is outside of it, so macros may be chained; its step is inside.
    pub(super) fn comprehension(
        &mut self,
        comprehension: &ComprehensionExpr,
        element: Option<&str>,
    ) -> Result<Node, InvalidExpression> {
        if element.is_some() {
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
        let Some((kind, steps)) = recognised(comprehension) else {
            return Err(self.error(0, "is not a macro that is supported"));
        };
        let mut parts = vec![self.node(&comprehension.iter_range, None)?];
        for step in steps {
            parts.push(self.node(step, Some(&comprehension.iter_var))?);
        }
        Ok(Node::Macro(kind, parts.into_boxed_slice()))
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

/// What a loop was written as, and what it evaluates for each element.
fn recognised(of: &ComprehensionExpr) -> Option<(Macro, Vec<&IdedExpr>)> {
    let Expr::Call(step) = &of.loop_step.expr else { return None };
    let gathers = |expr: &IdedExpr| matches!(&expr.expr, Expr::Ident(name) if *name == of.accu_var);
    let appended = |expr: &'_ IdedExpr| -> Option<usize> {
        let Expr::Call(call) = &expr.expr else { return None };
        let [gathered, list] = call.args.as_slice() else { return None };
        let adds = call.func_name == operators::ADD && gathers(gathered);
        (adds && matches!(&list.expr, Expr::List(list) if list.elements.len() == 1)).then_some(1)
    };
    match (step.func_name.as_str(), step.args.as_slice(), &of.accu_init.expr) {
        (operators::LOGICAL_AND, [gathered, each], _) if gathers(gathered) => {
            Some((Macro::All, vec![each]))
        }
        (operators::LOGICAL_OR, [gathered, each], _) if gathers(gathered) => {
            Some((Macro::Exists, vec![each]))
        }
        (operators::CONDITIONAL, [each, _, gathered], Expr::Literal(LiteralValue::Int(_)))
            if gathers(gathered) =>
        {
            Some((Macro::ExistsOne, vec![each]))
        }
        (operators::CONDITIONAL, [condition, then, gathered], Expr::List(_))
            if gathers(gathered) && appended(then).is_some() =>
        {
            Some((Macro::FilterMap, vec![condition, only_element(then)?]))
        }
        (operators::ADD, _, Expr::List(_)) if appended(&of.loop_step).is_some() => {
            Some((Macro::Map, vec![only_element(&of.loop_step)?]))
        }
        _ => None,
    }
}

/// The value that `@result + [value]` appends.
fn only_element(expr: &IdedExpr) -> Option<&IdedExpr> {
    let Expr::Call(call) = &expr.expr else { return None };
    match &call.args.get(1)?.expr {
        Expr::List(list) => list.elements.first(),
        _ => None,
    }
}
