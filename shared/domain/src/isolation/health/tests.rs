use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn failed(failures: u32, since: i64, last: i64) -> Tally {
    let failures = Some(Streak { failures, since: at(since), last: at(last) });
    Tally { failures, attempts: 1, total_ms: 10, ..Tally::default() }
}

fn succeeded(seconds: i64) -> Tally {
    Tally { succeeded_at: Some(at(seconds)), attempts: 1, total_ms: 10, ..Tally::default() }
}

fn took(attempts: u32, ms: u64) -> Tally {
    Tally { attempts, total_ms: ms * u64::from(attempts), ..succeeded(1) }
}

fn observed(health: Health, tallies: &[Tally]) -> Health {
    let thresholds = Thresholds::FOR_TESTS;
    tallies.iter().fold(health, |health, tally| health.observed(*tally, &thresholds, true))
}

fn failing() -> Health {
    observed(Health::default(), &[failed(9, 0, 50), failed(1, 60, 60)])
}

#[test]
fn failures_of_several_instances_add_up_and_open_the_circuit() {
    let health = observed(Health::default(), &[failed(9, 0, 50)]);
    assert!(health.circuit.is_closed() && health.lane() == Lane::Fast && !health.is_clean());
    let health = failing();
    assert_eq!(health.circuit.open_since(), Some(at(60)));
    assert_eq!(health.lane(), Lane::Slow);
    assert_eq!(health.owed, [Report::Failing { since: at(60), failures: 10 }]);
    // Older failures that are written late only raise the count.
    let health = observed(health, &[failed(5, 10, 20)]);
    let streak = Streak { failures: 15, since: at(0), last: at(60) };
    assert_eq!((health.streak, health.owed.len()), (Some(streak), 1));
}

#[test]
fn webhook_recovered_says_since_when_it_failed_and_what_was_skipped_since() {
    let before = Health { skipped: 7, ..Health::default() };
    let failing = observed(before, &[failed(10, 0, 60)]);
    assert_eq!(failing.skipped_before, Some(7));
    for (name, failing, skipped) in [
        ("some", Health { skipped: 12, ..failing.clone() }, Some(5)),
        ("none", failing.clone(), Some(0)),
        ("opened by an older version", Health { skipped_before: None, ..failing }, None),
    ] {
        let health = observed(failing, &[succeeded(200)]);
        let outage = Some(Outage { first_failure: at(0), skipped });
        let report = Report::Recovered { since: at(60), at: at(200), outage };
        assert_eq!(health.owed.last(), Some(&report), "{name}");
    }
}

#[test]
fn a_success_ends_the_failures_and_closes_the_circuit() {
    let health = observed(Health::default(), &[failed(9, 0, 50), succeeded(55), failed(3, 60, 90)]);
    assert!(health.circuit.is_closed());
    assert_eq!(health.streak.map(|s| s.failures), Some(3));

    let health = observed(failing(), &[succeeded(200)]);
    assert!(health.circuit.is_closed() && health.streak.is_none());
    assert_eq!(health.lane(), Lane::Fast);
    let outage = Some(Outage { first_failure: at(0), skipped: Some(0) });
    assert_eq!(health.owed[1], Report::Recovered { since: at(60), at: at(200), outage });
    // A success and then failures, in one tally.
    let both = Tally { succeeded_at: Some(at(200)), ..failed(2, 201, 202) };
    let health = observed(failing(), &[both]);
    assert!(health.circuit.is_closed());
    assert_eq!(health.streak.map(|s| s.failures), Some(2));
}

#[test]
fn deliveries_of_operational_events_are_not_reported() {
    let thresholds = Thresholds::FOR_TESTS;
    let health = Health::default().observed(failed(10, 0, 60), &thresholds, false);
    assert!(!health.circuit.is_closed() && health.owed.is_empty());
    let health = health.observed(succeeded(70), &thresholds, false);
    assert!(health.is_clean());
}

#[test]
fn a_slow_receiver_changes_lanes_and_returns_at_half_the_threshold() {
    let lane = |health: &Health| (health.slow, health.lane());
    let health = observed(Health::default(), &[took(4, 9_000)]);
    assert_eq!(lane(&health), (false, Lane::Fast), "too few attempts");
    let health = observed(health, &[took(1, 9_000)]);
    assert_eq!(lane(&health), (true, Lane::Slow));
    let health = observed(health, &[took(15, 3_000)]);
    assert!(health.pace.mean_ms < 5_000);
    assert_eq!(lane(&health), (true, Lane::Slow), "still over half the threshold");
    let health = observed(health, &[took(20, 100)]);
    assert_eq!(lane(&health), (false, Lane::Fast));
    assert_eq!(health.pace.attempts, MEAN_WINDOW_ATTEMPTS);
}

#[test]
fn only_a_change_or_a_rested_failure_is_written() {
    let thresholds = Thresholds::FOR_TESTS;
    let clean = Health::default();
    let streak = observed(Health::default(), &[failed(1, 0, 0)]);
    let slow = observed(Health::default(), &[took(5, 9_000)]);
    let probing = Health { circuit: failing().circuit.probed(at(120)).unwrap(), ..failing() };
    for (name, health, tally, rested, expected) in [
        ("a success of a healthy one", &clean, succeeded(1), true, false),
        ("a failure", &clean, failed(1, 0, 0), true, true),
        ("another one at once", &clean, failed(2, 0, 1), false, false),
        ("a success after failures", &streak, succeeded(1), false, true),
        ("a success under an open circuit", &failing(), succeeded(1), false, true),
        ("a probe that failed", &probing, failed(1, 121, 121), false, true),
        ("slow from now on", &clean, took(5, 9_000), true, true),
        ("slow, but by few", &clean, took(4, 9_000), true, false),
        ("slow still", &slow, took(1, 9_000), true, true),
        ("slow still, at once", &slow, took(1, 9_000), false, false),
    ] {
        assert_eq!(health.asks_for_write(&tally, &thresholds, rested), expected, "{name}");
    }
}

#[test]
fn a_webhook_that_only_fails_for_five_days_is_hopeless() {
    const DAY: i64 = 24 * 3600;
    let thresholds = Thresholds::FOR_TESTS;
    for (last, changed, expected) in [
        (5 * DAY - 1, 0, false),
        (5 * DAY, 0, true),
        (5 * DAY, 1, false),
        (6 * DAY, DAY, true),
        (6 * DAY, 5 * DAY, false),
    ] {
        let health = observed(Health::default(), &[failed(10, 0, 60), failed(90, 61, last)]);
        assert_eq!(health.is_hopeless(at(changed), &thresholds), expected, "{last} {changed}");
    }
    let closed = Health { circuit: Circuit::Closed, ..failing() };
    assert!(!closed.is_hopeless(at(-9 * DAY), &thresholds));
}

#[test]
fn a_webhook_is_announced_to_be_disabled_a_day_before_and_once_for_the_same_failures() {
    const HOUR: i64 = 3600;
    const DAY: i64 = 24 * HOUR;
    for (days, last, changed, reported, expected) in [
        (5, 4 * DAY - 1, 0, None, None),
        (5, 4 * DAY, 0, None, Some((0, 4 * DAY, 5 * DAY))),
        (5, 4 * DAY, 0, Some(0), None),
        // Failures that were announced before ended; these are others.
        (5, 4 * DAY, 0, Some(-9 * DAY), Some((0, 4 * DAY, 5 * DAY))),
        // Resumed or changed after a day: the time begins anew.
        (5, 4 * DAY, DAY, None, None),
        (5, 5 * DAY - 1, DAY, Some(0), None),
        (5, 5 * DAY, DAY, Some(0), Some((DAY, 5 * DAY, 6 * DAY))),
        // A day's notice would be none of a time of one day.
        (1, 12 * HOUR - 1, 0, None, None),
        (1, 12 * HOUR, 0, None, Some((0, 12 * HOUR, DAY))),
        (2, DAY, 0, None, Some((0, DAY, 2 * DAY))),
    ] {
        let disable_after = Duration::from_secs(u64::try_from(days * DAY).unwrap());
        let thresholds = Thresholds { disable_after, ..Thresholds::FOR_TESTS };
        let failing = observed(Health::default(), &[failed(10, 0, 60), failed(90, 61, last)]);
        let health = Health { disabling_reported: reported.map(at), ..failing.clone() };
        let due = health.disabling(at(changed), &thresholds);
        let expected = expected.map(|(since, announced, disables)| Disabling {
            since: at(since),
            announced_at: at(announced),
            disables_at: at(disables),
        });
        assert_eq!(due, expected, "{days} {last} {changed} {reported:?}");
        let recovered = observed(failing, &[succeeded(last + 1)]);
        assert_eq!(recovered.disabling(at(changed), &thresholds), None, "it recovered");
    }
}

#[test]
fn a_tally_counts_the_failures_after_its_last_success() {
    let mut tally = Tally::default();
    tally.add(false, at(1), 10);
    tally.add(false, at(2), 20);
    assert_eq!(tally.failures.map(|s| (s.failures, s.since)), Some((2, at(1))));
    tally.add(true, at(3), 30);
    assert_eq!((tally.failures, tally.succeeded_at), (None, Some(at(3))));
    tally.add(false, at(4), 40);
    assert_eq!(tally.failures.map(|s| s.failures), Some(1));
    assert_eq!((tally.attempts, tally.total_ms), (4, 100));
}

#[test]
fn only_a_transition_changes_the_lane_or_the_watch_list() {
    let clean = Health::default();
    let first = observed(clean.clone(), &[failed(1, 0, 0)]);
    let second = observed(first.clone(), &[failed(1, 10, 10)]);
    let open = failing();
    let recovered = observed(open.clone(), &[succeeded(99)]);
    for (name, before, after, lane, called) in [
        ("a first failure", &clean, &first, None, true),
        ("another one", &first, &second, None, false),
        ("opening", &second, &open, Some(Lane::Slow), true),
        ("closing", &open, &recovered, Some(Lane::Fast), true),
        ("nothing", &clean, &clean, None, false),
    ] {
        let change = before.change_to(after.clone(), at(5));
        assert_eq!((change.lane, change.watch.is_some()), (lane, called), "{name}");
        assert_eq!(&change.health, after);
    }
}

#[test]
fn a_later_tally_continues_an_earlier_one() {
    let joined = failed(2, 1, 2).then(failed(3, 3, 4));
    assert_eq!(joined.failures, Some(Streak { failures: 5, since: at(1), last: at(4) }));
    assert_eq!(failed(2, 1, 2).then(succeeded(3)).failures, None);
    let after = succeeded(3).then(failed(1, 4, 4));
    assert_eq!((after.succeeded_at, after.failures.map(|s| s.failures)), (Some(at(3)), Some(1)));
    assert_eq!((joined.attempts, joined.total_ms), (2, 20));
}
