//! Runs filters and transforms where they hold up nobody.
//!
//! A function serves many tenants on one thread, and that thread also receives the answers of their
//! receivers. So an evaluation that may take long runs on another thread, and an instance runs one at a time,
//! because each may take [`MAX_BYTES`](hooklane_domain::expression::MAX_BYTES) of memory.

use std::panic::resume_unwind;
use std::sync::Arc;

use hooklane_domain::event::Event;
use hooklane_domain::explanation::FilterAnswer;
use hooklane_domain::expression::{Budget, Cost, Failure, Filter, Input};
use tokio::sync::{AcquireError, Semaphore, SemaphorePermit};
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
    let turn = turn().await;
    let done = beside(work).await;
    drop(turn);
    done
}

/// Does work on another thread. A panic of it goes on where it would have without that thread.
pub(crate) async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    spawn_blocking(work).await.unwrap_or_else(|error| resume_unwind(error.into_panic()))
}

/// The turn to evaluate something heavy, until it is dropped. The semaphore is never closed.
pub(crate) async fn turn() -> Result<SemaphorePermit<'static>, AcquireError> {
    ONE_AT_A_TIME.acquire().await
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
    decide_within(&Arc::new(Budget::of_event()), event, filters).await
}

/// [`decide`], with some of the tenant's filters at a time: `budget` is for all of them.
pub async fn decide_within(
    budget: &Arc<Budget>,
    event: &Event,
    filters: Vec<Option<Filter>>,
) -> Decided {
    let mut decided = Decided::default();
    for answer in judge_within(budget, event, filters).await {
        decided.let_through += usize::from(answer == FilterAnswer::OverBudget);
        decided.passes.push(answer != FilterAnswer::Drops);
    }
    decided
}

/// What each filter says of the event, which tells also why a filter lets it through.
pub async fn judge_within(
    budget: &Arc<Budget>,
    event: &Event,
    filters: Vec<Option<Filter>>,
) -> Vec<FilterAnswer> {
    if filters.iter().all(Option::is_none) {
        return vec![FilterAnswer::Passes; filters.len()];
    }
    let input = Input::of_event(event);
    let cost = filters.iter().flatten().map(|filter| filter.likely_cost(input.bytes())).sum();
    let budget = Arc::clone(budget);
    run(cost, move || {
        let judge = |filter: &Option<Filter>| {
            let short = budget.is_short();
            match filter.as_ref().map_or(Ok(true), |filter| filter.passes(&input, &budget)) {
                Ok(true) => FilterAnswer::Passes,
                Ok(false) => FilterAnswer::Drops,
                Err(Failure::TooMuch(_)) if short => FilterAnswer::OverBudget,
                Err(_) => FilterAnswer::Fails,
            }
        };
        filters.iter().map(judge).collect()
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use hooklane_domain::Timestamp;
    use hooklane_domain::event::Content;
    use hooklane_domain::json::RawJson;

    use super::*;
    use crate::careful::unless_it_panics;

    fn event(data: &str) -> Event {
        let content = Content {
            event_type: "order.created".parse().unwrap(),
            data: RawJson::parse(data).unwrap(),
            metadata: None,
            timestamp: None,
            version: None,
            test: false,
        };
        Event {
            id: "evt-1".parse().unwrap(),
            tenant: "acme".parse().unwrap(),
            accepted_at: Timestamp::UNIX_EPOCH,
            content,
            value: None,
        }
    }

    fn filters(texts: &[&str]) -> Vec<Option<Filter>> {
        texts.iter().map(|text| Some(text.parse().unwrap())).collect()
    }

    const HEAVY: &str = "event.data.all(x, !('zz' in event.data))";

    #[tokio::test]
    async fn finding_02_a_heavy_evaluation_leaves_the_thread_to_those_that_wait() {
        let cost = HEAVY.parse::<Filter>().unwrap().cost();
        let (answer, answered) = mpsc::channel();
        // It ends only if the other side runs meanwhile, which is on the one thread that there is.
        let heavy = run(cost, move || answered.recv_timeout(Duration::from_secs(20)));
        let (heavy, sent) = tokio::join!(heavy, async move { answer.send(()) });
        assert_eq!((heavy, sent), (Ok(()), Ok(())));
    }

    #[tokio::test]
    async fn a_small_evaluation_stays_where_it_is_and_heavy_ones_take_turns() {
        let here = std::thread::current().id();
        let small = "event.data.a == 1".parse::<Filter>().unwrap().cost().on(500);
        assert_eq!(run(small, || std::thread::current().id()).await, here);
        let cost = HEAVY.parse::<Filter>().unwrap().cost();
        assert_ne!(run(cost, || std::thread::current().id()).await, here);
        static RUNNING: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let one = || {
            run(cost, || {
                let before = RUNNING.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                std::thread::yield_now();
                RUNNING.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                before
            })
        };
        let counts = futures::future::join_all((0..50).map(|_| one())).await;
        assert!(counts.iter().all(|running| *running == 0), "{counts:?}");
    }

    #[tokio::test]
    async fn a_panic_on_another_thread_goes_on_in_the_caller() {
        let panics = || -> u32 { panic!("on purpose") };
        assert!(unless_it_panics(beside(panics)).await.is_err());
        let cost = HEAVY.parse::<Filter>().unwrap().cost();
        assert!(unless_it_panics(run(cost, panics)).await.is_err());
        assert_eq!(run(cost, || 1).await, 1, "the turn of what panicked has ended");
    }

    #[tokio::test]
    async fn finding_02_filters_beyond_the_budget_of_an_event_let_it_through() {
        let event = event(&format!("[{}1]", "1,".repeat(20_000)));
        let no = "event.type == 'user.created'";
        let decided = decide(&event, filters(&[no, HEAVY, no, HEAVY, HEAVY, no, no])).await;
        // The last heavy one has less than an evaluation may take.
        assert_eq!(decided.passes, [false, true, false, true, true, true, true]);
        assert_eq!(decided.let_through, 3);
        let decided = decide(&event, vec![None, None]).await;
        assert_eq!(decided, Decided { passes: vec![true, true], let_through: 0 });
    }

    #[tokio::test]
    async fn a_filter_that_fails_lets_the_event_through() {
        for (filter, expected) in
            [("event.data.n == 1", true), ("event.data.n == 2", false), ("event.data.m == 2", true)]
        {
            let decided = decide(&event(r#"{"n":1}"#), filters(&[filter])).await;
            assert_eq!(decided, Decided { passes: vec![expected], let_through: 0 }, "{filter}");
        }
    }
}
