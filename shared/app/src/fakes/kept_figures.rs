//! What the fake of the ledger keeps about figures, and what saving a delivery does with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hooklane_domain::Timestamp;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::figures::report::Report;
use hooklane_domain::figures::settled::{
    Hour, Listed, Listing, Minute, Note, Progress, SettledHour, listing,
};
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};

use super::FakeSystem;
use crate::ports::{Clock as _, FiguresOf};

/// What the ledger keeps about figures.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) clock: Option<Arc<FakeSystem>>,
    pub(super) listed: BTreeMap<DeliveryId, Listed>,
    /// By whose they are and the minute in which they were left.
    pub(super) notes: BTreeSet<(FiguresOf, Minute, Note)>,
    pub(super) progress: BTreeMap<FiguresOf, Progress>,
    pub(super) hours: BTreeMap<(FiguresOf, Hour), SettledHour>,
    pub(super) answers: BTreeMap<(FiguresOf, String), Report>,
    pub(super) marks: Vec<(TenantId, WebhookId, Timestamp)>,
}

impl Figures {
    /// What saving this delivery does before it is written.
    pub(super) fn announce(&mut self, delivery: &Delivery) -> Timestamp {
        let now = match &self.clock {
            Some(clock) => clock.now(),
            None => delivery.id.accepted_at(),
        };
        self.announce_at(delivery, now);
        now
    }

    pub(super) fn announce_at(&mut self, delivery: &Delivery, now: Timestamp) {
        if let Some(note) = Note::of(delivery, now) {
            let of = FiguresOf::Webhook(delivery.id.webhook());
            self.notes.insert((of, Minute::of(now), note));
        }
    }

    /// Lists a delivery that was announced at a time.
    pub(super) fn saved(&mut self, delivery: &Delivery, announced_at: Timestamp) {
        match listing(delivery, announced_at) {
            Listing::In(list) => {
                self.listed.insert(delivery.id.clone(), list);
            }
            Listing::None => {
                self.listed.remove(&delivery.id);
            }
            Listing::AsItIs => {}
        }
    }
}
