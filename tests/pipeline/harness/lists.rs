//! What the lists of events must hold at the end of a run.

use hooklane_app::deliveries::{EventsFilter, events};
use hooklane_app::ports::EventStore as _;
use hooklane_domain::event_index::Entry;
use hooklane_domain::ids::TenantId;

use super::pipeline::Pipeline;
use super::tenants::TENANTS;

impl Pipeline {
    /// Checks that each tenant's list has each accepted event exactly once, in order, with the webhooks that
    /// took it. Returns how often the index was written and read.
    pub(crate) async fn check_lists(&self) -> (usize, usize) {
        for tenant in TENANTS {
            let tenant = tenant.parse().unwrap();
            let mut expected = self.accepted_events(&tenant).await;
            expected.sort_by(|a, b| (b.accepted_at, &b.id).cmp(&(a.accepted_at, &a.id)));
            let listed = self.listed(&tenant).await;
            assert_eq!(listed.len(), expected.len(), "the list of {tenant}");
            assert!(listed == expected, "the list of {tenant} is not that of its events");
        }
        self.environment.ledger.index_calls()
    }

    /// Those that producers published, none of which is lost, and those that Hooklane published itself.
    async fn accepted_events(&self, tenant: &TenantId) -> Vec<Entry> {
        let keys: Vec<_> = self.environment.journal.entries().published.keys().cloned().collect();
        for (owner, id) in keys.iter().filter(|(owner, _)| owner == tenant) {
            let event = self.environment.ledger.get(owner, id).await.unwrap();
            assert!(event.is_some(), "the event {id} is lost");
        }
        let all = self.environment.ledger.all_events();
        all.iter().filter(|event| event.tenant == *tenant).map(Entry::of).collect()
    }

    /// The list over all its pages.
    async fn listed(&self, tenant: &TenantId) -> Vec<Entry> {
        let (registry, ledger) = (&self.environment.registry, &self.environment.ledger);
        let all = ledger.all_deliveries();
        let (mut listed, mut after) = (Vec::new(), None);
        loop {
            let filter = EventsFilter {
                after,
                limit: 100,
                with_deliveries: true,
                ..EventsFilter::default()
            };
            let page = events(registry, ledger, tenant, filter).await.unwrap();
            assert_eq!(page.unreadable, 0);
            for event in page.events {
                let took = all
                    .iter()
                    .filter(|found| *found.id.event() == event.entry.id && found.tenant == *tenant);
                let deliveries = event.deliveries.unwrap();
                assert_eq!(deliveries.len(), took.count(), "who took {}", event.entry.id);
                assert!(deliveries.iter().all(|one| all.contains(one)));
                listed.push(event.entry);
            }
            after = page.next;
            if after.is_none() {
                return listed;
            }
        }
    }
}
