//! Fault tests of the whole pipeline in virtual time. To repeat a run, pass its seed:
//! `HOOKLANE_FAULT_SEED=17 cargo test -p hooklane-pipeline-tests`. To run thirty seeds from that one on,
//! add `HOOKLANE_FAULT_SEEDS=30`. The same seed always makes the same run.
//!
//! The code of `ingest`, `fanout`, `stats`, `delivery` and `upkeep` and the API's use cases run over fakes. Calls of
//! ports fail before or after they take effect, messages are duplicated and reordered, the stream is
//! replayed, functions are killed between any two steps, clocks jump, and receivers misbehave. Afterwards
//! every accepted event is reconciled with what receivers got and with the ledger: nothing may be lost.

#![cfg(test)]
#![expect(clippy::print_stdout, reason = "the figures are for the reader of the test's output")]

mod harness;

use harness::pipeline::Pipeline;
use harness::reconciliation::Figures;

const EVENTS: usize = 2_000;

async fn run(seed: u64, events: usize) -> (Figures, Pipeline) {
    println!("HOOKLANE_FAULT_SEED={seed} repeats this run");
    let mut pipeline = Pipeline::new(seed, events).await;
    pipeline.run().await;
    (pipeline.reconcile().await, pipeline)
}

async fn run_and_report(seed: u64) {
    let (figures, pipeline) = run(seed, EVENTS).await;
    pipeline.check_every_fault_happened();
    println!("figures of seed {seed}");
    for (what, count) in figures {
        println!("  {count:>7}  {what}");
    }
}

#[tokio::test]
async fn nothing_is_lost_with_seed_1() {
    run_and_report(1).await;
}

#[tokio::test]
async fn nothing_is_lost_with_seed_2() {
    run_and_report(2).await;
}

#[tokio::test]
async fn nothing_is_lost_with_the_seeds_that_are_asked_for() {
    let first = asked_for("HOOKLANE_FAULT_SEED").unwrap_or(3);
    for seed in first..first + asked_for("HOOKLANE_FAULT_SEEDS").unwrap_or(1) {
        run_and_report(seed).await;
    }
}

/// Two versions run side by side, forward and back, and meet what the other one sends and stores.
#[tokio::test]
async fn finding_rolling_upgrade_nothing_is_lost_or_buried_while_two_versions_run() {
    for seed in [5, 6] {
        println!("seed {seed}, with the next version beside this one");
        let mut pipeline = Pipeline::new(seed, 1_000).await;
        pipeline.rolls_out = true;
        pipeline.run().await;
        let figures = pipeline.reconcile().await;
        for what in [
            "met: message of the next version",
            "met: delivery of the next version",
            "met: health of the next version",
        ] {
            let times = figures.get(what).copied().unwrap_or(0);
            println!("  {times:>7}  {what}");
            assert!(times > 10, "{what}: {times} times");
        }
        let deployments = figures["deployed: all functions"];
        assert!(deployments > 5, "forward and back: {deployments}");
    }
}

#[tokio::test]
async fn the_same_seed_makes_the_same_run() {
    assert_eq!(run(4, 400).await.0, run(4, 400).await.0);
}

#[expect(clippy::disallowed_methods, reason = "these tests have no other settings")]
fn asked_for(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|error| panic!("{name} must be a number: {error}")))
}
