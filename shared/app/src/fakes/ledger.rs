use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use hooklane_domain::Timestamp;
use hooklane_domain::access::idempotency::{IdempotencyKey, IdempotencyRecord};
use hooklane_domain::access::portal::{Logo, LogoHash};
use hooklane_domain::access::quota::Window;
use hooklane_domain::access::quotas::{Day, QuotaName};
use hooklane_domain::canary::Canary;
use hooklane_domain::delivery::attempt::{Attempt, TestAttempt};
use hooklane_domain::delivery::attempt_log::{LogEntry, LogPosition};
use hooklane_domain::delivery::{Delivery, State};
use hooklane_domain::event::Event;
use hooklane_domain::event_index::Chunk;
use hooklane_domain::ids::{DeliveryId, EventId, TenantId, WebhookId};
use hooklane_domain::isolation::deaths::Suspect;
use jiff::SignedDuration;

use super::gatherers::Gatherers;
use super::kept::Kept;
use super::kept_figures::Figures;
use super::kept_usage::Usage;
use super::{Faults, lock};
use crate::ports::{
    AttemptLog, ChunkKey, DeliveryFilter, DeliveryPage, DeliveryStore, LogFilter, LogPage, Pointer,
    Saved, SlotCounts, Throttled, Unavailable, WaitingStore, corrupt, newer,
};

/// The delivery of an attempt, its number, and when it began.
type AttemptKey = (DeliveryId, u32, Timestamp);

/// A chunk of the index, or one that cannot be read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StoredChunk {
    Readable(Chunk),
    Corrupt,
}

/// How long the ledger would keep the items of an event.
const RETENTION: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The ledger in memory.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    pub(super) events: Mutex<BTreeMap<(TenantId, EventId), Event>>,
    pub(super) deliveries: Mutex<BTreeMap<DeliveryId, Delivery>>,
    attempts: Mutex<BTreeMap<AttemptKey, (TenantId, LogEntry)>>,
    pub(super) pointers: Mutex<BTreeMap<(WebhookId, Timestamp, EventId), Pointer>>,
    pub(super) slots: Mutex<BTreeMap<WebhookId, SlotCounts>>,
    pub(super) faults: Faults,
    pub(super) records: Mutex<BTreeMap<(TenantId, IdempotencyKey), IdempotencyRecord>>,
    pub(super) tests: Mutex<BTreeMap<DeliveryId, TestAttempt>>,
    pub(super) test_places: Mutex<BTreeMap<(TenantId, u32), Timestamp>>,
    pub(super) leased: Mutex<HashMap<(TenantId, Window), u64>>,
    pub(super) daily: Mutex<HashMap<(TenantId, QuotaName, Day), u64>>,
    pub(super) strikes: Mutex<BTreeMap<Suspect, u32>>,
    pub(super) struck: AtomicUsize,
    pub(super) chunks: Mutex<BTreeMap<(TenantId, ChunkKey), (StoredChunk, Timestamp)>>,
    pub(super) index_writes: AtomicUsize,
    pub(super) index_reads: AtomicUsize,
    pub(super) canary: Mutex<Option<Canary>>,
    pub(super) usage: Mutex<Usage>,
    pub(super) inboxes: Mutex<BTreeMap<TenantId, Kept>>,
    pub(super) logos: Mutex<BTreeMap<LogoHash, (Logo, Timestamp)>>,
    pub(super) active_notes: AtomicUsize,
    pub(super) figures: Mutex<Figures>,
    pub(super) figure_reads: AtomicUsize,
    pub(super) figure_writes: AtomicUsize,
    pub(super) unreadable: Mutex<BTreeMap<DeliveryId, Unreadable>>,
    pub(super) gatherers: Arc<Mutex<Gatherers>>,
    refusing: Mutex<Refusing>,
}

/// Why a delivery cannot be read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unreadable {
    Corrupt,
    Newer,
}

impl Unreadable {
    fn error(self, id: &DeliveryId) -> Unavailable {
        match self {
            Self::Corrupt => corrupt(id.to_string(), "a test corrupted it"),
            Self::Newer => newer(id.to_string(), "a test gave it a state of the next version"),
        }
    }
}

/// Which calls about deliveries are throttled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Refusing {
    #[default]
    Nothing,
    /// So many reads.
    Reads(u32),
    /// So many writes.
    Writes(u32),
}

impl Refusing {
    /// Whether a call is let through.
    fn pass(&mut self, is_write: bool) -> Result<(), Unavailable> {
        let left = match self {
            Self::Reads(left) if !is_write => left,
            Self::Writes(left) if is_write => left,
            _ => return Ok(()),
        };
        if *left == 0 {
            return Ok(());
        }
        *left -= 1;
        Err(Unavailable::new("a call of the ledger", Throttled("a test throttles it".into())))
    }
}

impl MemoryLedger {
    /// The requests that the calls so far would have made of a table.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.faults.requests()
    }

    /// A ledger whose calls are steps that can fail.
    #[must_use]
    pub fn with_faults(faults: Faults) -> Self {
        Self { faults, ..Self::default() }
    }

    /// Every delivery, in order of ids.
    #[must_use]
    pub fn all_deliveries(&self) -> Vec<Delivery> {
        lock(&self.deliveries).values().cloned().collect()
    }

    /// Every event, in order of ids.
    #[must_use]
    pub fn all_events(&self) -> Vec<Event> {
        lock(&self.events).values().cloned().collect()
    }

    /// Everything that has strikes, with how many, in order of names.
    #[must_use]
    pub fn all_strikes(&self) -> Vec<(Suspect, u32)> {
        lock(&self.strikes).iter().map(|(of, count)| (of.clone(), *count)).collect()
    }

    /// The number of strikes that were ever written.
    #[must_use]
    pub fn strikes_written(&self) -> usize {
        self.struck.load(Ordering::SeqCst)
    }

    /// From now on these calls about deliveries are throttled.
    pub fn refuse(&self, calls: Refusing) {
        *lock(&self.refusing) = calls;
    }

    /// Writes a delivery whose save was announced, if the stored one still has its revision.
    pub fn land(&self, delivery: &Delivery, announced_at: Timestamp) -> Saved {
        let mut deliveries = lock(&self.deliveries);
        let stored = deliveries.get(&delivery.id).map_or(0, |d| d.revision);
        if stored != delivery.revision {
            return Saved::Conflict;
        }
        let written = Delivery {
            revision: delivery.revision + 1,
            expires_at: delivery.id.accepted_at().checked_add(RETENTION).ok(),
            ..delivery.clone()
        };
        lock(&self.figures).saved(&written, announced_at);
        deliveries.insert(delivery.id.clone(), written.clone());
        if let State::Parked { due, .. } = written.state {
            let key = (written.id.webhook(), due, written.id.event().clone());
            let pointer = Pointer {
                delivery: written.id.clone(),
                tenant: written.tenant.clone(),
                due,
                generation: written.generation,
            };
            lock(&self.pointers).insert(key, pointer);
        }
        Saved::Yes(Box::new(written))
    }

    /// From now on this delivery cannot be read back.
    pub fn corrupt(&self, id: DeliveryId) {
        lock(&self.unreadable).insert(id, Unreadable::Corrupt);
    }

    /// From now on this delivery has a state that only a newer version knows.
    pub fn write_by_newer(&self, id: DeliveryId) {
        lock(&self.unreadable).insert(id, Unreadable::Newer);
    }

    /// The delivery can be read again.
    pub fn repair(&self, id: &DeliveryId) {
        lock(&self.unreadable).remove(id);
    }
}

impl DeliveryStore for MemoryLedger {
    async fn read(&self, ids: &[DeliveryId]) -> Result<Vec<Option<Delivery>>, Unavailable> {
        self.faults.step()?;
        self.faults.reads_keys(ids.len());
        lock(&self.refusing).pass(false)?;
        let unreadable = lock(&self.unreadable);
        let deliveries = lock(&self.deliveries);
        if let Some((id, why)) = ids.iter().find_map(|id| Some((id, unreadable.get(id)?))) {
            let tenant = deliveries.get(id).map(|delivery| delivery.tenant.clone());
            return Err(why.error(id).of(tenant));
        }
        Ok(ids.iter().map(|id| deliveries.get(id).cloned()).collect())
    }

    async fn save(&self, delivery: &Delivery) -> Result<Saved, Unavailable> {
        self.faults.step()?;
        lock(&self.refusing).pass(true)?;
        let announced_at = self.announce(delivery);
        Ok(self.land(delivery, announced_at))
    }

    async fn keep_attempt(
        &self,
        delivery: &Delivery,
        attempt: &Attempt,
    ) -> Result<(), Unavailable> {
        self.faults.step()?;
        lock(&self.refusing).pass(true)?;
        let key = (delivery.id.clone(), attempt.number, attempt.at);
        let entry = LogEntry::of(delivery, attempt.clone());
        lock(&self.attempts).insert(key, (delivery.tenant.clone(), entry));
        Ok(())
    }

    async fn attempts(&self, delivery: &Delivery) -> Result<Vec<Attempt>, Unavailable> {
        self.faults.step()?;
        let kept = lock(&self.attempts);
        let mut failed_at = delivery.failed_at.clone();
        failed_at.dedup();
        let failed = failed_at
            .iter()
            .filter_map(|f| kept.get(&(delivery.id.clone(), f.number, f.at)))
            .map(|(_, entry)| entry.attempt.clone());
        let mut attempts: Vec<_> = failed.chain(delivery.success.clone()).collect();
        attempts.sort_by_key(|a| a.at);
        Ok(attempts)
    }

    async fn list(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        filter: &DeliveryFilter,
    ) -> Result<DeliveryPage, Unavailable> {
        self.faults.step()?;
        let (deliveries, unreadable) = (lock(&self.deliveries), lock(&self.unreadable));
        let in_range = deliveries
            .values()
            .filter(|d| d.id.webhook() == webhook && filter.accepted.contains(d.id.accepted_at()))
            .filter(|d| filter.after.as_ref().is_none_or(|after| d.id < *after));
        let (left_out, read): (Vec<_>, Vec<_>) =
            in_range.partition(|d| unreadable.contains_key(&d.id));
        let mut found: Vec<_> = read
            .into_iter()
            .filter(|d| d.tenant == *tenant)
            .filter(|d| filter.status.is_none_or(|s| s == d.status()))
            .filter(|d| filter.parked.is_none_or(|parked| parked == d.is_parked()))
            .filter(|d| filter.event_type.as_ref().is_none_or(|kind| *kind == d.event_type))
            .cloned()
            .collect();
        found.sort_by(|a, b| b.id.cmp(&a.id));
        let more = found.len() > filter.limit;
        found.truncate(filter.limit);
        let next = found.last().filter(|_| more).map(|d| d.id.clone());
        Ok(DeliveryPage { deliveries: found, unreadable: left_out.len(), next })
    }
}

impl WaitingStore for MemoryLedger {
    async fn count_waiting(&self, webhook: WebhookId, most: u16) -> Result<u64, Unavailable> {
        self.faults.step()?;
        let deliveries = lock(&self.deliveries);
        let waiting = deliveries.values().filter(|d| d.id.webhook() == webhook && !d.is_done());
        Ok(waiting.take(most.into()).map(|_| 1).sum())
    }
}

impl AttemptLog for MemoryLedger {
    async fn kept(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        filter: &LogFilter,
    ) -> Result<LogPage, Unavailable> {
        let kept = lock(&self.attempts);
        let mut entries: Vec<_> = kept
            .iter()
            .filter(|((id, _, _), (owner, _))| id.webhook() == webhook && owner == tenant)
            .map(|(_, (_, entry))| entry.clone())
            .filter(|entry| filter.began.contains(entry.attempt.at))
            .filter(|entry| filter.from.as_ref().is_none_or(|from| from.precedes(&entry.key())))
            .collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.key()));
        let more = entries.len() > filter.limit;
        entries.truncate(filter.limit);
        let next = entries.last().filter(|_| more).map(|entry| LogPosition::After(entry.key()));
        Ok(LogPage { entries, unreadable: 0, next })
    }
}
