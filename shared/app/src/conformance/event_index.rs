use hooklane_domain::event::SearchKey;
use hooklane_domain::event_index::{Chunk, Entry};

use super::samples::{at, tenant};
use crate::ports::{ChunkPage, ChunkRange, EventIndex, EventIndexWriter};

/// The index keeps each chunk once and lists chunks by their newest events.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn event_index<S: EventIndex + EventIndexWriter>(store: &S, salt: u128) {
    let (ours, theirs) = (tenant("index", salt), tenant("indexers", salt));
    let chunk = |events: &[(i64, &str)]| {
        let entry = |(ms, id): &(i64, &str)| Entry {
            accepted_at: at(*ms),
            id: id.parse().unwrap(),
            event_type: "user.created".parse().unwrap(),
            test: *ms % 2 == 1,
            bytes: u32::try_from(*ms).ok().filter(|ms| ms % 3 > 0),
            value: "key".parse::<SearchKey>().unwrap().digest(id).filter(|_| *ms % 2 == 0),
        };
        let chunks = Chunk::of_events(events.iter().map(entry).collect());
        assert_eq!(chunks.len(), 1, "the sample is one chunk");
        chunks.into_iter().next().unwrap()
    };
    let many: Vec<_> = (0..400).map(|n| (20_000 + n, format!("event-{n}"))).collect();
    let many: Vec<_> = many.iter().map(|(ms, id)| (*ms, id.as_str())).collect();
    let mut kept = vec![
        chunk(&many),
        chunk(&[(9_000, "c"), (4_000, "b")]),
        chunk(&[(4_000, "b"), (3_999, "a")]),
        chunk(&[(3_999, "a")]),
        chunk(&[(-5_000, "z")]),
    ];
    for chunk in kept.iter().rev().chain(&kept[1..3]) {
        store.keep(&ours, chunk, at(30_000)).await.unwrap();
    }
    store.keep(&theirs, &kept[1], at(30_000)).await.unwrap();

    for limit in [1, 2, 100] {
        let all = every(store, &ours, ChunkRange::default(), limit).await;
        assert_eq!(all, kept, "{limit}");
    }
    for (oldest_ms, newest_ms, expected) in [
        (Some(4_000), None, &kept[..3]),
        (Some(4_001), None, &kept[..2]),
        (None, Some(4_000), &kept[2..]),
        (None, Some(3_999), &kept[3..]),
        (Some(3_999), Some(9_000), &kept[1..4]),
        (Some(9_001), Some(20_000), &[]),
        (Some(9_000), Some(4_000), &[]),
    ] {
        let ms = |ms: i64| at(ms).as_millisecond();
        let (oldest_ms, newest_ms) = (oldest_ms.map(ms), newest_ms.map(ms));
        let range = ChunkRange { oldest_ms, newest_ms, ..ChunkRange::default() };
        for limit in [1, 100] {
            let found = every(store, &ours, range.clone(), limit).await;
            assert_eq!(found, expected, "{range:?}");
        }
    }
    let range = ChunkRange { newest_ms: Some(i64::MAX), ..ChunkRange::default() };
    assert_eq!(every(store, &ours, range, 9).await.len(), kept.len(), "no time is too late");
    finding_13_chunks_are_found_by_when_they_were_written(store, &ours, &kept).await;
    kept.truncate(2);
    assert_eq!(every(store, &theirs, ChunkRange::default(), 9).await, kept[1..]);
    let nobody = tenant("unindexed", salt);
    let none = store.chunks(&nobody, &ChunkRange::default(), 9).await.unwrap();
    assert_eq!(none, ChunkPage::default());
}

/// Late chunks are those that were written since some time; writing one again makes it late again.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn finding_13_chunks_are_found_by_when_they_were_written(
    store: &(impl EventIndex + EventIndexWriter),
    tenant: &hooklane_domain::ids::TenantId,
    kept: &[Chunk],
) {
    let since = |ms| ChunkRange { written_since: Some(at(ms)), ..ChunkRange::default() };
    for limit in [1, 100] {
        assert_eq!(every(store, tenant, since(30_000), limit).await, kept);
        assert!(every(store, tenant, since(30_001), limit).await.is_empty());
    }
    store.keep(tenant, &kept[3], at(40_000)).await.unwrap();
    store.keep(tenant, &kept[1], at(50_000)).await.unwrap();
    for limit in [1, 100] {
        let late = every(store, tenant, since(30_001), limit).await;
        assert_eq!(late, [kept[1].clone(), kept[3].clone()]);
        assert_eq!(every(store, tenant, since(40_001), limit).await, kept[1..2]);
    }
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn every(
    store: &impl EventIndex,
    tenant: &hooklane_domain::ids::TenantId,
    mut range: ChunkRange,
    limit: usize,
) -> Vec<Chunk> {
    let mut found = Vec::new();
    for _ in 0..20 {
        let page = store.chunks(tenant, &range, limit).await.unwrap();
        assert!(page.chunks.len() <= limit);
        assert!(page.unreadable.is_empty());
        found.extend(page.chunks);
        range.after = page.next;
        if range.after.is_none() {
            break;
        }
    }
    found
}
