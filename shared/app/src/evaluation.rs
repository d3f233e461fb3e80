//! Runs filters and transforms where they hold up nobody.
//!
//! A function serves many tenants on one thread, and that thread also receives the answers of their
//! receivers. So an evaluation that may take long runs on another thread, and an instance runs one at a time,
//! because each may take [`MAX_BYTES`](hooklane_domain::expression::MAX_BYTES) of memory.

use std::panic::resume_unwind;

use hooklane_domain::event::Event;
use hooklane_domain::expression::{Budget, Cost, Failure, Filter, Input};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// The steps that may be taken on the thread that waits for answers: half a millisecond of a whole
/// processor, about as much as formatting and signing a large request takes.
const MAX_STEPS_HERE: u64 = 50_000;

static ONE_AT_A_TIME: Semaphore = Semaphore::const_new(1);

/// Does work that can take as many steps as `cost` says, on another thread if those are many.
pub async fn run<T: Send + 'static>(cost: Cost, work: impl FnOnce() -> T + Send + 'static) -> T {
    if cost.steps() <= MAX_STEPS_HERE {
        return work();
    }
    // It is never closed.
    let turn = ONE_AT_A_TIME.acquire().await;
    let done = spawn_blocking(work).await;
    drop(turn);
    match done {
        Ok(done) => done,
        // A panic goes on where it would have without the other thread.
        Err(error) => resume_unwind(error.into_panic()),
    }
}

/// What a tenant's filters say of one event.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Decided {
    /// For each filter, whether its webhook gets the event. A filter that fails lets it through, so that there
    /// is a delivery that shows the reason.
    pub passes: Vec<bool>,
    /// How many let it through because all of them together had used up what they may take on one event.
    pub let_through: usize,
}

/// Decides with filters of one tenant, on one budget. `None` is a webhook without one.
pub async fn decide(event: &Event, filters: Vec<Option<Filter>>) -> Decided {
    if filters.iter().all(Option::is_none) {
        return Decided { passes: vec![true; filters.len()], let_through: 0 };
    }
    let input = Input::of_event(event);
    let cost = filters.iter().flatten().map(Filter::cost).sum::<Cost>().on(input.bytes());
    run(cost, move || {
        let budget = Budget::of_event();
        let mut decided = Decided::default();
        for filter in &filters {
            let result = filter.as_ref().map_or(Ok(true), |filter| filter.passes(&input, &budget));
            let too_much = matches!(result, Err(Failure::TooMuch(_)));
            decided.let_through += usize::from(too_much && budget.is_used_up());
            decided.passes.push(result.unwrap_or(true));
        }
        decided
    })
    .await
}
