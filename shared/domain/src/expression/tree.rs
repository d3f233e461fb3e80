//! The tree of an expression: its parts, its depth and size, and the paths into the event in it.

use cel::IdedExpr;
use cel::common::ast::{EntryExpr, Expr, LiteralValue, SelectExpr, operators};

use super::input::{EVENT, Step};

/// The path into the event, where the expression is one: `event.data.items[0]`, `event["type"]`.
pub(super) fn path_of(expr: &IdedExpr) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut at = &expr.expr;
    loop {
        match at {
            Expr::Ident(name) if name == EVENT => {
                steps.reverse();
                return Some(steps);
            }
            Expr::Select(SelectExpr { operand, field, test: false }) => {
                steps.push(Step::Key(field.clone()));
                at = &operand.expr;
            }
            Expr::Call(call) if call.func_name == operators::INDEX => {
                let [operand, index] = call.args.as_slice() else { return None };
                steps.push(match &index.expr {
                    Expr::Literal(LiteralValue::String(key)) => Step::Key(key.inner().to_owned()),
                    Expr::Literal(LiteralValue::Int(index)) => {
                        Step::Index(usize::try_from(*index.inner()).ok()?)
                    }
                    _ => return None,
                });
                at = &operand.expr;
            }
            _ => return None,
        }
    }
}

/// The direct parts of an expression.
fn parts_of(expr: &IdedExpr) -> Vec<&IdedExpr> {
    match &expr.expr {
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).collect(),
        Expr::Comprehension(c) => {
            vec![&c.iter_range, &c.accu_init, &c.loop_cond, &c.loop_step, &c.result]
        }
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => map.entries.iter().flat_map(|entry| entry_parts(&entry.expr)).collect(),
        Expr::Struct(made) => {
            made.entries.iter().flat_map(|entry| entry_parts(&entry.expr)).collect()
        }
        Expr::Select(select) => vec![&select.operand],
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => Vec::new(),
    }
}

fn entry_parts(entry: &EntryExpr) -> Vec<&IdedExpr> {
    match entry {
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
        EntryExpr::StructField(field) => vec![&field.value],
    }
}

/// The depth of an expression, where a path into the event counts as one operation. It does not
/// recurse, since it decides whether recursion is safe.
pub(super) fn depth_of(expr: &IdedExpr) -> usize {
    let mut deepest = 0;
    let mut left = vec![(expr, 1)];
    while let Some((expr, depth)) = left.pop() {
        deepest = deepest.max(depth);
        if path_of(expr).is_none() {
            left.extend(parts_of(expr).into_iter().map(|part| (part, depth + 1)));
        }
    }
    deepest
}
