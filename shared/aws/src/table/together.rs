//! Reads that several callers make at the same time go into one call, as writes do in [`super::group`]. The
//! messages of a batch read what they need of their webhooks in the same turn of the runtime, and a call costs
//! far more than a key in it (ADR 92).
//!
//! No read waits for another one: the call begins as soon as those who can run have run.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use backon::BackoffBuilder as _;
use hooklane_app::ports::{Throttled, Unavailable};
use tokio::sync::oneshot;
use tokio::task::yield_now;
use tokio::time::sleep;

use super::batch::READS;
use super::{Item, Key, Table};
use crate::failure::unavailable;
use crate::retry::UNREAD_KEYS;

type Read = Result<Option<Item>, Unavailable>;

/// Who waits for the item of a key.
type Callers = Vec<oneshot::Sender<Read>>;

/// The reads that are in no call yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Together(Arc<Mutex<BTreeMap<Key, Callers>>>);

impl Together {
    fn waiting(&self) -> MutexGuard<'_, BTreeMap<Key, Callers>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// The item under `key`, read consistently, by one call with what others read at the same time.
    pub(crate) async fn get_together(&self, key: &Key) -> Read {
        let (caller, answer) = oneshot::channel();
        let is_first = {
            let mut waiting = self.together.waiting();
            let is_first = waiting.is_empty();
            waiting.entry(key.clone()).or_default().push(caller);
            is_first
        };
        if is_first {
            let table = self.clone();
            tokio::spawn(async move {
                yield_now().await;
                table.read_waiting();
            });
        }
        answer.await.map_err(unavailable("reading an item".to_owned()))?
    }

    /// Begins the calls for all that wait.
    fn read_waiting(&self) {
        let mut waiting = std::mem::take(&mut *self.together.waiting());
        // Nobody waits any more for what a caller wanted who was dropped.
        waiting.values_mut().for_each(|callers| callers.retain(|caller| !caller.is_closed()));
        waiting.retain(|_, callers| !callers.is_empty());
        while !waiting.is_empty() {
            let rest = waiting.keys().nth(READS).cloned();
            let later = rest.map(|key| waiting.split_off(&key)).unwrap_or_default();
            let (table, now) = (self.clone(), std::mem::replace(&mut waiting, later));
            tokio::spawn(async move { table.read_keys(now).await });
        }
    }

    /// Makes one call for these keys, and after a pause another one for those that it left. Each caller has
    /// its answer as soon as its key is read.
    async fn read_keys(&self, mut waiting: BTreeMap<Key, Callers>) {
        if waiting.len() == 1
            && let Some((key, callers)) = waiting.pop_first()
        {
            return answer(callers, self.get_item(&key).await);
        }
        let mut pauses = UNREAD_KEYS.build();
        loop {
            let keys = waiting.keys().map(Key::attributes).collect();
            let read = match self.read_some(keys).await {
                Ok(read) => read,
                Err(error) => return answer_all(waiting, &error),
            };
            let mut items: BTreeMap<_, _> =
                read.results.into_iter().filter_map(|item| Some((Key::of(&item)?, item))).collect();
            let left: Vec<_> = read.left.iter().filter_map(Key::of).collect();
            let mut unread = BTreeMap::new();
            for (key, callers) in waiting {
                if left.contains(&key) {
                    unread.insert(key, callers);
                } else {
                    answer(callers, Ok(items.remove(&key)));
                }
            }
            let pause = match (self.none_left("BatchGetItem", "keys", &left), pauses.next()) {
                (Ok(()), _) => return,
                (Err(_), Some(pause)) => pause,
                (Err(error), None) => return answer_all(unread, &error),
            };
            sleep(pause).await;
            waiting = unread;
        }
    }
}

fn answer_all(waiting: BTreeMap<Key, Callers>, error: &Unavailable) {
    waiting.into_values().for_each(|callers| answer(callers, Err(again(error))));
}

fn answer(callers: Callers, read: Read) {
    for caller in callers {
        let read = match &read {
            Ok(item) => Ok(item.clone()),
            Err(error) => Err(again(error)),
        };
        // A caller that was dropped needs no answer.
        drop(caller.send(read));
    }
}

/// The error of a call once more, for another caller.
fn again(error: &Unavailable) -> Unavailable {
    let is_throttled = error.is_throttled();
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    let causes: Vec<_> = causes.skip(usize::from(is_throttled)).map(ToString::to_string).collect();
    let (what, cause) = (error.what.clone(), causes.join(": "));
    match is_throttled {
        true => Unavailable::new(what, Throttled(cause.into())),
        false => Unavailable::new(what, cause),
    }
}

#[cfg(test)]
mod tests;
