//! Judging events by the schemas of their types: compiled schemas are kept within a number of bytes, and what
//! takes long is done beside the thread that waits for answers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hooklane_catalog::{Compiled, Cost, Schema, no_longer_used};
use hooklane_domain::json::RawJson;
use hooklane_domain::json::fields::FieldErrors;
use quick_cache::Weighter;
use quick_cache::unsync::Cache;
use tokio::sync::Semaphore;

use crate::evaluation::beside;

/// The most bytes of compiled schemas. An eighth of the memory of a function of 256 MB.
const KEPT_BYTES: u64 = 32 * 1024 * 1024;
/// About the number of schemas that have room.
const KEPT: usize = 1_000;
/// Up to this cost, data is judged at once: 2 ms of a whole processor.
const QUICK: Cost = Cost(2_000_000_000);

/// Why a schema cannot be used, or its compiled form.
type Outcome = Result<Compiled, FieldErrors>;

type Kept = Mutex<Cache<String, Arc<Outcome>, ByBytes>>;

/// The schemas that were compiled, by their text.
pub(super) struct Schemas {
    kept: Arc<Kept>,
    /// One at a time: the memory of many would add up.
    heavy: Semaphore,
}

#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<String, Arc<Outcome>> for ByBytes {
    fn weight(&self, text: &String, outcome: &Arc<Outcome>) -> u64 {
        let compiled = outcome.as_ref().as_ref().map_or(0, Compiled::bytes);
        u64::try_from(text.len() + compiled + 256).unwrap_or(u64::MAX)
    }
}

impl Default for Schemas {
    fn default() -> Self {
        let kept = Cache::with_weighter(KEPT, KEPT_BYTES, ByBytes);
        Self { kept: Arc::new(Mutex::new(kept)), heavy: Semaphore::new(1) }
    }
}

impl Schemas {
    /// Whether the data of an event fits its type's schema. An event is refused if the schema can no longer
    /// be used. A panic goes on in the caller, which knows what it was about: as a passing fault, it would be
    /// met again and again.
    pub(super) async fn judge(&self, schema: &Schema, data: &RawJson) -> Result<(), FieldErrors> {
        let text = schema.text().as_str();
        let size = data.as_str().len();
        if let Some(outcome) = find(&self.kept, text)
            && outcome.as_ref().as_ref().map_or(Cost(0), |it| it.cost_on(size)) <= QUICK
        {
            return judged(&outcome, data);
        }
        // A semaphore that is never closed always has a permit.
        let _permit = self.heavy.acquire().await;
        let (kept, schema, data) = (Arc::clone(&self.kept), schema.clone(), data.clone());
        beside(move || judged(&compiled(&kept, &schema), &data)).await
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> u64 {
        lock(&self.kept).weight()
    }
}

fn judged(outcome: &Outcome, data: &RawJson) -> Result<(), FieldErrors> {
    match outcome {
        Ok(compiled) => compiled.judge("data", data),
        Err(why) => Err(no_longer_used(why)),
    }
}

fn compiled(kept: &Kept, schema: &Schema) -> Arc<Outcome> {
    let text = schema.text().as_str();
    if let Some(found) = find(kept, text) {
        return found;
    }
    let outcome = Arc::new(schema.compile());
    lock(kept).insert(text.to_owned(), Arc::clone(&outcome));
    outcome
}

fn find(kept: &Kept, text: &str) -> Option<Arc<Outcome>> {
    lock(kept).get(text).cloned()
}

fn lock(kept: &Kept) -> MutexGuard<'_, Cache<String, Arc<Outcome>, ByBytes>> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Schemas {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Schemas").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
