use hooklane_domain::Timestamp;
use hooklane_domain::event_index::Chunk;
use hooklane_domain::ids::TenantId;

use super::Unavailable;

/// The index of each tenant's events, for whoever writes it.
pub trait EventIndexWriter: Send + Sync {
    /// Keeps a chunk of the tenant's events until the newest of them expires, and the time at which it was
    /// last written. Idempotent: a chunk is named after its content, so none replaces another.
    fn keep(
        &self,
        tenant: &TenantId,
        chunk: &Chunk,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// The index of each tenant's events, for whoever lists them.
pub trait EventIndex: Send + Sync {
    /// At most `limit` of the tenant's chunks whose newest event was accepted in the range, in the order of
    /// their newest events, newest first. Chunks that cannot be read back are left out and named by their
    /// newest event; a page may be empty and still have a next one. The index lags behind the events.
    fn chunks(
        &self,
        tenant: &TenantId,
        range: &ChunkRange,
        limit: usize,
    ) -> impl Future<Output = Result<ChunkPage, Unavailable>> + Send;
}

/// Which chunks are read. Both ends are included, in Unix milliseconds of the newest event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChunkRange {
    pub oldest_ms: Option<i64>,
    pub newest_ms: Option<i64>,
    /// Only chunks after this one.
    pub after: Option<ChunkKey>,
    /// Only chunks that were last written then or later, or whose time of writing is not known.
    pub written_since: Option<Timestamp>,
}

/// A chunk's place among those of its tenant, as its store names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChunkKey(pub String);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChunkPage {
    pub chunks: Vec<Chunk>,
    /// Those that cannot be read back: when the newest event of each was accepted, in Unix milliseconds.
    pub unreadable: Vec<i64>,
    /// Where the next page starts, if there may be more.
    pub next: Option<ChunkKey>,
}
