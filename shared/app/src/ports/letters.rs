use hooklane_domain::dead_letter::{Errand, Letter, Source};

use super::Unavailable;

/// The dead-letter queues of all sources, as an operator works with them. A queue cannot be listed: it hands
/// letters out, and hides from everybody what it has handed out.
pub trait LetterBox: Send + Sync {
    /// About how many letters a queue holds.
    fn letter_count(
        &self,
        source: Source,
    ) -> impl Future<Output = Result<LetterCount, Unavailable>> + Send;

    /// Takes up to ten letters and hides them for `seconds`. Waits a second for some if there are none. A letter may
    /// come twice.
    fn take_letters(
        &self,
        source: Source,
        seconds: u32,
    ) -> impl Future<Output = Result<Vec<Letter>, Unavailable>> + Send;

    /// Makes letters that were taken visible again, by their receipt handles. One that is gone or visible already
    /// is passed over.
    fn give_back(
        &self,
        source: Source,
        receipt_handles: &[String],
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Deletes a letter that was taken, by its receipt handle.
    fn discard(
        &self,
        source: Source,
        receipt_handle: &str,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// How many letters, or messages, a queue holds. SQS counts approximately, and may be a minute late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LetterCount {
    pub visible: u64,
    /// Those that somebody has taken and neither deleted nor given back.
    pub hidden: u64,
}

/// A queue on the way of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkQueue {
    Events,
    /// First attempts.
    Delivery,
    /// Retries, and first attempts at slow receivers.
    Retry,
}

impl WorkQueue {
    pub const ALL: [Self; 3] = [Self::Events, Self::Delivery, Self::Retry];
}

/// How much is in the queues.
pub trait Backlog: Send + Sync {
    /// About how many messages the queue holds. Those that are delayed count as hidden.
    fn backlog(
        &self,
        queue: WorkQueue,
    ) -> impl Future<Output = Result<LetterCount, Unavailable>> + Send;
}

/// Sends dead letters again.
pub trait RunErrand: Send + Sync {
    /// Does what an errand says. An error means that it is unknown whether it was done.
    fn run_errand(&self, errand: &Errand) -> impl Future<Output = Result<Ran, Unavailable>> + Send;
}

/// What became of an errand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ran {
    Done,
    /// It would be refused again. Holds the reason, which has nothing of the letter's body.
    Refused(String),
}
