//! The deliveries of a page by event. Nothing more is read for it: what is on other pages is not in its groups.

use hooklane_domain::delivery::Delivery;
use hooklane_domain::ids::EventId;

use super::Row;
use crate::link;
use crate::visitor::Visitor;
use crate::written::Html;

/// An event with its deliveries on this page.
pub(super) struct Group {
    pub(super) event_type: String,
    pub(super) event: EventId,
    /// All of the event's deliveries.
    pub(super) address: String,
    pub(super) accepted: Html,
    pub(super) counts: String,
    pub(super) rows: Vec<Row>,
}

/// A group for each event, in the order in which their first deliveries are listed.
pub(super) fn by_event(visitor: &Visitor, deliveries: &[Delivery], rows: Vec<Row>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (delivery, row) in deliveries.iter().zip(rows) {
        let event = delivery.id.event();
        if let Some(group) = groups.iter_mut().find(|group| group.event == *event) {
            group.rows.push(row);
            continue;
        }
        groups.push(Group {
            event_type: delivery.event_type.to_string(),
            event: event.clone(),
            address: link::with(visitor.id(), "deliveries", &[("id", event.as_str())]),
            accepted: visitor.writer.second(delivery.id.accepted_at()),
            counts: String::new(),
            rows: vec![row],
        });
    }
    for group in &mut groups {
        group.counts = counts(&group.rows);
    }
    groups
}

/// How many are how, such as `2 delivered, 1 retrying`.
fn counts(rows: &[Row]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for row in rows {
        match counts.iter_mut().find(|(word, _)| *word == row.said.word) {
            Some((_, count)) => *count += 1,
            None => counts.push((row.said.word, 1)),
        }
    }
    let words: Vec<_> = counts
        .into_iter()
        .map(|(word, count)| format!("{count} {}", word.to_lowercase()))
        .collect();
    words.join(", ")
}
