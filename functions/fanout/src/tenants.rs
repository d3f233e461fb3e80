//! The events of a batch, by tenant.

use std::collections::HashMap;

use hooklane_domain::event::Event;
use hooklane_domain::ids::TenantId;
use tracing::Span;

/// An event, with the place of its record in the batch.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) index: usize,
    pub(crate) event: Box<Event>,
    pub(crate) span: Span,
}

/// A tenant's events, in the order of their records.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) tenant: TenantId,
    pub(crate) entries: Vec<Entry>,
}

/// The groups, in the order of their first records. So the first record of a batch is always done first.
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
}

impl IntoIterator for Groups {
    type Item = Group;
    type IntoIter = std::vec::IntoIter<Group>;

    fn into_iter(self) -> Self::IntoIter {
        self.groups.into_iter()
    }
}
