//! An hour beside a dead receiver. `make simulation` runs the whole day, and more cases. The runs of an
//! hour are ignored here; `make test` runs them beside the end-to-end tests, which mostly wait.

use std::sync::LazyLock;

use hooklane_simulation::deployment::Deployment;
use hooklane_simulation::figures::{Figures, Slice};
use hooklane_simulation::run;
use hooklane_simulation::runs::{Runs, broken_promises, stalls};
use hooklane_simulation::scenario::Scenario;
use hooklane_simulation::time::{HOUR, MINUTE, SECOND};

const RUNS: Runs = Runs { before: 10 * MINUTE, dead: HOUR, after: 50 * MINUTE, seed: 7 };

static CONTROL: LazyLock<Figures> = LazyLock::new(|| run(RUNS.control()));

fn keeps_its_promises(control: &Figures, beside_dead: &Figures) {
    assert_eq!(broken_promises(control, beside_dead), Vec::<String>::new());
}

#[test]
#[ignore = "takes long: `make test` runs it beside the end-to-end tests"]
fn the_control_run_is_an_easy_day() {
    assert!(CONTROL.accounts_for_everything());
    assert_eq!(CONTROL.healthy.attempts, CONTROL.healthy.published);
    assert_eq!(CONTROL.most_waiting, [0, 0]);
}

#[test]
#[ignore = "takes long: `make test` runs it beside the end-to-end tests"]
fn a_dead_receiver_delays_nobody_else() {
    let figures = run(RUNS.dead());
    keeps_its_promises(&CONTROL, &figures);
    assert_eq!(figures.healthy.published, CONTROL.healthy.published);
    // 180,000 events came. Attempts were made at the beginning and as probes, and what is over
    // `MaxParked` was counted as skipped.
    assert!(figures.dead_failures < 1_500, "{}", figures.dead_failures);
    assert!((100_000..110_000).contains(&figures.most_parked), "{}", figures.most_parked);
    assert!(figures.dead.skipped > 50_000);
    // The next probe is at most 15 minutes away.
    assert!(RUNS.caught_up_after(&figures).is_some_and(|time| time < 20 * MINUTE));
    assert_eq!((figures.opened, figures.swept), (1, 0));
    // Healthy deliveries stall at the beginning only.
    let stalled = |slice: &&Slice| slice.wait.is_some_and(|wait| wait > SECOND);
    let stalled: Vec<_> = figures.series.iter().filter(stalled).map(|slice| slice.begins).collect();
    assert_eq!(stalled, [RUNS.before]);
}

#[test]
#[ignore = "takes long: `make test` runs it beside the end-to-end tests"]
fn with_room_everything_is_parked_and_delivered() {
    let figures = run(RUNS.dead_with_room());
    keeps_its_promises(&CONTROL, &figures);
    assert_eq!(figures.dead.skipped, 0);
    assert_eq!(figures.dead.delivered, figures.dead.published);
}

#[test]
#[ignore = "takes long: `make test` runs it beside the end-to-end tests"]
fn a_dead_receiver_delays_nobody_who_fails_now_and_then() {
    let control = run(RUNS.attempts_fail());
    keeps_its_promises(&control, &run(RUNS.attempts_fail_and_dead()));
}

#[test]
#[ignore = "takes long: `make test` runs it beside the end-to-end tests"]
fn without_isolation_everybody_waits_for_it() {
    let figures = run(RUNS.dead_without_isolation());
    assert!(stalls(&CONTROL, &figures), "{}", figures.waits.quantile(0.99));
    assert!(!broken_promises(&CONTROL, &figures).is_empty());
    // Late, and not lost.
    assert!(figures.accounts_for_everything());
}

#[test]
fn a_seed_tells_a_run() {
    let short = |seed| Scenario::control(seed, 12 * MINUTE).with_dead("short", MINUTE, 10 * MINUTE);
    let figures = run(short(3));
    assert_eq!(run(short(3)), figures);
    assert_ne!(run(short(4)), figures);
}

#[test]
fn a_run_follows_the_template() {
    let template = include_str!("../../../template.yaml");
    let (before, delivery) = template.split_at(template.find("\n  DeliveryFunction:").unwrap());
    let batches_of_two = delivery.replacen("BatchSize: 10", "BatchSize: 2", 1);
    let short = |template: &str| {
        let deployment = Deployment::of_template(template, "medium").unwrap();
        let control = Scenario { deployment, ..Scenario::control(3, 5 * MINUTE) };
        run(control.with_dead("short", MINUTE, 3 * MINUTE))
    };
    assert_ne!(short(&format!("{before}{batches_of_two}")), short(template));
}
