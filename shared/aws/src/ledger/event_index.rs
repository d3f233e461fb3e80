//! The index of events. An item is a chunk of one tenant's events, see `hooklane_domain::event_index`.

use aws_sdk_dynamodb::types::AttributeValue;
use hooklane_app::payload;
use hooklane_app::ports::{
    ChunkKey, ChunkPage, ChunkRange, EventIndex, EventIndexWriter, FiguresOf, Unavailable,
};
use hooklane_domain::Timestamp;
use hooklane_domain::event_index::Chunk;
use hooklane_domain::figures::settled::Note;
use hooklane_domain::ids::TenantId;

use super::{Ledger, keys, time};
use crate::failure::corrupt;
use crate::table::{self, Item, binary, number, string, text};

/// The chunk's content, compressed.
const CONTENT: &str = "z";
/// When it was last written, in Unix milliseconds. Chunks that older versions wrote have none.
const WRITTEN: &str = "w";

impl EventIndexWriter for Ledger {
    async fn keep(
        &self,
        tenant: &TenantId,
        chunk: &Chunk,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        let packed = payload::deflate(chunk.pack().as_bytes())
            .ok_or_else(|| corrupt("a chunk of the index", "it cannot be compressed"))?;
        let newest = time(chunk.newest_ms())?;
        // Before the chunk: who looks at the tenant's figures afterwards sees the notes.
        for note in Note::of_chunk(chunk, now) {
            self.note_change(&FiguresOf::Tenant(tenant.clone()), note, now).await?;
        }
        let mut item = keys::chunk(tenant, chunk).attributes();
        item.insert(CONTENT.to_owned(), binary(packed));
        item.insert(WRITTEN.to_owned(), number(now.as_millisecond()));
        item.insert("expiresAt".to_owned(), number(self.retention.expires_at(newest)));
        self.table.put(item).await
    }
}

impl EventIndex for Ledger {
    async fn chunks(
        &self,
        tenant: &TenantId,
        range: &ChunkRange,
        limit: usize,
    ) -> Result<ChunkPage, Unavailable> {
        let (low, high) = keys::chunks(range.oldest_ms, range.newest_ms);
        if low > high {
            return Ok(ChunkPage::default());
        }
        let pk = keys::index(tenant);
        let start = range
            .after
            .as_ref()
            .map(|after| table::Key { pk: pk.clone(), sk: after.0.clone() }.attributes());
        // Not consistent, at half the price: the index lags behind the events anyway.
        let query = self
            .table
            .query("pk = :pk AND sk BETWEEN :low AND :high")
            .consistent_read(false)
            .expression_attribute_values(":pk", string(pk))
            .expression_attribute_values(":low", string(low))
            .expression_attribute_values(":high", string(high))
            .scan_index_forward(false)
            .limit(table::limit(limit))
            .set_exclusive_start_key(start);
        let query = match range.written_since {
            None => query,
            Some(since) => query
                .filter_expression(format!(
                    "attribute_not_exists({WRITTEN}) OR {WRITTEN} >= :since"
                ))
                .expression_attribute_values(":since", number(since.as_millisecond())),
        };
        let page = self.table.page(query).await?;
        let next = page.next.as_ref().and_then(|key| text(key, "sk")).map(ChunkKey);
        let mut read = ChunkPage { next, ..ChunkPage::default() };
        for item in page.items {
            let key = text(&item, "sk").unwrap_or_default();
            match chunk(item, &key) {
                Ok(chunk) => read.chunks.push(chunk),
                Err(error) => {
                    read.unreadable.push(keys::newest_ms(&key));
                    tracing::error!(
                        tenant = %tenant, chunk.key = key, error = error.chain(), "index.left_out"
                    );
                }
            }
        }
        Ok(read)
    }
}

/// A chunk from its item. Its key must be the one of its content, since readers rely on their order.
fn chunk(mut item: Item, key: &str) -> Result<Chunk, Unavailable> {
    let what = "a chunk of the index";
    let Some(AttributeValue::B(packed)) = item.remove(CONTENT) else {
        return Err(corrupt(what, "it has no content"));
    };
    let chunk = Chunk::unpack(&payload::inflate(packed.as_ref())?).map_err(|e| corrupt(what, e))?;
    if keys::chunk_key(&chunk) != key {
        return Err(corrupt(what, "its key is another chunk's"));
    }
    Ok(chunk)
}
