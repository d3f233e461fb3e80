//! Nothing is lost, whatever breaks: the real code of `ingest`, `fanout`, `delivery` and `upkeep`, and the
//! API's use cases, over the fakes, with every call of a port failing now and then before or after it acts, messages doubled
//! and out of order, the stream replayed, functions killed between any two steps, clocks that jump, and
//! receivers of every kind. What was accepted is counted against what was received and logged.
//!
//! One seed makes one run: `HOOKLANE_FAULT_SEED=17 cargo test -p hooklane-pipeline-tests` repeats it, and
//! `HOOKLANE_FAULT_SEEDS=30` beside it goes on with the next ones, thirty in all.

#![cfg(test)]
#![expect(clippy::print_stdout, reason = "the figures are for people")]

mod harness;

use harness::pipeline::Pipeline;
use harness::verdict::Figures;

const EVENTS: usize = 2_000;

async fn run(seed: u64, events: usize) -> (Figures, Pipeline) {
    println!("HOOKLANE_FAULT_SEED={seed} makes this run again");
    let mut pipeline = Pipeline::new(seed, events).await;
    pipeline.run().await;
    (pipeline.verdict().await, pipeline)
}

async fn run_and_tell(seed: u64) {
    let (figures, pipeline) = run(seed, EVENTS).await;
    pipeline.check_storm();
    println!("figures of seed {seed}");
    for (what, count) in figures {
        println!("  {count:>7}  {what}");
    }
}

#[tokio::test]
async fn nothing_is_lost_with_seed_1() {
    run_and_tell(1).await;
}

#[tokio::test]
async fn nothing_is_lost_with_seed_2() {
    run_and_tell(2).await;
}

#[tokio::test]
async fn nothing_is_lost_with_the_seeds_that_are_asked_for() {
    let first = asked_for("HOOKLANE_FAULT_SEED").unwrap_or(3);
    for seed in first..first + asked_for("HOOKLANE_FAULT_SEEDS").unwrap_or(1) {
        run_and_tell(seed).await;
    }
}

#[tokio::test]
async fn a_seed_makes_the_same_run_again() {
    assert_eq!(run(4, 400).await.0, run(4, 400).await.0);
}

#[expect(clippy::disallowed_methods, reason = "the settings of these tests")]
fn asked_for(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|error| panic!("{name} is a number: {error}")))
}
