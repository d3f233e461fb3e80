use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::event::SearchKey;

use super::merge::{Merge, Merged, Wanted};
use super::*;
use crate::delivery::period::TimeRange;

const START: i64 = 1_705_314_600_000;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(START + ms).unwrap()
}

fn entry(ms: i64, id: &str) -> Entry {
    let accepted_at = at(ms);
    let event_type = "order.created".parse().unwrap();
    Entry {
        accepted_at,
        id: id.parse().unwrap(),
        event_type,
        test: false,
        bytes: Some(12),
        value: None,
    }
}

/// Events of three types, with less than `gap` milliseconds between them, some in the same millisecond.
fn events(count: usize, gap: i64, seed: u64) -> Vec<Entry> {
    let mut random = numbers(seed);
    let mut ms = 0;
    (0..count)
        .map(|n| {
            ms += i64::try_from(random() % u64::try_from(gap).unwrap()).unwrap();
            let event_type = ["order.created", "order.paid", "user.created"][n % 3];
            let id = match n % 4 {
                0 => {
                    format!("evt_{}", ulid::Ulid::from_parts(START.unsigned_abs(), random().into()))
                }
                _ => format!("e{}", random()),
            };
            Entry {
                accepted_at: at(ms),
                id: id.parse().unwrap(),
                event_type: event_type.parse().unwrap(),
                test: n % 7 == 0,
                bytes: u32::try_from(n).ok().filter(|n| n % 5 > 0),
                value: None,
            }
        })
        .collect()
}

/// Numbers that follow from a seed (SplitMix64).
fn numbers(mut state: u64) -> impl FnMut() -> u64 {
    move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

/// What a table would hold: chunks by their keys, as the ledger orders them.
type Stored = BTreeMap<(i64, String), String>;

fn store(stored: &mut Stored, events: Vec<Entry>) {
    for chunk in Chunk::of_events(events) {
        let key = (chunk.newest_ms(), chunk.digest());
        let packed = chunk.pack();
        let before = stored.insert(key, packed.clone());
        assert!(before.is_none_or(|before| before == packed), "a chunk replaced another one");
    }
}

/// Delivers events as a stream does: shards in batches of random size; batches that fail after their write
/// are halved; some are replayed later in other groups. Each event is delivered at least once.
fn delivered(events: &[Entry], seed: u64) -> Stored {
    let mut random = numbers(seed);
    let mut below = |n: usize| usize::try_from(random() % u64::try_from(n).unwrap()).unwrap();
    let mut shards = vec![Vec::new(); 4];
    for event in events {
        shards[below(4)].push(event.clone());
    }
    let mut batches: Vec<Vec<Entry>> = Vec::new();
    for shard in shards {
        let mut done = 0;
        while done < shard.len() {
            let size = (1 + below(1_000)).min(shard.len() - done);
            let batch = shard[done..done + size].to_vec();
            if below(4) == 0 {
                let (first, second) = batch.split_at(below(size + 1));
                batches.push(first.to_vec());
                batches.push(second.to_vec());
            }
            if below(5) == 0 {
                let from = below(done + size);
                let until = from + 1 + below(done + size - from);
                batches.push(shard[from..until].to_vec());
            }
            batches.push(batch);
            done += size;
        }
    }
    let mut stored = Stored::new();
    while !batches.is_empty() {
        let next = below(batches.len());
        store(&mut stored, batches.swap_remove(next));
    }
    stored
}

/// A page, as the reader makes it: chunks from those that may hold what follows, until the page is full or
/// `most` chunks were read.
fn page(
    stored: &Stored,
    wanted: &Wanted,
    after: Option<Place>,
    (limit, most): (usize, usize),
) -> (Merged, usize) {
    let mut merge = Merge::new(wanted.clone(), after, limit);
    let high = merge.after().map_or(i64::MAX, Place::reach_ms);
    let low = wanted.accepted.since().map_or(i64::MIN, Timestamp::as_millisecond);
    let mut read = 0;
    for ((newest, _), packed) in stored.iter().rev() {
        if *newest > high || *newest < low {
            continue;
        }
        let chunk = Chunk::unpack(packed).unwrap();
        merge.add(&chunk);
        read += 1;
        if merge.is_full() || read >= most && merge.gets_further() {
            return (merge.finish(false), read);
        }
    }
    (merge.finish(true), read)
}

/// The whole list, over all its pages.
fn listed(stored: &Stored, wanted: &Wanted, bounds: (usize, usize)) -> Vec<Entry> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let (merged, _) = page(stored, wanted, after.clone(), bounds);
        assert!(merged.entries.len() <= bounds.0);
        all.extend(merged.entries);
        let Some(next) = merged.next else { return all };
        assert!(after.is_none_or(|after| next < after), "a page got no further");
        let next: Place = next.to_string().parse().unwrap();
        after = Some(next);
    }
}

fn expected(events: &[Entry], wanted: &Wanted) -> Vec<Entry> {
    let mut expected: Vec<_> =
        events.iter().filter(|entry| wanted.includes(entry)).cloned().collect();
    expected.sort_by(|a, b| (b.accepted_at, &b.id).cmp(&(a.accepted_at, &a.id)));
    expected
}

#[test]
fn ten_thousand_events_in_random_batches_are_listed_once_each_in_order() {
    for (seed, gap) in [(1, 1_000), (2, 20), (3, 3)] {
        let events = events(10_000, gap, seed);
        let stored = delivered(&events, seed);
        for bounds in [(100, 25), (20, 3), (50, 1)] {
            let all = Wanted::default();
            assert!(listed(&stored, &all, bounds) == expected(&events, &all), "{seed} {bounds:?}");
        }
    }
}

#[test]
fn well_filled_chunks_are_small() {
    let events = events(1_000, 10, 1);
    let chunks = Chunk::of_events(events);
    assert_eq!(chunks.len(), 3);
    assert!(chunks.iter().all(|chunk| chunk.pack().len() < 20_000));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_list_has_what_is_wanted_whatever_the_batches_and_the_pages(
        seed: u64,
        count in 1usize..600,
        gap in prop_oneof![Just(1), 1i64..60, 1i64..30_000],
        pattern in prop::option::of(prop::sample::select(vec!["*", "order.*", "user.created", "x.*"])),
        since in prop::option::of(0i64..20_000),
        until in prop::option::of(0i64..20_000),
        test in prop::option::of(any::<bool>()),
        bounds in (1usize..120, 1usize..30),
    ) {
        let events = events(count, gap, seed);
        let stored = delivered(&events, seed);
        let accepted = TimeRange::new(since.map(at), until.map(at));
        let event_type = pattern.map(|pattern| pattern.parse().unwrap());
        let wanted = Wanted { event_type, accepted, test, value: None };
        prop_assert_eq!(listed(&stored, &wanted, bounds), expected(&events, &wanted));
    }

    #[test]
    fn a_chunk_reads_back_and_its_name_says_what_it_holds(seed: u64, count in 1usize..900, gap in 1i64..100) {
        let mut events = events(count, gap, seed);
        let chunks = Chunk::of_events(events.clone());
        events.reverse();
        prop_assert_eq!(&Chunk::of_events(events), &chunks, "the order does not matter");
        let mut digests: Vec<_> = chunks.iter().map(Chunk::digest).collect();
        digests.dedup();
        prop_assert_eq!(digests.len(), chunks.len());
        for chunk in chunks {
            prop_assert!(chunk.entries().len() <= MAX_ENTRIES);
            let oldest = chunk.entries().last().unwrap().accepted_at.as_millisecond();
            prop_assert!(chunk.newest_ms() - oldest <= SPAN_MS);
            prop_assert_eq!(Chunk::unpack(&chunk.pack()), Ok(chunk));
        }
    }
}

#[test]
fn a_page_needs_few_chunks() {
    // Four shards, each with a chunk of full size: 20 events are in the newest of each, at most.
    let events = events(10_000, 20, 9);
    let mut stored = Stored::new();
    for shard in 0..4 {
        let ours: Vec<_> = events.iter().skip(shard).step_by(4).cloned().collect();
        for batch in ours.chunks(500) {
            store(&mut stored, batch.to_vec());
        }
    }
    let (merged, read) = page(&stored, &Wanted::default(), None, (20, 100));
    assert_eq!(merged.entries.len(), 20);
    assert!(read <= 8, "{read}");
}

#[test]
fn places_are_written_and_read() {
    for text in ["1705314600000#e1", "1705314600000#", "0#-"] {
        assert_eq!(text.parse::<Place>().unwrap().to_string(), text);
    }
    for text in ["", "1", "x#e1", "1#a b", "99999999999999999#e1"] {
        assert_eq!(text.parse::<Place>(), Err(NoPlace), "{text}");
    }
    let earlier = entry(0, "z");
    assert!(entry(1, "a").place() > Place::before(at(1)) && earlier.place() < Place::before(at(1)));
}

#[test]
fn damaged_chunks_are_refused() {
    for (text, why) in [
        ("{}", None),
        (r#"{"n":5,"t":[],"e":[]}"#, Some(NoChunk::Empty)),
        (r#"{"n":5,"t":["a"],"e":[["e1",0,2]]}"#, Some(NoChunk::Entry)),
        (r#"{"n":5,"t":["a"],"e":[["e1",-1,0]]}"#, Some(NoChunk::Entry)),
        (r#"{"n":5,"t":["a"],"e":[["e1",10001,0]]}"#, Some(NoChunk::Entry)),
        (r#"{"n":-9223372036854775808,"t":["a"],"e":[["e1",1,0]]}"#, Some(NoChunk::Entry)),
        (r#"{"n":5,"t":["a"],"e":[["e1",1,0]]}"#, Some(NoChunk::Order)),
        (r#"{"n":5,"t":["a"],"e":[["e1",0,0],["e1",0,0]]}"#, Some(NoChunk::Order)),
        (r#"{"n":5,"t":["a"],"e":[["e1",0,0],["e2",0,0]]}"#, Some(NoChunk::Order)),
    ] {
        let refused = Chunk::unpack(text).unwrap_err();
        assert!(why.is_none_or(|why| why == refused), "{text}: {refused}");
    }
}

#[test]
fn sizes_are_kept_beside_the_events_and_change_no_key() {
    let with = |bytes: [Option<u32>; 2]| {
        let entries = [entry(5, "a"), entry(4, "b")].into_iter().zip(bytes);
        let entries = entries.map(|(entry, bytes)| Entry { bytes, ..entry }).collect();
        Chunk::of_events(entries).remove(0)
    };
    let (old, new) = (with([None, None]), with([Some(7), None]));
    assert_eq!(old.digest(), new.digest(), "versions that know no sizes find the same chunk");
    assert!(!old.pack().contains(r#""s""#), "what an older version wrote is written as it was");
    assert_eq!(Chunk::unpack(&new.pack()).unwrap(), new);
    // A version that knows no sizes wrote the same events in another batch.
    for chunks in [[&old, &new], [&new, &old]] {
        let mut merge = Merge::new(Wanted::default(), None, 9);
        chunks.into_iter().for_each(|chunk| merge.add(chunk));
        let entries = merge.finish(true).entries;
        assert_eq!(entries.iter().map(|e| e.bytes).collect::<Vec<_>>(), [Some(7), None]);
    }
}

#[test]
fn values_are_kept_beside_the_events_change_no_key_and_are_found() {
    let digest = |value: &str| "orderId".parse::<SearchKey>().unwrap().digest(value);
    let with = |values: [Option<ValueDigest>; 3]| {
        let entries = [entry(5, "a"), entry(4, "b"), entry(3, "c")].into_iter().zip(values);
        let entries = entries.map(|(entry, value)| Entry { value, ..entry }).collect();
        Chunk::of_events(entries).remove(0)
    };
    let (old, new) = (with([None; 3]), with([digest("o-1"), None, digest("o-2")]));
    assert_eq!(old.digest(), new.digest(), "versions that know no values find the same chunk");
    assert!(!old.pack().contains(r#""v""#), "where no key is chosen, a chunk is as it was");
    assert_eq!(Chunk::unpack(&new.pack()).unwrap(), new);
    let damaged = new.pack().replace(&digest("o-1").unwrap().to_hex(), "of a newer version");
    assert_eq!(Chunk::unpack(&damaged).unwrap().entries()[0].value, None);
    for (value, expected) in [("o-1", vec!["a"]), ("o-2", vec!["c"]), ("o-3", vec![])] {
        let mut merge = Merge::new(Wanted { value: digest(value), ..Wanted::default() }, None, 9);
        [&old, &new].into_iter().for_each(|chunk| merge.add(chunk));
        let entries = merge.finish(true).entries;
        assert_eq!(entries.iter().map(|e| e.id.as_str()).collect::<Vec<_>>(), expected, "{value}");
    }
}

/// Twelve hexadecimal digits, their quotation marks and a comma; compressed, about half.
#[test]
fn a_value_takes_fifteen_bytes_of_a_chunk_before_it_is_compressed() {
    let key: SearchKey = "orderId".parse().unwrap();
    let packed = |searched: bool| {
        let entry = |n: i64| Entry {
            value: key.digest(&format!("order-{n}")).filter(|_| searched),
            ..entry(n, &format!("evt_01HM6WKJ2Y3M8F5J0V9Q{n:06}"))
        };
        let chunk = Chunk::of_events((0..400).map(entry).collect()).remove(0);
        chunk.pack().len()
    };
    let more = packed(true) - packed(false);
    assert!((400 * 12..=400 * 16 + 8).contains(&more), "{more} bytes before they are compressed");
}
