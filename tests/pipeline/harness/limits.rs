//! What AWS refuses however the network is: units over a key's budget, and writes that meet a transaction.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use hooklane_app::fakes::budget::KeyBudget;
use hooklane_app::ports::{Pause as _, Unavailable};
use hooklane_domain::ids::WebhookId;

use super::killable::yield_to_others;
use super::port::Port;

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
    transactions: Mutex<BTreeMap<String, usize>>,
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
struct UnderWay<'a>(&'a Mutex<BTreeMap<String, usize>>, &'a [String]);

impl<'a> UnderWay<'a> {
    /// `None` if another transaction is under way on one of the items.
    fn begin(all: &'a Mutex<BTreeMap<String, usize>>, items: &'a [String]) -> Option<Self> {
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

/// The tries of a write that meets a transaction, as of the adapters.
const TRIES: u32 = 9;
const FIRST_PAUSE: Duration = Duration::from_millis(20);

impl Port {
    /// Takes write units of a partition key of the ledger.
    pub(crate) fn take_writes(&self, key: &str, units: u64) -> Result<(), Unavailable> {
        let environment = &self.environment;
        let taken = environment.limits.ledger_writes.take(key, units, environment.now());
        taken.inspect_err(|_| environment.journal.count("over the write units of a key"))
    }

    /// Takes read units of a partition key of the registry.
    pub(crate) fn take_reads(&self, key: &str, units: u64) -> Result<(), Unavailable> {
        let environment = &self.environment;
        let taken = environment.limits.registry_reads.take(key, units, environment.now());
        taken.inspect_err(|_| environment.journal.count("over the read units of a key"))
    }

    /// Makes a transaction on these items. It is cancelled while another one is under way on one of them,
    /// and tried again as the adapters do.
    pub(crate) async fn transaction<T>(
        &self,
        items: &[String],
        operate: impl Future<Output = Result<T, Unavailable>> + Send,
    ) -> Result<T, Unavailable> {
        for attempt in 0..TRIES {
            if let Some(_under_way) = UnderWay::begin(&self.environment.limits.transactions, items)
            {
                yield_to_others(&self.environment.chance).await;
                let answer = operate.await;
                yield_to_others(&self.environment.chance).await;
                return answer;
            }
            self.environment.journal.count("transaction conflict: a transaction");
            self.pause(FIRST_PAUSE * 2_u32.pow(attempt)).await;
        }
        Err(Unavailable::new("a transaction", "TransactionCanceledException: TransactionConflict"))
    }

    /// Makes a write on an item. It is refused while a transaction is under way on the item, and tried again
    /// as the adapters do.
    pub(crate) async fn write<T>(
        &self,
        item: &str,
        operate: impl Future<Output = Result<T, Unavailable>> + Send,
    ) -> Result<T, Unavailable> {
        for attempt in 0..TRIES {
            if !self.environment.limits.transactions.lock().unwrap().contains_key(item) {
                return operate.await;
            }
            self.environment.journal.count("transaction conflict: a write");
            self.pause(FIRST_PAUSE * 2_u32.pow(attempt)).await;
        }
        Err(Unavailable::new("a write", "TransactionConflictException"))
    }
}

/// The item that lists a webhook on the watch list.
pub(crate) fn watch_item(webhook: WebhookId) -> String {
    format!("OPEN#{webhook}")
}

/// The item of a webhook's health.
pub(crate) fn health_item(webhook: WebhookId) -> String {
    format!("HE#{webhook}")
}
