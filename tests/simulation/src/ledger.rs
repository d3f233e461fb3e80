//! The undelivered deliveries, kept small: a day has millions of them. A `Delivery` is made of one
//! whenever something is decided about it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use hooklane_domain::Timestamp;
use hooklane_domain::delivery::{Delivery, MessageId, ParkReason, State};
use hooklane_domain::ids::{DeliveryId, EventType, TenantId, WebhookId};

use crate::queue::WebhookNo;
use crate::scenario::Millis;

pub(crate) fn at(millis: Millis) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
}

pub(crate) fn message_id(id: u64) -> MessageId {
    MessageId(id.to_string())
}

#[derive(Debug, Clone, Copy)]
enum Kept {
    Waiting { due: Millis, owner: Option<u64> },
    Parked { since: Millis, due: Millis, reason: ParkReason },
}

#[derive(Debug, Clone, Copy)]
struct Item {
    accepted: Millis,
    kept: Kept,
    generation: u32,
    attempts: u32,
    revision: u32,
    retries: u8,
    was_parked: bool,
}

/// What a write did, for the figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    /// It is parked for the first time.
    pub(crate) first_parking: bool,
    /// It was parked, now or before.
    pub(crate) was_parked: bool,
}

#[derive(Debug)]
pub(crate) struct Ledger {
    tenant: TenantId,
    event_type: EventType,
    webhooks: Vec<WebhookId>,
    items: Vec<BTreeMap<u32, Item>>,
    /// Pointers to what is parked: when it is due, and its delivery.
    pointers: Vec<BTreeSet<(Millis, u32)>>,
    /// Deliveries that got a second message while the first may live: their end is remembered.
    doubled: HashSet<u32>,
    ended: BTreeMap<u32, Delivery>,
}

impl Ledger {
    pub(crate) fn new(webhooks: usize, tenant: TenantId, event_type: EventType) -> Self {
        Self {
            tenant,
            event_type,
            webhooks: (0..webhooks as u128).map(|n| WebhookId::new(at(0), n)).collect(),
            items: vec![BTreeMap::new(); webhooks],
            pointers: vec![BTreeSet::new(); webhooks],
            doubled: HashSet::new(),
            ended: BTreeMap::new(),
        }
    }

    pub(crate) fn webhook(&self, webhook: WebhookNo) -> WebhookId {
        self.webhooks[usize::from(webhook)]
    }

    /// As written, or as it is before anything is.
    pub(crate) fn read(&self, webhook: WebhookNo, delivery: u32, accepted: Millis) -> Delivery {
        if let Some(ended) = self.ended.get(&delivery) {
            return ended.clone();
        }
        match self.items[usize::from(webhook)].get(&delivery) {
            None => self.unwritten(webhook, delivery, accepted),
            Some(item) => self.filled(webhook, delivery, item),
        }
    }

    fn filled(&self, webhook: WebhookNo, delivery: u32, item: &Item) -> Delivery {
        let state = match item.kept {
            Kept::Waiting { due, owner } => {
                State::Waiting { next_attempt_at: at(due), owner: owner.map(message_id) }
            }
            Kept::Parked { since, due, reason } => {
                State::Parked { since: at(since), due: at(due), reason }
            }
        };
        Delivery {
            state,
            generation: item.generation,
            attempts: item.attempts,
            retries: item.retries,
            revision: item.revision,
            ..self.unwritten(webhook, delivery, item.accepted)
        }
    }

    fn unwritten(&self, webhook: WebhookNo, delivery: u32, accepted: Millis) -> Delivery {
        #[expect(clippy::unwrap_used, reason = "a number is a valid id")]
        let event = delivery.to_string().parse().unwrap();
        let id = DeliveryId::new(self.webhook(webhook), at(accepted), event);
        Delivery::unwritten(id, self.tenant.clone(), self.event_type.clone())
    }

    /// Writes it, under the next revision. What has come to its end is forgotten.
    pub(crate) fn save(
        &mut self,
        webhook: WebhookNo,
        delivery: u32,
        written: &mut Delivery,
    ) -> Written {
        written.revision += 1;
        let items = &mut self.items[usize::from(webhook)];
        let was_parked = items.get(&delivery).is_some_and(|item| item.was_parked);
        let kept = match &written.state {
            State::Waiting { next_attempt_at, owner } => Kept::Waiting {
                due: next_attempt_at.as_millisecond(),
                owner: owner.as_ref().and_then(|owner| owner.0.parse().ok()),
            },
            State::Parked { since, due, reason } => {
                let due = due.as_millisecond();
                self.pointers[usize::from(webhook)].insert((due, delivery));
                Kept::Parked { since: since.as_millisecond(), due, reason: *reason }
            }
            State::Delivered { .. } | State::Failed { .. } | State::Cancelled { .. } => {
                items.remove(&delivery);
                if self.doubled.contains(&delivery) {
                    self.ended.insert(delivery, written.clone());
                }
                return Written { first_parking: false, was_parked };
            }
        };
        let parks = matches!(kept, Kept::Parked { .. });
        let item = Item {
            accepted: written.id.accepted_at().as_millisecond(),
            kept,
            generation: written.generation,
            attempts: written.attempts,
            revision: written.revision,
            retries: written.retries,
            was_parked: was_parked || parks,
        };
        items.insert(delivery, item);
        Written { first_parking: parks && !was_parked, was_parked: was_parked || parks }
    }

    /// Up to `most` pointers that are due by then.
    pub(crate) fn parked(
        &self,
        webhook: WebhookNo,
        due_by: Millis,
        most: usize,
    ) -> Vec<(Millis, u32)> {
        let due = self.pointers[usize::from(webhook)].range(..=(due_by, u32::MAX));
        due.take(most).copied().collect()
    }

    pub(crate) fn unpark(&mut self, webhook: WebhookNo, pointer: (Millis, u32)) {
        self.pointers[usize::from(webhook)].remove(&pointer);
    }

    pub(crate) fn parked_count(&self, webhook: WebhookNo) -> usize {
        self.pointers[usize::from(webhook)].len()
    }

    /// Whether the index of what is undelivered shows anything.
    pub(crate) fn has_undelivered(&self, webhook: WebhookNo) -> bool {
        !self.items[usize::from(webhook)].is_empty()
    }

    /// A page of what is undelivered, after that delivery.
    pub(crate) fn undelivered(&self, webhook: WebhookNo, after: u32, most: usize) -> Vec<u32> {
        let items = self.items[usize::from(webhook)].range(after + 1..);
        items.take(most).map(|(delivery, _)| *delivery).collect()
    }

    pub(crate) fn expect_twins(&mut self, delivery: u32) {
        self.doubled.insert(delivery);
    }

    pub(crate) fn left(&self) -> usize {
        self.items.iter().map(BTreeMap::len).sum()
    }
}
