//! One table: its items in order of their keys, and the index `undelivered`.
//!
//! Both tables of `template.yaml` have the keys `pk` and `sk`, and the index has `u` and `sk`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use super::value::{Item, size, text};

/// The primary key of an item: `pk` and `sk`.
pub type Key = (String, String);

#[derive(Debug, Clone, Default)]
pub struct Table {
    items: BTreeMap<Key, Packed>,
    /// The keys of the index: `u`, `sk`, `pk`.
    index: BTreeSet<(String, String, String)>,
    /// The size of all items, with what DynamoDB adds to each.
    bytes: usize,
}

/// An item as a text of JSON, because a table has millions of them: as maps of maps they take 15 KiB each.
#[derive(Debug, Clone)]
pub struct Packed(Arc<str>);

impl Packed {
    fn of(item: &Item) -> Self {
        match serde_json::to_string(item) {
            Ok(text) => Self(text.into()),
            Err(error) => unreachable!("a map with texts as keys is JSON: {error}"),
        }
    }

    #[must_use]
    pub fn item(&self) -> Item {
        match serde_json::from_str(&self.0) {
            Ok(item) => item,
            Err(error) => unreachable!("it was written as JSON: {error}"),
        }
    }
}

/// Where a query or a scan reads.
#[derive(Debug)]
pub enum Range<'a> {
    Partition(&'a str),
    Index(&'a str),
    All,
}

/// The primary key that an item has.
#[must_use]
pub fn key_of(item: &Item) -> Option<Key> {
    Some((text(item, "pk")?.to_owned(), text(item, "sk")?.to_owned()))
}

/// The bytes that are billed for storing an item: 100 more than it has (*Amazon DynamoDB pricing*, "Data storage").
fn stored(item: &Item) -> usize {
    size(item) + 100
}

impl Table {
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<Item> {
        self.items.get(key).map(Packed::item)
    }

    /// Puts an item in the place of the one that is there, and returns that.
    pub fn put(&mut self, key: Key, item: &Item) -> Option<Item> {
        let entry = index_entry(&key, item);
        self.bytes += stored(item);
        let old = self.items.insert(key.clone(), Packed::of(item)).map(|old| old.item());
        if let Some(entry) = old.as_ref().and_then(|old| index_entry(&key, old)) {
            self.index.remove(&entry);
        }
        self.index.extend(entry);
        self.bytes -= old.as_ref().map_or(0, stored);
        old
    }

    pub fn delete(&mut self, key: &Key) -> Option<Item> {
        let old = self.items.remove(key)?.item();
        self.bytes -= stored(&old);
        if let Some(entry) = index_entry(key, &old) {
            self.index.remove(&entry);
        }
        Some(old)
    }

    /// The size of all items, as storage is billed.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// The keys of the partitions that begin like that.
    #[must_use]
    pub fn keys_of(&self, partitions: &str) -> Vec<Key> {
        let from = (partitions.to_owned(), String::new());
        let keys = self.items.range(from..).map(|(key, _)| key);
        keys.take_while(|(pk, _)| pk.starts_with(partitions)).cloned().collect()
    }

    /// The items of a range, in order of their keys, after `start`.
    pub fn read<'t>(
        &'t self,
        range: &Range<'_>,
        start: Option<&Key>,
        forward: bool,
    ) -> Box<dyn Iterator<Item = (&'t Key, &'t Packed)> + 't> {
        let pair = |key: &Key| self.items.get_key_value(key);
        match range {
            Range::All => {
                let from = start.map_or(Bound::Unbounded, |key| Bound::Excluded(key.clone()));
                Box::new(self.items.range((from, Bound::Unbounded)))
            }
            Range::Partition(pk) => {
                let low = (pk.to_string(), String::new());
                let high = (format!("{pk}\0"), String::new());
                let (low, high) = match start {
                    None => (Bound::Included(low), Bound::Excluded(high)),
                    Some(key) if forward => (Bound::Excluded(key.clone()), Bound::Excluded(high)),
                    Some(key) => (Bound::Included(low), Bound::Excluded(key.clone())),
                };
                if is_empty(&low, &high) {
                    return Box::new(std::iter::empty());
                }
                let items = self.items.range((low, high));
                if forward { Box::new(items) } else { Box::new(items.rev()) }
            }
            Range::Index(u) => {
                let low = (u.to_string(), String::new(), String::new());
                let high = (format!("{u}\0"), String::new(), String::new());
                let at = |(pk, sk): &Key| (u.to_string(), sk.clone(), pk.clone());
                let (low, high) = match start {
                    None => (Bound::Included(low), Bound::Excluded(high)),
                    Some(key) if forward => (Bound::Excluded(at(key)), Bound::Excluded(high)),
                    Some(key) => (Bound::Included(low), Bound::Excluded(at(key))),
                };
                if is_empty(&low, &high) {
                    return Box::new(std::iter::empty());
                }
                let keys = self.index.range((low, high));
                let item =
                    move |(_, sk, pk): &(String, String, String)| pair(&(pk.clone(), sk.clone()));
                if forward {
                    Box::new(keys.filter_map(item))
                } else {
                    Box::new(keys.rev().filter_map(item))
                }
            }
        }
    }
}

/// A range of a B-tree must not begin after its end.
fn is_empty<T: Ord>(low: &Bound<T>, high: &Bound<T>) -> bool {
    match (low, high) {
        (
            Bound::Included(low) | Bound::Excluded(low),
            Bound::Included(high) | Bound::Excluded(high),
        ) => low >= high,
        _ => false,
    }
}

fn index_entry(key: &Key, item: &Item) -> Option<(String, String, String)> {
    Some((text(item, "u")?.to_owned(), key.1.clone(), key.0.clone()))
}
