//! Lists and maps: making maps, and finding what is in either.

use std::rc::Rc;

use super::{Evaluation, Made};
use crate::expression::compiled::Node;
use crate::expression::error::Error;
use crate::expression::price;
use crate::expression::value::{Entries, Key, Shared, Value, entries_of};
use crate::json::parts::{entries, items, member};

impl<'a> Evaluation<'a> {
    /// The map that a literal makes.
    pub(super) fn map(&self, literal: &'a [(Node, Node)], element: Option<&Value<'a>>) -> Made<'a> {
        self.meter.block(literal.len() as u64 * price::ENTRY_BYTES)?;
        let mut made: Vec<(Key<'a>, Value<'a>)> = Vec::with_capacity(literal.len());
        for (key, value) in literal {
            let key = self.value(key, element)?.key();
            let key = key.ok_or(Error::Other("a map has a key of a type that cannot be one"))?;
            made.push((key, self.value(value, element)?));
        }
        self.sort(&mut made)?;
        let repeats = made.windows(2).any(|pair| matches!(pair, [(a, _), (b, _)] if a == b));
        let map = Rc::new(Entries(made));
        let mut twin = false;
        for (key, _) in &map.0 {
            twin = twin || twins(key).into_iter().flatten().any(|twin| map.get(&twin).is_some());
        }
        if repeats || twin {
            return Err(Error::Other("a map has a duplicate key"));
        }
        self.meter.block(price::ENTRY_BYTES)?;
        Ok(Value::Map(map))
    }

    /// The entries of an object of the event. Of a duplicate key, the last one counts.
    pub(in crate::expression) fn entries(
        &self,
        json: &'a str,
    ) -> Result<Rc<Entries<'a>>, Error<'a>> {
        self.meter.steps(2 * price::scan(json.len() as u64))?;
        let count = entries_of(json);
        self.meter.block(count as u64 * price::ENTRY_BYTES)?;
        let mut made = Vec::with_capacity(count);
        for (key, value) in entries(json) {
            let Value::Text(key) = self.json(key)? else { continue };
            made.push((Key::Text(key), self.json(value)?));
        }
        self.sort(&mut made)?;
        // Sorting keeps the order of equal keys, so the last one is the last one written.
        made.reverse();
        made.dedup_by(|(a, _), (b, _)| a == b);
        made.reverse();
        self.meter.block(price::ENTRY_BYTES)?;
        Ok(Rc::new(Entries(made)))
    }

    fn sort(&self, entries: &mut [(Key<'a>, Value<'a>)]) -> Result<(), Error<'a>> {
        let (count, bytes) =
            (entries.len() as u64, entries.iter().map(|(key, _)| key.len()).sum::<usize>());
        self.meter.steps(price::sort(count, bytes as u64))?;
        // A stable sort takes up to as much memory again.
        self.meter.block(count * price::ENTRY_BYTES)?;
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(())
    }

    /// The value of a key of a computed map. A number is found whatever its type.
    pub(super) fn entry(
        &self,
        map: &Entries<'a>,
        key: &Key<'a>,
    ) -> Result<Option<Value<'a>>, Error<'a>> {
        let rounds = u64::from(usize::BITS - map.0.len().leading_zeros()) + 1;
        self.meter.steps(rounds * (price::ELEMENT + price::copy(key.len() as u64)))?;
        let twin = || twins(key).into_iter().flatten().find_map(|twin| map.get(&twin));
        Ok(map.get(key).or_else(twin).cloned())
    }

    /// What a map has under a key: `None` where it is no map, or where this cannot be a key.
    pub(super) fn looked_up(
        &self,
        map: &Value<'a>,
        key: &Value<'a>,
    ) -> Result<Option<Option<Value<'a>>>, Error<'a>> {
        let keys = match (key.key(), key) {
            (Some(key), _) => [Some(key), None],
            (None, Value::Double(double)) => whole(*double),
            (None, _) => return Ok(None),
        };
        match map {
            Value::Map(map) => {
                for key in keys.into_iter().flatten() {
                    if let Some(found) = self.entry(map, &key)? {
                        return Ok(Some(Some(found)));
                    }
                }
                Ok(Some(None))
            }
            Value::JsonMap(json) => {
                let [Some(Key::Text(key)), None] = &keys else { return Ok(Some(None)) };
                self.member(json, key).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn member(&self, json: &'a str, key: &str) -> Result<Option<Value<'a>>, Error<'a>> {
        self.meter.steps(price::scan(json.len() as u64))?;
        member(json, key).map(|value| self.json(value)).transpose()
    }

    /// `container.field`, or none where a map lacks the field.
    pub(super) fn selected(
        &self,
        container: &Value<'a>,
        field: &'a str,
    ) -> Result<Option<Value<'a>>, Error<'a>> {
        match container {
            Value::JsonMap(json) => self.member(json, field),
            Value::Map(map) => self.entry(map, &Key::Text(Shared::Borrowed(field))),
            _ => Err(Error::Overload("_._", [container.type_name(), "string"])),
        }
    }

    /// `container[index]`.
    pub(super) fn indexed(&self, container: &Value<'a>, index: &Value<'a>) -> Made<'a> {
        let no_overload = || Error::overload("_[_]", container, index);
        let position = || match index {
            Value::Int(int) => usize::try_from(*int).map_err(|_| Error::OutOfRange),
            Value::UInt(uint) => usize::try_from(*uint).map_err(|_| Error::OutOfRange),
            Value::Double(double) => match whole(*double) {
                [Some(Key::Int(int)), _] => usize::try_from(int).map_err(|_| Error::OutOfRange),
                _ => Err(no_overload()),
            },
            _ => Err(no_overload()),
        };
        match container {
            Value::List(list) => list.get(position()?).cloned().ok_or(Error::OutOfRange),
            Value::JsonList(json) => {
                let position = position()?;
                self.meter.steps(price::scan(json.len() as u64))?;
                items(json).nth(position).map_or(Err(Error::OutOfRange), |item| self.json(item))
            }
            _ => match self.looked_up(container, index)? {
                Some(found) => {
                    found.ok_or_else(|| index.key().map_or_else(no_overload, Error::NoKey))
                }
                None => Err(no_overload()),
            },
        }
    }
}

/// The same number as a key of the other type.
fn twins(key: &Key<'_>) -> [Option<Key<'static>>; 1] {
    [match key {
        Key::Int(int) => u64::try_from(*int).ok().map(Key::UInt),
        Key::UInt(uint) => i64::try_from(*uint).ok().map(Key::Int),
        _ => None,
    }]
}

/// The whole number that a double is, as the keys that it may be.
fn whole(double: f64) -> [Option<Key<'static>>; 2] {
    let int = double > i64::MIN as f64 && double < i64::MAX as f64;
    let int = (int && (double as i64) as f64 == double).then_some(Key::Int(double as i64));
    let uint = double >= 0.0 && double < u64::MAX as f64;
    let uint = (uint && (double as u64) as f64 == double).then_some(Key::UInt(double as u64));
    [int, uint]
}
