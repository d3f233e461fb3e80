//! The ledger, kept small: a day has millions of deliveries. An event is known by its number. Of a
//! delivery only what decides about it is kept; of one that has ended, only how it did.

mod item;
mod numbers;

use std::collections::BTreeMap;

use hooklane_domain::Timestamp;
use hooklane_domain::delivery::{Delivery, Status};
use hooklane_domain::event::{Content, Event};
use hooklane_domain::ids::{DeliveryId, EventType, TenantId, WebhookId};
use hooklane_domain::json::RawJson;

pub(crate) use item::End;
pub(crate) use numbers::{data_of, number_of};

use crate::queue::WebhookNo;
use crate::time::{Millis, at};
use item::Item;
use numbers::{DEAD, event_id, place};

/// The revision of every delivery that has ended.
const ENDED_REVISION: u32 = u32::MAX;

/// An event, and the standing of its one delivery.
#[derive(Debug, Clone, Copy)]
struct Entry {
    accepted: u32,
    webhook: WebhookNo,
    standing: Standing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// The delivery has no item.
    Unwritten,
    /// It has one, in this part of the index of undelivered deliveries.
    Pending,
    Retrying,
    Ended(End),
}

/// What a write did, for the figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) webhook: WebhookNo,
    pub(crate) revision: u32,
    /// It is parked for the first time.
    pub(crate) first_parking: bool,
    /// It was parked, now or before.
    pub(crate) was_parked: bool,
    /// How it had ended before, and how it has ended now.
    pub(crate) ended_before: Option<End>,
    pub(crate) ended: Option<End>,
}

/// A pointer to a parked delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pointer {
    pub(crate) due: Millis,
    pub(crate) number: u32,
    /// The generation that it was parked under.
    pub(crate) generation: u32,
}

#[derive(Debug)]
pub(crate) struct Ledger {
    tenant: TenantId,
    event_type: EventType,
    /// In ascending order.
    webhooks: Vec<WebhookId>,
    /// The events of the others, and those of the dead receiver.
    entries: [Vec<Entry>; 2],
    /// By webhook: what is pending, and what is retrying.
    items: Vec<[BTreeMap<u32, Item>; 2]>,
    /// By webhook: when a parked delivery is due, its number, and its generation.
    pointers: Vec<BTreeMap<(Millis, u32), u32>>,
    undelivered: usize,
}

impl Ledger {
    pub(crate) fn new(tenant: TenantId, event_type: EventType, webhooks: Vec<WebhookId>) -> Self {
        let count = webhooks.len();
        Self {
            tenant,
            event_type,
            webhooks,
            entries: Default::default(),
            items: vec![Default::default(); count],
            pointers: vec![BTreeMap::new(); count],
            undelivered: 0,
        }
    }

    pub(crate) fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// A new event; its number.
    pub(crate) fn publish(&mut self, webhook: WebhookNo, is_dead: bool, accepted: Millis) -> u32 {
        let entries = &mut self.entries[usize::from(is_dead)];
        let accepted = u32::try_from(accepted).unwrap_or(u32::MAX);
        entries.push(Entry { accepted, webhook, standing: Standing::Unwritten });
        let number = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        if is_dead { DEAD + number } else { number }
    }

    pub(crate) fn event(&self, number: u32) -> Option<Event> {
        let accepted_at = accepted_at(self.entry(number)?);
        let content = Content {
            event_type: self.event_type.clone(),
            data: RawJson::parse(&data_of(number)).ok()?,
            metadata: None,
            timestamp: None,
            version: None,
            test: false,
        };
        Some(Event {
            id: event_id(number)?,
            tenant: self.tenant.clone(),
            content,
            accepted_at,
            value: None,
        })
    }

    pub(crate) fn delivery_id(&self, number: u32) -> Option<DeliveryId> {
        let entry = self.entry(number)?;
        let webhook = self.webhooks[usize::from(entry.webhook)];
        Some(DeliveryId::new(webhook, accepted_at(entry), event_id(number)?))
    }

    pub(crate) fn accepted_at(&self, number: u32) -> Option<Timestamp> {
        self.entry(number).map(accepted_at)
    }

    pub(crate) fn webhook_of(&self, number: u32) -> Option<WebhookNo> {
        self.entry(number).map(|entry| entry.webhook)
    }

    pub(crate) fn webhook_no(&self, id: WebhookId) -> Option<WebhookNo> {
        let place = self.webhooks.binary_search(&id).ok()?;
        WebhookNo::try_from(place).ok()
    }

    /// When the next attempt of a delivery is due, if a message acts for it.
    pub(crate) fn next_attempt(&self, number: u32) -> Option<Millis> {
        let entry = self.entry(number)?;
        match entry.standing {
            Standing::Unwritten => Some(entry.accepted.into()),
            _ => self.item(entry, number)?.next_attempt(),
        }
    }

    /// The delivery as it is written.
    pub(crate) fn read(&self, id: &DeliveryId) -> Option<Delivery> {
        let number = number_of(id.event())?;
        let entry = self.entry(number)?;
        let unwritten =
            || Delivery::unwritten(id.clone(), self.tenant.clone(), self.event_type.clone());
        match entry.standing {
            Standing::Unwritten => None,
            Standing::Ended(end) => Some(Delivery {
                state: end.state(accepted_at(entry)),
                generation: u32::MAX,
                revision: ENDED_REVISION,
                ..unwritten()
            }),
            Standing::Pending | Standing::Retrying => {
                self.item(entry, number).map(|item| item.fill(unwritten()))
            }
        }
    }

    /// Writes a delivery if it still has the revision that it was decided from.
    pub(crate) fn save(&mut self, delivery: &Delivery) -> Option<Written> {
        let number = number_of(delivery.id.event())?;
        let entry = *self.entry(number)?;
        let before = self.item(&entry, number).copied();
        let (stored, ended_before) = match entry.standing {
            Standing::Ended(end) => (ENDED_REVISION, Some(end)),
            _ => (before.map_or(0, |item| item.revision), None),
        };
        if stored != delivery.revision {
            return None;
        }
        let was_parked = before.is_some_and(|item| item.was_parked);
        let item = Item::of(delivery, stored.saturating_add(1), was_parked);
        self.remove(&entry, number);
        match item {
            Ok(item) => self.insert(&entry, number, item),
            Err(end) => self.stand(number, Standing::Ended(end)),
        }
        let is_parked = item.is_ok_and(|item| item.parked().is_some());
        Some(Written {
            webhook: entry.webhook,
            revision: stored.saturating_add(1),
            first_parking: is_parked && !was_parked,
            was_parked: is_parked || was_parked,
            ended_before,
            ended: item.err(),
        })
    }

    fn remove(&mut self, entry: &Entry, number: u32) {
        if let Some(part) = part(entry.standing) {
            self.items[usize::from(entry.webhook)][part].remove(&number);
            self.undelivered -= 1;
        }
    }

    fn insert(&mut self, entry: &Entry, number: u32, item: Item) {
        let webhook = usize::from(entry.webhook);
        if let Some((due, generation)) = item.parked() {
            self.pointers[webhook].insert((due, number), generation);
        }
        let is_retrying = item.status() == Status::Retrying;
        let standing = if is_retrying { Standing::Retrying } else { Standing::Pending };
        self.stand(number, standing);
        self.items[webhook][usize::from(is_retrying)].insert(number, item);
        self.undelivered += 1;
    }

    fn stand(&mut self, number: u32, standing: Standing) {
        let (is_dead, place) = place(number);
        self.entries[usize::from(is_dead)][place].standing = standing;
    }

    /// Up to `limit` pointers of a webhook that are due by then, the earliest first.
    pub(crate) fn parked(&self, webhook: WebhookNo, due_by: Millis, limit: usize) -> Vec<Pointer> {
        let due = self.pointers[usize::from(webhook)].range(..=(due_by, u32::MAX)).take(limit);
        due.map(|(&(due, number), &generation)| Pointer { due, number, generation }).collect()
    }

    /// Removes a pointer, unless the delivery was parked anew under the same key.
    pub(crate) fn unpark(&mut self, webhook: WebhookNo, pointer: Pointer) {
        let pointers = &mut self.pointers[usize::from(webhook)];
        let key = (pointer.due, pointer.number);
        if pointers.get(&key) == Some(&pointer.generation) {
            pointers.remove(&key);
        }
    }

    pub(crate) fn parked_count(&self, webhook: WebhookNo) -> usize {
        self.pointers[usize::from(webhook)].len()
    }

    /// The numbers of a webhook's deliveries of that status, newest first, after `after` in that order.
    pub(crate) fn list(
        &self,
        webhook: WebhookNo,
        status: Status,
        after: Option<u32>,
        limit: usize,
    ) -> Vec<u32> {
        let part = match status {
            Status::Pending => 0,
            Status::Retrying => 1,
            Status::Delivered | Status::Failed | Status::Cancelled => return Vec::new(),
        };
        let items = &self.items[usize::from(webhook)][part];
        let older = items.range(..after.unwrap_or(u32::MAX)).rev();
        older.take(limit).map(|(number, _)| *number).collect()
    }

    /// The number of deliveries that are written and have not ended.
    pub(crate) fn undelivered(&self) -> usize {
        self.undelivered
    }

    fn entry(&self, number: u32) -> Option<&Entry> {
        let (is_dead, place) = place(number);
        self.entries[usize::from(is_dead)].get(place)
    }

    fn item(&self, entry: &Entry, number: u32) -> Option<&Item> {
        self.items[usize::from(entry.webhook)][part(entry.standing)?].get(&number)
    }
}

fn accepted_at(entry: &Entry) -> Timestamp {
    at(entry.accepted.into())
}

fn part(standing: Standing) -> Option<usize> {
    match standing {
        Standing::Pending => Some(0),
        Standing::Retrying => Some(1),
        Standing::Unwritten | Standing::Ended(_) => None,
    }
}

#[cfg(test)]
mod tests;
