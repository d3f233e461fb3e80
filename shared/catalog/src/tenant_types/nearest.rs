//! Suggests event types that are similar to an unknown one.

use std::collections::BTreeSet;

use strsim::osa_distance;

use hooklane_domain::ids::EventType;
use hooklane_domain::webhook::subscription::Subscription;

/// The most names that are suggested.
const MAX_SUGGESTIONS: usize = 3;
/// The largest edit distance of similar names, however long they are.
const MAX_DISTANCE: usize = 8;
/// How much further than the nearest name another suggestion may be.
const MAX_EXTRA_DISTANCE: usize = 2;

/// The message that there is no such type, with the most similar names.
pub(super) fn refusal<'a>(
    wanted: &Subscription,
    names: impl Iterator<Item = &'a EventType>,
) -> String {
    let (text, what, candidates): (_, _, BTreeSet<String>) = match wanted {
        Subscription::Exactly(name) => (
            name.to_string(),
            "is not a known event type",
            names.map(ToString::to_string).collect(),
        ),
        Subscription::Below(_) | Subscription::All => (
            wanted.to_string(),
            "matches no known event type",
            // No wildcard matches operational events, so do not suggest one that would match only
            // those.
            names
                .filter_map(|name| Some((name, name.as_str().rsplit_once('.')?.0)))
                .map(|(name, prefix)| (name, format!("{prefix}.*")))
                .filter(|(name, pattern)| {
                    pattern.parse().is_ok_and(|p: Subscription| p.matches(name))
                })
                .map(|(_, pattern)| pattern)
                .collect(),
        ),
    };
    let near = nearest(&text, &candidates);
    match near.split_last() {
        None => what.to_owned(),
        Some((only, [])) => format!("{what}; did you mean {only}?"),
        Some((last, others)) => format!("{what}; did you mean {} or {last}?", others.join(", ")),
    }
}

/// The most steps of comparing names for one refusal. Comparing two names takes the product of their
/// lengths, and a tenant chooses how many names there are and how long they are.
const MAX_STEPS: usize = 200_000;

/// The names with the smallest edit distance, or else those that start with the same word.
fn nearest<'a>(text: &str, candidates: &'a BTreeSet<String>) -> Vec<&'a str> {
    let limit = (text.len() / 3).clamp(2, MAX_DISTANCE);
    let mut near: Vec<_> = compared_with(text, limit, candidates)
        .map(|name| (osa_distance(text, name), name))
        .filter(|(distance, _)| *distance <= limit)
        .collect();
    near.sort_unstable();
    let nearest = near.first().map_or(0, |(distance, _)| *distance);
    near.retain(|(distance, _)| *distance <= nearest + MAX_EXTRA_DISTANCE);
    if near.is_empty() {
        let word = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
        let first = word(text);
        let alike = candidates.iter().filter(|name| word(name) == first);
        near = alike.map(|name| (0, name.as_str())).collect();
    }
    near.into_iter().take(MAX_SUGGESTIONS).map(|(_, name)| name).collect()
}

/// The candidates of about the same length, as many as may be compared.
fn compared_with<'a>(
    text: &str,
    limit: usize,
    candidates: &'a BTreeSet<String>,
) -> impl Iterator<Item = &'a str> {
    let length = text.len();
    let mut steps = 0;
    let alike = candidates.iter().filter(move |name| name.len().abs_diff(length) <= limit);
    alike.map(String::as_str).take_while(move |name| {
        steps += name.len() * length;
        steps <= MAX_STEPS
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finding_06_a_refusal_compares_a_limited_number_of_names() {
        let many = |length: usize| -> BTreeSet<String> {
            (0..200).map(|i| format!("{i:03}{}", "x".repeat(length - 3))).collect()
        };
        let compared = |length| compared_with(&"x".repeat(length), 8, &many(length)).count();
        assert_eq!(compared(20), 200, "ordinary names are all compared");
        assert_eq!(compared(255), MAX_STEPS / (255 * 255));
    }
}
