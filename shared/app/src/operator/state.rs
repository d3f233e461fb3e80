//! How the service is doing.

use futures::future::{try_join_all, try_join3};
use hooklane_domain::canary::Canary;
use hooklane_domain::dead_letter::Source;
use hooklane_domain::isolation::brake::Brake;

use crate::ports::{
    Backlog, BrakeStore, CanaryStore, LetterBox, LetterCount, Unavailable, WorkQueue,
};

/// The dead letters of a source.
pub type Letters = (Source, LetterCount);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// What is in each queue on the way of events.
    pub queues: Vec<(WorkQueue, LetterCount)>,
    pub letters: Vec<Letters>,
    /// The brake as `upkeep` last set it, which it does with each run. `None` before its first.
    pub brake: Option<Brake>,
    /// The newest canary, if they are sent.
    pub canary: Option<Canary>,
}

/// One look at everything: ten requests.
pub async fn state(
    registry: &impl BrakeStore,
    ledger: &impl CanaryStore,
    letters: &impl LetterBox,
    queues: &impl Backlog,
) -> Result<State, Unavailable> {
    let of_queues = WorkQueue::ALL.map(async |queue| Ok((queue, queues.backlog(queue).await?)));
    let tables = futures::future::try_join(registry.brake(), ledger.canary());
    let (queues, letters, (brake, canary)) =
        try_join3(try_join_all(of_queues), letter_counts(letters), tables).await?;
    Ok(State { queues, letters, brake, canary })
}

/// How many dead letters each source has: one request for each.
pub async fn letter_counts(letters: &impl LetterBox) -> Result<Vec<Letters>, Unavailable> {
    try_join_all(Source::ALL.map(async |source| Ok((source, letters.letter_count(source).await?))))
        .await
}
