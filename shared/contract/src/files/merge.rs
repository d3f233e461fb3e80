//! Merges the table of a contract with that of the contract it extends.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Keys that a file says about itself only. They are not inherited.
const OWN: [&str; 2] = ["extends", "description"];
/// Keys whose tables are not merged but replaced: a mix of a schedule and a back-off would not be a
/// policy, and half of a rate limit not a limit.
const WHOLE: [&str; 2] = ["retry", "rate_limit"];

/// Adds the values that `own` does not have, at every depth of the tables that both have.
pub(super) fn inherit<'a>(own: &mut DeTable<'a>, from: DeTable<'a>) {
    for (key, value) in from {
        let name = key.get_ref().as_ref();
        match own.get_mut(name).map(Spanned::get_mut) {
            None if OWN.contains(&name) => {}
            None => drop(own.insert(key, value)),
            Some(DeValue::Table(own)) if !WHOLE.contains(&name) => {
                add_missing(own, value.into_inner());
            }
            Some(_) => {}
        }
    }
}

fn add_missing<'a>(own: &mut DeTable<'a>, from: DeValue<'a>) {
    if let DeValue::Table(from) = from {
        for (key, value) in from {
            match own.get_mut(key.get_ref().as_ref()).map(Spanned::get_mut) {
                None => drop(own.insert(key, value)),
                Some(DeValue::Table(own)) => add_missing(own, value.into_inner()),
                Some(_) => {}
            }
        }
    }
}

/// Moves every span in a table by `by` bytes.
pub(super) fn moved<'a>(table: Spanned<DeTable<'a>>, by: usize) -> Spanned<DeTable<'a>> {
    let span = moved_span(&table, by);
    let entries = table.into_inner().into_iter().map(|(key, value)| {
        let (key_span, value_span) = (moved_span(&key, by), moved_span(&value, by));
        let value = match value.into_inner() {
            DeValue::Table(table) => {
                DeValue::Table(moved(Spanned::new(0..0, table), by).into_inner())
            }
            // Nothing asks for a span inside a list.
            other => other,
        };
        (Spanned::new(key_span, key.into_inner()), Spanned::new(value_span, value))
    });
    Spanned::new(span, entries.collect())
}

fn moved_span<T>(value: &Spanned<T>, by: usize) -> std::ops::Range<usize> {
    let span = value.span();
    span.start + by..span.end + by
}
