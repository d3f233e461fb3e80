use std::sync::atomic::Ordering;

use hooklane_domain::Timestamp;
use hooklane_domain::event::Event;
use hooklane_domain::event_index::{Chunk, Entry};
use hooklane_domain::figures::settled::{Minute, Note};
use hooklane_domain::ids::TenantId;

use super::ledger::StoredChunk;
use super::{MemoryLedger, lock};
use crate::ports::{
    ChunkKey, ChunkPage, ChunkRange, EventIndex, EventIndexWriter, FiguresOf, Unavailable,
};

/// Like the ledger's key: in the order of the newest events.
fn key(chunk: &Chunk) -> ChunkKey {
    ChunkKey(format!("{:015}#{}", chunk.newest_ms(), chunk.digest()))
}

impl EventIndexWriter for MemoryLedger {
    async fn keep(
        &self,
        tenant: &TenantId,
        chunk: &Chunk,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        self.faults.step()?;
        self.index_writes.fetch_add(1, Ordering::SeqCst);
        for note in Note::of_chunk(chunk, now) {
            let of = FiguresOf::Tenant(tenant.clone());
            lock(&self.figures).notes.insert((of, Minute::of(now), note));
        }
        self.insert_chunk(tenant, chunk, now);
        Ok(())
    }
}

impl EventIndex for MemoryLedger {
    async fn chunks(
        &self,
        tenant: &TenantId,
        range: &ChunkRange,
        limit: usize,
    ) -> Result<ChunkPage, Unavailable> {
        self.faults.step()?;
        self.index_reads.fetch_add(1, Ordering::SeqCst);
        let low = range.oldest_ms.map(|ms| format!("{ms:015}"));
        // `~` is greater than every character of a key.
        let high = range.newest_ms.map(|ms| format!("{ms:015}~"));
        let chunks = lock(&self.chunks);
        let mut found = chunks
            .iter()
            .rev()
            .filter(|((owner, _), _)| owner == tenant)
            .filter(|((_, key), _)| low.as_ref().is_none_or(|low| key.0 >= *low))
            .filter(|((_, key), _)| high.as_ref().is_none_or(|high| key.0 <= *high))
            .filter(|((_, key), _)| range.after.as_ref().is_none_or(|after| key < after))
            .filter(|(_, (_, at))| range.written_since.is_none_or(|since| *at >= since));
        let mut page = ChunkPage::default();
        for ((_, key), (stored, _)) in found.by_ref().take(limit) {
            match stored {
                StoredChunk::Readable(chunk) => page.chunks.push(chunk.clone()),
                StoredChunk::Corrupt => {
                    let (ms, _) = key.0.split_once('#').unwrap_or_default();
                    page.unreadable.push(ms.parse().unwrap_or_default());
                }
            }
            page.next = Some(key.clone());
        }
        if found.next().is_none() {
            page.next = None;
        }
        Ok(page)
    }
}

impl MemoryLedger {
    /// The calls that have written a chunk of the index, and those that have read some.
    #[must_use]
    pub fn index_calls(&self) -> (usize, usize) {
        (self.index_writes.load(Ordering::SeqCst), self.index_reads.load(Ordering::SeqCst))
    }

    /// Indexes an event, as `stats` does at this time.
    pub fn index(&self, event: &Event, now: Timestamp) {
        for chunk in Chunk::of_events(vec![Entry::of(event)]) {
            self.insert_chunk(&event.tenant, &chunk, now);
        }
    }

    fn insert_chunk(&self, tenant: &TenantId, chunk: &Chunk, now: Timestamp) {
        let stored = (StoredChunk::Readable(chunk.clone()), now);
        lock(&self.chunks).insert((tenant.clone(), key(chunk)), stored);
    }

    /// From now on no chunk of the index that there is now can be read back.
    pub fn corrupt_index(&self) {
        for (stored, _) in lock(&self.chunks).values_mut() {
            *stored = StoredChunk::Corrupt;
        }
    }
}
