"""What must hold of the figures."""

import pytest
from hooklane_local.bench import targets
from hooklane_local.bench.deployed import deployed
from hooklane_local.bench.merge import merged
from hooklane_local.bench.prices import prices
from hooklane_local.bench.targets import Judged, Target

from bench_lines import everything, of_case, starts


def judged(lines: list[dict]) -> dict[tuple[str, str], Judged]:
    found = targets.targets(merged(lines), prices(), deployed())
    return {(one.target.what, one.target.case): one for one in found}


def target(**members) -> Target:
    usual = {"bound": 2.0, "aim": 1.0, "is_count": True, "measure": lambda _: None}
    return Target("writes", "1x10x500", "", **{**usual, **members})


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(2.1, "NOT MET"), (2.0, "met"), (1.5, "met"), (1.0, "met, and the aim"), (0.5, "met, and the aim"), (None, "not measured")],
)
def test_a_target_has_a_bound_and_an_aim(value, verdict):
    assert Judged(target(), value).verdict == verdict


def test_an_exclusive_bound_is_not_met_by_itself():
    assert Judged(target(exclusive=True), 2.0).verdict == "NOT MET"
    assert Judged(target(exclusive=True), 1.99).verdict == "met"


def test_a_sum_that_is_a_bound_but_for_its_rounding_is_met():
    # 0.1 + 0.2 is a little more than 0.3.
    assert Judged(target(bound=0.3, aim=None), 0.1 + 0.2).holds()


def test_a_whole_run_is_judged_by_every_row():
    found = judged(everything())
    assert found["processor time, as a multiple of the plain loop", "1x10x500"].value == 4
    assert found["write units", "1x10x500"].value == 2
    assert found["write units", "10x10x500"].value == pytest.approx(1.1)
    assert found["read units", "1x10x500"].value == 1
    # Received and deleted twice, sent once; without the producer.
    assert found["requests to SQS, the pollers' too, without the producer's", "1x10x500"].value == pytest.approx(0.5)
    assert found["requests to AWS", "1x10x500"].value == pytest.approx(0.4)
    assert found["peak memory of delivery", "1x10x200000"].value == 15.5
    # 1.5 × 4 + 5 ms.
    assert found["cold start of delivery", "start"].target.bound == 11
    assert found["cold start of delivery", "start"].verdict == "NOT MET"
    assert found["cold start of ingest", "start"].verdict == "met"
    assert found["size of delivery", "start"].verdict == "met"
    assert not any(one.value is None for one in found.values())


def test_dollars_are_everything_but_transfer_under_their_configuration():
    found = judged(everything())
    provisioned = found["dollars a million, provisioned, 70 % used", "1x10x500"].value
    reserved = found["dollars a million, reserved for a year", "1x10x500"].value
    # Two writes and one read, at 54 % less.
    assert provisioned - reserved == pytest.approx((2 * 0.257937 + 0.0515873) * 0.54, rel=1e-3)
    trickle = found["dollars a million, on demand, batches of one", "1x1x500"].value
    gathered = found["dollars a million, on demand, 4 a second with BatchingSeconds 2", "1x1x500"].value
    assert trickle > 3
    assert provisioned < gathered < trickle


def test_events_that_share_a_message_cost_fewer_requests():
    found = judged(everything())
    # Received and deleted once for ten events, sent once for ten, and received and deleted once for a hundred
    # deliveries, whose messages of 800 B are two requests of 64 KiB.
    what = "requests to SQS, the pollers' too, without the producer's"
    assert found[what, "1x10x500-by10"].value == pytest.approx(0.1 + 0.1 + 0.1 + 0.02 + 0.01)
    week = found["dollars a million, provisioned, arm64, 7 days", "1x10x500-by10"]
    reserved = found["dollars a million, the same, reserved for a year", "1x10x500-by10"]
    assert week.holds() and reserved.value < week.value


def test_counts_within_their_slack_break_nothing():
    assert targets.broken_counts(list(judged(everything()).values())) == []


@pytest.mark.parametrize(
    ("function", "changed"),
    [
        ("delivery", {"write_units_per_delivery": 1.5}),
        ("delivery", {"read_units_per_delivery": 2.0}),
        ("delivery", {"invocations_per_delivery": 0.2}),
        ("delivery", {"requests_per_delivery": {"DynamoDB PutItem": 1.0, "DynamoDB GetItem": 1.0}}),
        ("fanout", {"requests_per_delivery": {"SQS SendMessage": 1.0}}),
    ],
)
def test_a_count_over_its_slack_is_named(function, changed):
    lines = everything()
    for line in lines:
        if line["case"] == "1x10x500" and line["function"] == function:
            line.update(changed)
    broken = targets.broken_counts(list(judged(lines).values()))
    assert broken and all("1x10x500" in one for one in broken)


def test_what_was_not_measured_breaks_too():
    broken = targets.broken_counts(list(judged(of_case("1x10x500")).values()))
    assert broken == [
        "write units of 10x10x500: not measured, at most 1.32",
        "requests to AWS of 10x10x500: not measured, at most 0.42",
        "requests to SQS, the pollers' too, without the producer's of 1x10x500-by10: not measured, at most 0.42",
        "requests to AWS of 1x10x500-by10: not measured, at most 0.6",
    ]


def test_times_and_dollars_break_nothing():
    lines = everything()
    for line in lines:
        if "cpu_us_per_delivery" in line:
            line["cpu_us_per_delivery"] *= 100
            line["peak_rss_mib"] *= 100
    assert targets.broken_counts(list(judged(lines).values())) == []


def test_starts_without_the_program_that_does_nothing_are_not_judged():
    found = judged([one for one in starts() if one["function"] != "nothing"])
    assert ("cold start of delivery", "start") not in found
