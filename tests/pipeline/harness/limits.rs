//! What AWS refuses however the network is: units over a key's budget, and writes that meet a transaction.

use std::collections::BTreeMap;
use std::sync::Mutex;

use hooklane_app::fakes::budget::KeyBudget;

/// The units of a key, in each second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Units {
    pub(crate) ledger_writes: u64,
    pub(crate) registry_reads: u64,
}

impl Units {
    /// As on AWS.
    pub(crate) const AWS: Self = Self { ledger_writes: 1_000, registry_reads: 3_000 };
    /// As much less as there is less to do in a run, so that they are used up at times.
    pub(crate) const SCARCE: Self = Self { ledger_writes: 8, registry_reads: 4 };
}

pub(crate) struct Limits {
    pub(crate) ledger_writes: KeyBudget,
    pub(crate) registry_reads: KeyBudget,
    /// How many transactions are under way on each item.
    pub(super) transactions: Mutex<BTreeMap<String, usize>>,
}

impl Limits {
    pub(crate) fn of(units: Units) -> Self {
        Self {
            ledger_writes: KeyBudget::of(units.ledger_writes),
            registry_reads: KeyBudget::of(units.registry_reads),
            transactions: Mutex::default(),
        }
    }
}

/// Items with a transaction under way, until this is dropped: also by a kill.
pub(super) struct UnderWay<'a>(&'a Mutex<BTreeMap<String, usize>>, &'a [String]);

impl<'a> UnderWay<'a> {
    /// `None` if another transaction is under way on one of the items.
    pub(super) fn begin(
        all: &'a Mutex<BTreeMap<String, usize>>,
        items: &'a [String],
    ) -> Option<Self> {
        let mut held = all.lock().unwrap();
        if items.iter().any(|item| held.contains_key(item)) {
            return None;
        }
        items.iter().for_each(|item| *held.entry(item.clone()).or_default() += 1);
        Some(Self(all, items))
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut held = self.0.lock().unwrap();
        held.retain(|item, _| !self.1.contains(item));
    }
}
