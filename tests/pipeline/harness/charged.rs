//! Calls that take units of a key, or that meet a transaction on the same item.

use std::time::Duration;

use hooklane_app::ports::{Pause as _, Unavailable};
use hooklane_domain::ids::WebhookId;

use super::killable::yield_to_others;
use super::limits::UnderWay;
use super::port::Port;

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
