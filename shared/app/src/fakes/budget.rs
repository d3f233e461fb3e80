//! What a table takes for one partition key, as DynamoDB enforces it.

use std::collections::HashMap;
use std::sync::Mutex;

use hooklane_domain::Timestamp;

use super::lock;
use crate::ports::{Throttled, Unavailable};

/// The units of each key in each second. A call over it is throttled, and takes no units.
///
/// DynamoDB gives a partition 1,000 write units and 3,000 read units a second (*Amazon DynamoDB Developer
/// Guide*, "Designing partition keys to distribute your workload"). It may lend unused units of the last five
/// minutes, and promises nothing; this lends none.
#[derive(Debug)]
pub struct KeyBudget {
    per_second: u64,
    used: Mutex<HashMap<String, Used>>,
}

#[derive(Debug, Clone, Copy)]
struct Used {
    second: i64,
    units: u64,
}

/// The bytes of one write unit.
const WRITE_UNIT: usize = 1_024;
/// The bytes of one read unit of a consistent read.
const READ_UNIT: usize = 4_096;

impl KeyBudget {
    /// So many units a second for each key.
    #[must_use]
    pub fn of(per_second: u64) -> Self {
        Self { per_second, used: Mutex::default() }
    }

    /// Takes units of a key, or throttles the call.
    pub fn take(&self, key: &str, units: u64, now: Timestamp) -> Result<(), Unavailable> {
        let mut used = lock(&self.used);
        let second = now.as_second();
        let of_key = used.entry(key.to_owned()).or_insert(Used { second, units: 0 });
        if of_key.second != second {
            *of_key = Used { second, units: 0 };
        }
        if of_key.units + units > self.per_second {
            let cause = format!("ProvisionedThroughputExceededException: {key}");
            return Err(Unavailable::new("a call", Throttled(cause.into())));
        }
        of_key.units += units;
        Ok(())
    }
}

/// The units of a write of an item, or of a part of a transaction, which costs twice as much.
#[must_use]
pub fn write_units(bytes: usize, in_transaction: bool) -> u64 {
    let units = bytes.div_ceil(WRITE_UNIT).max(1) as u64;
    if in_transaction { 2 * units } else { units }
}

/// The units of a consistent read.
#[must_use]
pub fn read_units(bytes: usize) -> u64 {
    bytes.div_ceil(READ_UNIT).max(1) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    #[test]
    fn a_key_has_its_units_each_second_and_keys_do_not_share_them() {
        let budget = KeyBudget::of(3);
        for (key, units, ms, taken) in [
            ("a", 2, 0, true),
            ("a", 2, 500, false),
            ("a", 1, 999, true),
            ("a", 1, 999, false),
            ("b", 3, 999, true),
            ("a", 3, 1_000, true),
        ] {
            let result = budget.take(key, units, at(ms));
            assert_eq!(result.is_ok(), taken, "{key} {units} at {ms} ms");
            assert!(result.err().is_none_or(|error| error.is_throttled()));
        }
    }

    #[test]
    fn units_are_rounded_up_and_a_transaction_costs_twice() {
        assert_eq!([0, 1, 1_024, 1_025].map(|bytes| write_units(bytes, false)), [1, 1, 1, 2]);
        assert_eq!(write_units(1_025, true), 4);
        assert_eq!([0, 4_096, 4_097].map(read_units), [1, 1, 2]);
    }
}
