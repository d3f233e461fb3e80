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

mod canary;
mod harness;

use harness::fault_rates::FaultRates;
use harness::limits::Units;
use harness::load::Load;
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
    pipeline.check_figures().await;
    println!("  {:>7}  calls to count what was used", pipeline.check_usage().await);
    println!("figures of seed {seed}");
    for (what, count) in figures {
        println!("  {count:>7}  {what}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_with_seed_1() {
    run_and_report(1).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_with_seed_2() {
    run_and_report(2).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_with_the_seeds_that_are_asked_for() {
    let first = asked_for("HOOKLANE_FAULT_SEED").unwrap_or(4);
    for seed in first..first + asked_for("HOOKLANE_FAULT_SEEDS").unwrap_or(1) {
        run_and_report(seed).await;
    }
}

/// Two versions run side by side, forward and back, and meet what the other one sends and stores.
#[tokio::test(start_paused = true)]
async fn finding_rolling_upgrade_nothing_is_lost_or_buried_while_two_versions_run() {
    for seed in [5, 6] {
        println!("seed {seed}, with the next version beside this one");
        let mut pipeline = Pipeline::new(seed, 1_000).await;
        pipeline.rolls_out = true;
        pipeline.run().await;
        let figures = pipeline.reconcile().await;
        pipeline.check_figures().await;
        for what in [
            "met: message of the next version",
            "met: delivery of the next version",
            "met: health of the next version",
            "met: figures of the next version",
        ] {
            let times = figures.get(what).copied().unwrap_or(0);
            println!("  {times:>7}  {what}");
            assert!(times > 10, "{what}: {times} times");
        }
        // This version, both, the next, both, this version; and the next at the end.
        let deployments = figures["deployed: all functions"];
        assert!(deployments >= 6, "forward and back: {deployments}");
    }
}

/// The webhook was inactive while events were published, and the index did not list them for hours: `stats`
/// failed, then the stream was replayed and its batches were split.
#[tokio::test(start_paused = true)]
async fn finding_13_skipped_events_are_all_recovered_although_the_index_lagged() {
    for (seed, stuck_hours) in [(5, 0), (6, 3), (7, 20)] {
        println!("HOOKLANE_FAULT_SEED={seed}, the index is stuck for {stuck_hours} hours");
        let mut pipeline = Pipeline::new(seed, 300).await;
        pipeline.miss_events(jiff::SignedDuration::from_hours(stuck_hours)).await;
        pipeline.run().await;
        let recovery = pipeline.recovery_of_what_was_missed().await;
        // Each accepted event has a delivery that ended, and each duplicate has a cause.
        pipeline.reconcile().await;
        pipeline.check_figures().await;
        assert!(recovery.sent >= 50, "{} were recovered", recovery.sent);
        assert_eq!(recovery.unreadable, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_makes_the_same_run() {
    assert_eq!(run(4, 400).await.0, run(4, 400).await.0);
}

/// A tenth of all calls fails, and nothing else goes wrong.
const FLAKY: FaultRates = FaultRates { failed_calls: 0.1, ..FaultRates::NONE };

#[tokio::test(start_paused = true)]
async fn a_passing_fault_does_not_cost_six_minutes() {
    let load =
        Load { deliveries: 1_200, webhooks: 3, at_once: 60, rates: FLAKY, units: Units::AWS };
    let cost = load.run(5).await;
    println!("1,200 deliveries with a tenth of the calls failing: {cost:?}");
    // One visibility timeout is 360 seconds. The longest here is a message with six faults in a row.
    assert!(cost.seconds < 360, "{cost:?}");
}

/// A webhook with a tenth of a key's units, and a tenth of the messages at once.
const BUSY: Load = Load {
    deliveries: 6_000,
    webhooks: 1,
    at_once: 1_000,
    rates: FaultRates::NONE,
    units: Units { ledger_writes: 100, ..Units::AWS },
};

#[tokio::test(start_paused = true)]
async fn a_busy_webhook_whose_writes_are_throttled_gets_no_request_twice() {
    let cost = BUSY.run(6).await;
    println!("a busy webhook, 100 instances and 100 write units a second: {cost:?}");
    assert!(cost.throttled > 1_000, "its key has units to spare: {cost:?}");
    assert_eq!(cost.posts, cost.deliveries, "{cost:?}");
    // One unit for each delivery. Here the instances wait for each other, so that some units stay unused.
    let least = i64::try_from(cost.deliveries / 100).unwrap();
    assert!((least - 1..4 * least).contains(&cost.seconds), "{cost:?}");
}

#[tokio::test(start_paused = true)]
async fn a_webhook_far_too_busy_for_its_key_is_waited_for_before_the_request() {
    let load = Load { at_once: 6_000, deliveries: 12_000, ..BUSY };
    let cost = load.run(7).await;
    println!("a webhook that is far too busy, 600 instances: {cost:?}");
    assert!(cost.posts < cost.deliveries * 3 / 2, "{cost:?}");
}

#[expect(clippy::disallowed_methods, reason = "these tests have no other settings")]
fn asked_for(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|error| panic!("{name} must be a number: {error}")))
}
