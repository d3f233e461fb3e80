//! Reads a page of the index of a tenant's events, for lists and for recoveries.

use hooklane_domain::Timestamp;
use hooklane_domain::event_index::Place;
use hooklane_domain::event_index::merge::{Merge, Merged, Wanted};
use hooklane_domain::ids::TenantId;

use crate::ports::{ChunkRange, EventIndex, Unavailable};

/// The chunks of the index that the first query of a page reads. Each further query reads twice as many, up
/// to [`MOST_CHUNKS`].
const FIRST_CHUNKS: usize = 8;
const MOST_CHUNKS: usize = 128;
/// A page that has read this many chunks, or chunks with this many events, ends, even if it is short.
const MAX_CHUNKS: usize = 500;
const MAX_ENTRIES: usize = 40_000;

/// Which events to read.
#[derive(Debug, Clone, Default)]
pub struct Query {
    pub wanted: Wanted,
    /// Only those after this place.
    pub after: Option<Place>,
    pub limit: usize,
    /// Only those in chunks that were written then or later.
    pub written_since: Option<Timestamp>,
}

/// A page of events, and the chunks that it met and that cannot be read back: when the newest event of each
/// was accepted, in Unix milliseconds.
#[derive(Debug)]
pub struct Indexed {
    pub page: Merged,
    pub unreadable: Vec<i64>,
}

/// The number of unreadable chunks that belong to a page that goes from `after` to `next`. A page meets some
/// that the one before or the one after meets too; each belongs to one.
#[must_use]
pub fn counted_here(newest_ms: &[i64], after: Option<&Place>, next: Option<&Place>) -> u64 {
    let is_here = |ms: &&i64| {
        after.is_none_or(|after| **ms < after.ms()) && next.is_none_or(|next| **ms >= next.ms())
    };
    newest_ms.iter().filter(is_here).count() as u64
}

/// The events of a page, newest first, each once. A call reads a bounded amount, so a page may be short or
/// even empty and still have a next one.
pub async fn indexed(
    index: &impl EventIndex,
    tenant: &TenantId,
    query: Query,
) -> Result<Indexed, Unavailable> {
    let Query { wanted, after, limit, written_since } = query;
    let oldest_ms = wanted.accepted.since().map(Timestamp::as_millisecond);
    let mut merge = Merge::new(wanted, after, limit);
    let newest_ms = merge.after().map(Place::reach_ms);
    let mut range = ChunkRange { oldest_ms, newest_ms, after: None, written_since };
    let (mut size, mut chunks, mut entries, mut unreadable) = (FIRST_CHUNKS, 0, 0, Vec::new());
    loop {
        let page = index.chunks(tenant, &range, size).await?;
        unreadable.extend(page.unreadable);
        for chunk in &page.chunks {
            // What is read only to look back does not count, or a page would get hardly further.
            if merge.is_past_look_back(chunk) {
                chunks += 1;
                entries += chunk.entries().len();
            }
            merge.add(chunk);
        }
        let Some(next) = page.next else {
            return Ok(Indexed { page: merge.finish(true), unreadable });
        };
        let is_enough = chunks >= MAX_CHUNKS || entries >= MAX_ENTRIES;
        if merge.is_full() || is_enough && merge.gets_further() {
            return Ok(Indexed { page: merge.finish(false), unreadable });
        }
        range.after = Some(next);
        size = (2 * size).min(MOST_CHUNKS);
    }
}
