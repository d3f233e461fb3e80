//! How a function works on a batch some of whose items may end it ([`deaths`]).
//!
//! What is not a suspect is worked on first, all at once. Then come suspects without a strike, all at
//! once, and then each of the others alone, those with the most strikes last. A strike is written before a
//! suspect, and forgiven when its work has ended in any way. An item whose work panics gets a strike, and
//! the others go on. What does not fit into the time that is left is handed back.
//!
//! [`deaths`]: hooklane_domain::isolation::deaths

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::join_all;
use hooklane_domain::Timestamp;
use hooklane_domain::isolation::deaths::{MAX_STRIKES, Suspect, given_up};

use crate::batch::Disposition;
use crate::deadline::Deadline;
use crate::ports::{Clock, Gathered, Strikes, Unavailable};

/// What a function does with the items of its batches.
pub trait Work: Sync {
    type Item: Sync;

    fn suspect(&self, item: &Self::Item) -> Suspect;

    /// Whether the item may have ended the function before.
    fn is_suspicious(&self, item: &Self::Item) -> bool;

    /// What is held for an item from before the first one of its kind is begun until its own work has ended.
    fn gather(&self, _item: &Self::Item) -> Gathered {
        Gathered::default()
    }

    fn handle(&self, item: &Self::Item) -> impl Future<Output = Disposition> + Send;

    /// Puts the item into the dead-letter queue.
    fn give_up(&self, item: &Self::Item, reason: &str) -> impl Future<Output = Disposition> + Send;

    /// The time for the item is not left. It stays, and is not counted as handled.
    fn hand_back(&self, item: &Self::Item) -> impl Future<Output = Disposition> + Send;

    /// Hides an item that a passing fault interrupted for a short while. If that fails, the visibility
    /// timeout of its queue brings it back.
    fn put_off(&self, item: &Self::Item) -> impl Future<Output = ()> + Send;
}

/// What became of a batch.
#[derive(Debug, PartialEq, Eq)]
pub struct Worked {
    /// In the order of the items.
    pub dispositions: Vec<Disposition>,
    /// The number of items for which no time was left.
    pub handed_back: usize,
}

/// A batch, with what it takes to be careful.
pub struct Careful<'a, W, S, C> {
    pub work: &'a W,
    pub strikes: &'a S,
    pub clock: &'a C,
    pub deadline: Deadline,
    /// An item is only begun if this much time is left. The first one always is, so that every batch
    /// makes progress.
    pub needs: Duration,
}

/// An item that was interrupted is only put off if this much time is left.
const TO_PUT_OFF: Duration = Duration::from_secs(3);

/// What is known of an item before it is begun.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Healthy,
    Suspect,
}

/// The run through one batch.
struct Run {
    /// The item that is begun whatever time is left.
    first: Option<usize>,
    handed_back: AtomicUsize,
}

impl<W: Work, S: Strikes, C: Clock> Careful<'_, W, S, C> {
    pub async fn batch(&self, items: &[W::Item]) -> Worked {
        let mut results = vec![Disposition::Stays; items.len()];
        let (suspects, others): (Vec<_>, Vec<_>) =
            items.iter().enumerate().partition(|(_, item)| self.work.is_suspicious(item));
        let first = others.first().or(suspects.first()).map(|(at, _)| *at);
        let run = &Run { first, handed_back: AtomicUsize::new(0) };
        let begin =
            |kind| move |(at, item)| self.begin(run, kind, at, item, self.work.gather(item));
        let others = others.into_iter().map(begin(Kind::Healthy));
        for (at, disposition) in join_all(others).await {
            results[at] = disposition;
        }
        let known = suspects.into_iter().map(|(at, item)| async move {
            (at, item, self.strikes.strikes(&self.work.suspect(item)).await)
        });
        let (mut without, mut with) = (Vec::new(), Vec::new());
        for (at, item, strikes) in join_all(known).await {
            match strikes {
                Ok(0) => without.push((at, item)),
                Ok(strikes) => with.push((strikes, at, item)),
                Err(error) => {
                    error.log("strikes.not_read");
                    results[at] = self.stayed(item, Disposition::Interrupted).await;
                }
            }
        }
        let without = without.into_iter().map(begin(Kind::Suspect));
        for (at, disposition) in join_all(without).await {
            results[at] = disposition;
        }
        with.sort_by_key(|(strikes, at, _)| (*strikes, *at));
        for (strikes, at, item) in with {
            results[at] = if strikes >= MAX_STRIKES {
                let disposition = self.give_up(item).await;
                self.stayed(item, disposition).await
            } else {
                begin(Kind::Suspect)((at, item)).await.1
            };
        }
        let handed_back = run.handed_back.load(Ordering::Relaxed);
        Worked { dispositions: results, handed_back }
    }

    /// Works on the item at a place of the batch, or hands it back if the time for it is not left.
    async fn begin(
        &self,
        run: &Run,
        kind: Kind,
        at: usize,
        item: &W::Item,
        gathered: Gathered,
    ) -> (usize, Disposition) {
        if run.first != Some(at) && !self.deadline.leaves(self.needs, self.clock) {
            drop(gathered);
            run.handed_back.fetch_add(1, Ordering::Relaxed);
            return (at, self.work.hand_back(item).await);
        }
        let disposition = match kind {
            Kind::Healthy => self.handle(item).await,
            Kind::Suspect => self.suspect(item).await,
        };
        drop(gathered);
        (at, self.stayed(item, disposition).await)
    }

    /// Puts off an item that was interrupted, if there is time for the call.
    async fn stayed(&self, item: &W::Item, disposition: Disposition) -> Disposition {
        if disposition != Disposition::Interrupted {
            return disposition;
        }
        if self.deadline.leaves(TO_PUT_OFF, self.clock) {
            self.work.put_off(item).await;
        }
        Disposition::Stays
    }

    /// An item that is not a suspect.
    async fn handle(&self, item: &W::Item) -> Disposition {
        // The work is large. Pinned, it stays where it is.
        match unless_it_panics(pin!(self.work.handle(item))).await {
            Ok(disposition) => disposition,
            Err(Panicked) => {
                let struck = self.strikes.strike(&self.work.suspect(item), self.clock.now()).await;
                self.panicked(item, struck).await
            }
        }
    }

    async fn suspect(&self, item: &W::Item) -> Disposition {
        let suspect = self.work.suspect(item);
        let struck = self.strikes.strike(&suspect, self.clock.now()).await;
        let strikes = match struck {
            Ok(strikes) => strikes,
            Err(error) => {
                // It is not worked on unless its death would be counted.
                error.log("strike.not_written");
                return Disposition::Interrupted;
            }
        };
        match unless_it_panics(pin!(self.work.handle(item))).await {
            Ok(disposition) => {
                forgive(self.strikes, &suspect).await;
                disposition
            }
            Err(Panicked) => self.panicked(item, Ok(strikes)).await,
        }
    }

    async fn panicked(&self, item: &W::Item, strikes: Result<u32, Unavailable>) -> Disposition {
        match strikes {
            Ok(strikes) if strikes >= MAX_STRIKES => self.give_up(item).await,
            Ok(_) => Disposition::Stays,
            Err(error) => {
                error.log("strike.not_written");
                Disposition::Stays
            }
        }
    }

    async fn give_up(&self, item: &W::Item) -> Disposition {
        let disposition = self.work.give_up(item, &given_up()).await;
        if disposition == Disposition::Done {
            forgive(self.strikes, &self.work.suspect(item)).await;
        }
        disposition
    }
}

/// What becomes of a suspect that is alone in its batch.
pub struct Alone<'a, S> {
    pub strikes: &'a S,
    pub suspect: &'a Suspect,
    pub now: Timestamp,
}

impl<S: Strikes> Alone<'_, S> {
    /// Adds a strike. Afterwards, works on the suspect, or if it has had enough of them, gives it up. `work`
    /// gets the number of strikes, and says whether they are to stay.
    pub async fn work<T, G, W>(
        &self,
        give_up: G,
        work: impl FnOnce(u32) -> W,
    ) -> Result<T, Unavailable>
    where
        G: Future<Output = Result<T, Unavailable>>,
        W: Future<Output = (Result<T, Unavailable>, bool)>,
    {
        let strikes = self.strikes.strike(self.suspect, self.now).await;
        let strikes = strikes.inspect_err(|error| error.log("batch.failed"))?;
        if strikes > MAX_STRIKES {
            let done = give_up.await.inspect_err(|error| error.log("batch.failed"))?;
            let reason = given_up();
            tracing::error!(reason, record.suspect = self.suspect.as_str(), "record.dead_lettered");
            forgive(self.strikes, self.suspect).await;
            return Ok(done);
        }
        let (result, stays) = work(strikes).await;
        if !stays {
            forgive(self.strikes, self.suspect).await;
        }
        result
    }
}

/// Some work panicked. The panic hook has logged where.
#[derive(Debug)]
pub struct Panicked;

/// Runs `work` so that a panic of it does not end the process, where the build unwinds. Hand over what is
/// large pinned (`pin!`): otherwise it is copied several times.
pub async fn unless_it_panics<T>(work: impl Future<Output = T>) -> Result<T, Panicked> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|panic| {
        tracing::error!(panic = constant_of(&*panic), "item.panicked");
        Panicked
    })
}

/// The message of a panic if it is a constant. One that was put together may quote a payload, and is not
/// logged.
fn constant_of(panic: &(dyn Any + Send)) -> Option<&'static str> {
    panic.downcast_ref::<&'static str>().copied()
}

/// Removes the strikes of what did not end the function. It is tried twice, because a strike that stays
/// would count as a death.
pub async fn forgive(strikes: &impl Strikes, suspect: &Suspect) {
    if strikes.forgive(suspect).await.is_err()
        && let Err(error) = strikes.forgive(suspect).await
    {
        error.log("strikes.not_forgiven");
    }
}

#[cfg(test)]
mod tests;
