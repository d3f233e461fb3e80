//! The events of a batch, by tenant.

use std::collections::HashMap;

use hooklane_domain::event::Event;
use hooklane_domain::ids::TenantId;

/// An event, with the place of its record in the batch.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) index: usize,
    pub(crate) event: Box<Event>,
}

/// A tenant's events, in the order of their records.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) tenant: TenantId,
    pub(crate) entries: Vec<Entry>,
}

/// The groups of a batch.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    groups: Vec<Group>,
    places: HashMap<TenantId, usize>,
}

impl Groups {
    pub(crate) fn add(&mut self, entry: Entry) {
        let tenant = &entry.event.tenant;
        match self.places.get(tenant) {
            Some(place) => self.groups[*place].entries.push(entry),
            None => {
                self.places.insert(tenant.clone(), self.groups.len());
                self.groups.push(Group { tenant: tenant.clone(), entries: vec![entry] });
            }
        }
    }

    /// The groups in the order in which they are done: those with fewer events first, so that a tenant with
    /// many holds up nobody. The first record always goes first, so that a batch that is handed back from a
    /// record on gets further each time. If its tenant has more events than another, it goes alone.
    pub(crate) fn in_order(mut self) -> Vec<Group> {
        let Some(leading) = self.groups.first() else { return Vec::new() };
        let events = leading.entries.len();
        let others = self.groups[1..].iter().map(|group| group.entries.len());
        if others.min().is_none_or(|fewest| events <= fewest) {
            self.groups[1..].sort_by_key(|group| group.entries.len());
            return self.groups;
        }
        let leading = &mut self.groups[0];
        let first =
            Group { tenant: leading.tenant.clone(), entries: vec![leading.entries.remove(0)] };
        self.groups.sort_by_key(|group| group.entries.len());
        std::iter::once(first).chain(self.groups).collect()
    }
}

#[cfg(test)]
mod tests {
    use hooklane_domain::event::Content;
    use hooklane_domain::json::RawJson;

    use super::*;

    fn entry(index: usize, tenant: &str) -> Entry {
        let content = Content {
            event_type: "a.b".parse().unwrap(),
            data: RawJson::parse("1").unwrap(),
            metadata: None,
            timestamp: None,
            version: None,
            test: false,
        };
        let event = Event {
            id: format!("e{index}").parse().unwrap(),
            tenant: tenant.parse().unwrap(),
            accepted_at: "2024-01-15T10:30:00Z".parse().unwrap(),
            content,
            value: None,
        };
        Entry { index, event: Box::new(event) }
    }

    #[test]
    fn finding_02_the_first_record_and_those_with_few_events_go_before_a_tenant_with_many() {
        for (tenants, expected) in [
            ("", vec![]),
            ("a", vec![vec![0]]),
            ("aaa", vec![vec![0, 1, 2]]),
            ("aabbb", vec![vec![0, 1], vec![2, 3, 4]]),
            ("aaab", vec![vec![0], vec![3], vec![1, 2]]),
            ("caaabbc", vec![vec![0, 6], vec![4, 5], vec![1, 2, 3]]),
            ("abab", vec![vec![0, 2], vec![1, 3]]),
        ] {
            let mut groups = Groups::default();
            for (index, tenant) in tenants.char_indices() {
                groups.add(entry(index, &tenant.to_string()));
            }
            let order: Vec<Vec<usize>> = groups
                .in_order()
                .iter()
                .map(|group| group.entries.iter().map(|entry| entry.index).collect())
                .collect();
            assert_eq!(order, expected, "{tenants}");
        }
    }
}
