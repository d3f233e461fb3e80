//! The figures of a webhook, as tiles and as tables with bars.

use super::answers::Named;
use crate::figures::{Figures, OfType};
use crate::written::{Html, Writer, seen, share};

pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) note: String,
}

/// A row of a table with a bar.
pub(super) struct Bar {
    pub(super) name: Html,
    pub(super) count: String,
    pub(super) share: String,
    /// Out of 100.
    pub(super) width: u32,
    pub(super) is_bad: bool,
    /// Where the deliveries are listed that it is about.
    pub(super) address: Option<String>,
}

pub(super) const PERIODS: [(&str, &str, &str); 4] = [
    ("1h", "1 hour", "The last hour"),
    ("24h", "24 hours", "The last 24 hours"),
    ("7d", "7 days", "The last 7 days"),
    ("30d", "30 days", "The last 30 days"),
];

pub(super) fn tiles(figures: &Figures, writer: &Writer) -> Vec<Figure> {
    let counted = figures.accepted.saturating_sub(figures.cancelled);
    let none = || "none".to_owned();
    let delivered = figures.delivered_share.map_or_else(none, |share| writer.percent(share));
    let cancelled = match figures.cancelled {
        0 => String::new(),
        count => format!("; {} cancelled", writer.number(count)),
    };
    let (half, most) = figures.answer.map_or_else(
        || (none(), "no attempt yet".to_owned()),
        |(half, most)| {
            let words = format!("half of the answers; 95 of 100 within {}", writer.took(most));
            (writer.took(half), words)
        },
    );
    vec![
        Figure {
            name: "Delivered",
            value: delivered,
            note: format!(
                "{} of {}{cancelled}",
                writer.number(figures.delivered),
                writer.number(counted)
            ),
        },
        Figure { name: "Time to answer", value: half, note: most },
        Figure {
            name: "Failed",
            value: writer.number(figures.failed),
            note: format!(
                "{} beyond the first",
                writer.count(figures.retries, "attempt", "attempts")
            ),
        },
        Figure {
            name: "Waiting",
            value: writer.number(figures.waiting),
            note: "of what was accepted in this time".to_owned(),
        },
    ]
}

/// A row of the table of event types.
pub(super) struct TypeRow {
    pub(super) bar: Bar,
    pub(super) arrived: String,
    /// The attempts of each delivery, on average.
    pub(super) attempts: String,
}

/// The deliveries of each event type, most first.
pub(super) fn types(
    of: &[OfType],
    list: impl Fn(&(&'static str, String)) -> String,
    writer: &Writer,
) -> Vec<TypeRow> {
    let named = |one: &OfType| Named {
        name: one.name.clone().unwrap_or_else(|| "Other types".to_owned()),
        count: one.total,
        is_bad: false,
        filter: one.name.clone().map(|name| ("event", name)),
    };
    let mut all: Vec<_> = of.iter().filter(|one| one.total > 0).collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.total));
    let bars = bars(all.iter().map(|one| named(one)), list, writer);
    let row = |(bar, one): (Bar, &OfType)| TypeRow {
        bar,
        arrived: writer.number(one.delivered),
        attempts: one.average_attempts.map_or_else(|| "none".to_owned(), |n| writer.tenths(n)),
    };
    bars.into_iter().zip(all).map(row).collect()
}

/// The bars of what is counted, the longest first. `list` is the address of the list of deliveries with a filter.
pub(super) fn bars(
    of: impl IntoIterator<Item = Named>,
    list: impl Fn(&(&'static str, String)) -> String,
    writer: &Writer,
) -> Vec<Bar> {
    const SHOWN: usize = 8;
    let mut all: Vec<_> = of.into_iter().filter(|one| one.count > 0).collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.count));
    let sum: u64 = all.iter().map(|one| one.count).sum();
    let bar = |Named { name, count, is_bad, filter }: Named| {
        let width = (count * 100).checked_div(sum).unwrap_or_default();
        Bar {
            name: seen(&name),
            count: writer.number(count),
            share: share(count, sum).map(|share| writer.percent(share)).unwrap_or_default(),
            width: u32::try_from(width).unwrap_or(100).max(1),
            is_bad,
            address: filter.as_ref().map(&list),
        }
    };
    all.into_iter().take(SHOWN).map(bar).collect()
}
