//! A contract's table completed with that of the contract it extends.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What a file says about itself. Nobody inherits it.
const OWN: [&str; 2] = ["extends", "description"];
/// Taken whole: a schedule mixed with a back-off would be no policy, half of a limit none either.
const WHOLE: [&str; 2] = ["retry", "rate_limit"];

/// Adds what `own` does not say itself, key by key also in the tables that both have, however
/// deep.
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

/// Moves every place in a table `by` bytes.
pub(super) fn moved<'a>(table: Spanned<DeTable<'a>>, by: usize) -> Spanned<DeTable<'a>> {
    let span = moved_span(&table, by);
    let entries = table.into_inner().into_iter().map(|(key, value)| {
        let (key_span, value_span) = (moved_span(&key, by), moved_span(&value, by));
        let value = match value.into_inner() {
            DeValue::Table(table) => {
                DeValue::Table(moved(Spanned::new(0..0, table), by).into_inner())
            }
            // No place inside a list is ever asked for.
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
