//! What judging data by a schema can cost. It is counted in picoseconds of a whole processor, measured with
//! the release profile; the functions of 256 MB are given 0.145 of one.
//!
//! A cost has two parts: for each byte of the value, and for each value that is judged, by its kind. The data
//! is not known when a schema is saved, so a list is assumed to hold as many elements as its bytes allow.

use std::fmt;
use std::ops::AddAssign;

use hooklane_domain::event::MAX_EVENT_BYTES;

/// What judging the largest event may cost: a tenth of a second of a whole processor, so 0.7 s deployed. An
/// API request ends after 29 s and a batch of `ingest` after 60 s.
pub const MAX_COST: Cost = Cost(100_000_000_000);

/// Processor time in picoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cost(pub u64);

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0.div_ceil(1_000_000_000))
    }
}

pub(super) const NANOSECOND: u64 = 1_000;

/// What one schema costs, as a function of the value that it judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Rate {
    /// For each byte of the value, by the schema itself.
    pub(super) byte: u64,
    /// For each byte of a list, by the schemas of its elements.
    pub(super) elements: u64,
    /// For each byte of an object, by the schemas of its fields.
    pub(super) fields: u64,
    /// For each value, by its kind. `number` is any value that is none of the others.
    pub(super) number: u64,
    pub(super) string: u64,
    pub(super) array: u64,
    pub(super) object: u64,
    /// Once, whatever is judged: what a pattern builds when it is first used.
    pub(super) once: u64,
}

impl Rate {
    /// The same for a value of any kind.
    pub(super) fn of_any(value: u64) -> Self {
        Self { number: value, string: value, array: value, object: value, ..Self::default() }
    }

    /// For each byte, if as many values are judged as have room. The shortest number of a list takes two
    /// bytes with its comma (`1,`), the shortest string, list and object three (`"",`). `name` is what a
    /// field's name and colon take in addition.
    pub(super) fn of_many(&self, name: u64) -> u64 {
        let kinds = [
            self.number.div_ceil(2 + name),
            self.string.div_ceil(3 + name),
            nested(self.array, self.elements, name),
            nested(self.object, self.fields, name),
        ];
        self.byte.saturating_add(kinds.into_iter().max().unwrap_or_default())
    }

    /// What one value of this size costs.
    pub(super) fn of_one(&self, bytes: usize) -> Cost {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let kinds = [
            self.number,
            self.string,
            self.array.saturating_add(self.elements.saturating_mul(bytes)),
            self.object.saturating_add(self.fields.saturating_mul(bytes)),
        ];
        let sum = self.byte.saturating_mul(bytes).saturating_add(self.once);
        Cost(sum.saturating_add(kinds.into_iter().max().unwrap_or_default()))
    }

    /// What the largest event costs.
    pub(super) fn of_largest(&self) -> Cost {
        self.of_one(MAX_EVENT_BYTES)
    }
}

/// For each byte, if there are as many lists (or objects) as have room, and each costs `own` besides `inner`
/// for the bytes in it. Either they are empty, of three bytes with the comma, or a byte is in a list of at
/// least three bytes, where brackets and comma leave two bytes fewer to `inner`.
fn nested(own: u64, inner: u64, name: u64) -> u64 {
    let empty = own.div_ceil(3 + name);
    let rest = own.saturating_sub(inner.saturating_mul(2 + name));
    empty.max(inner.saturating_add(rest.div_ceil(4 + name)))
}

/// Both judge the same value.
impl AddAssign for Rate {
    fn add_assign(&mut self, other: Self) {
        let Self { byte, elements, fields, number, string, array, object, once } = other;
        for (sum, more) in [
            (&mut self.byte, byte),
            (&mut self.elements, elements),
            (&mut self.fields, fields),
            (&mut self.number, number),
            (&mut self.string, string),
            (&mut self.array, array),
            (&mut self.object, object),
            (&mut self.once, once),
        ] {
            *sum = sum.saturating_add(more);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_assumed_to_hold_as_many_elements_as_have_room() {
        let rate = Rate { byte: 5, number: 100, string: 90, once: 7, ..Rate::default() };
        assert_eq!(rate.of_many(0), 55);
        assert_eq!(rate.of_many(8), 15);
        assert_eq!(rate.of_one(10), Cost(157));
        assert_eq!(rate.of_largest(), Cost(5 * 262_144 + 107));
    }

    /// Builds the dearest nest of lists of each size, and holds the bound against it.
    #[test]
    fn lists_in_lists_are_counted_once() {
        for (own, inner) in [(30, 5), (30, 10), (30, 30), (9, 0), (1, 100), (0, 0)] {
            let rate = Rate { array: own, elements: inner, ..Rate::default() };
            // A list of `size` bytes costs `own`, and `inner` for each byte and comma in it.
            for size in 2u64..200 {
                let inside = if size == 2 { 0 } else { size - 1 };
                let cost = own + inner * inside;
                assert!(cost <= rate.of_many(0) * (size + 1), "{own} {inner} {size}");
                assert!(Cost(cost) <= rate.of_one(usize::try_from(size).unwrap()));
            }
        }
        let deep = (0..33).fold(Rate::default(), |inside, _| Rate {
            array: 25,
            elements: inside.of_many(0),
            ..Rate::default()
        });
        assert_eq!(deep.of_many(0), 13, "each list is judged by the schema of its level alone");
    }

    #[test]
    fn no_sum_overflows() {
        let mut rate =
            Rate { byte: u64::MAX, elements: u64::MAX, fields: u64::MAX, ..Rate::of_any(u64::MAX) };
        rate += rate;
        assert_eq!(rate.of_largest(), Cost(u64::MAX));
        assert_eq!(rate.of_many(0), u64::MAX);
    }

    #[test]
    fn a_cost_is_shown_in_milliseconds() {
        assert_eq!(MAX_COST.to_string(), "100 ms");
        assert_eq!(Cost(1).to_string(), "1 ms");
    }
}
