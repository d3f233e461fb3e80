"""The lines of `make bench`: medians over runs, and all functions together."""

import json

import pytest
from hooklane_local.bench.case import Case
from hooklane_local.bench.deployed import deployed
from hooklane_local.bench.merge import Row, merged, rows
from hooklane_local.bench.model import PARTS
from hooklane_local.bench.prices import prices

from bench_lines import everything, line, of_case, starts

KEYS = [
    "case", "function", "deliveries", "cpu_us_per_delivery", "requests_per_delivery", "write_units_per_delivery",
    "read_units_per_delivery", "deliveries_per_s_per_core", "peak_rss_mib", "cold_start_ms", "binary_mib",
    "dollars_per_million",
]  # fmt: skip


def printed(lines: list[dict]) -> dict[tuple[str, str], dict]:
    found = (json.loads(row.line()) for row in rows(merged(lines), prices(), deployed()))
    return {(one["case"], one["function"]): one for one in found}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("1x10x500", Case(1, 10, 500)),
        ("1000x10x500", Case(1000, 10, 500)),
        ("1x1x500-api", Case(1, 1, 500, ("api",))),
        ("1x10x500-100ms-tls", Case(1, 10, 500, ("100ms", "tls"))),
        ("1x10x500-50%", Case(1, 10, 500, ("50%",))),
        ("1x10x500-2s-by10", Case(1, 10, 500, ("2s", "by10"))),
        ("start", None),
        ("growth", None),
        ("stand-ins", None),
        ("1x10", None),
    ],
)
def test_a_case_is_known_by_its_name(name, expected):
    assert Case.of(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("1x10x500", None), ("1x10x500-100ms", 100), ("1x10x500-tls-2s", 2000), ("1x10x500-1%", None), ("1x1x500-tls", None)],
)
def test_a_case_says_how_long_its_receiver_takes(name, expected):
    assert Case.of(name).answer_ms == expected


def test_every_line_has_the_same_keys_and_all_has_two_more():
    for (_, function), one in printed(everything()).items():
        more = ["limit_cpu_us", "cpu_ratio"] if function == "all" else []
        assert list(one) == [*KEYS, *more]


def test_there_is_a_line_for_each_case_and_function_and_one_for_all_of_them():
    found = printed(of_case("1x10x500") + of_case("1x1x500-api", batch=1, accepting="api"))
    assert list(found) == [
        ("1x10x500", "ingest"), ("1x10x500", "fanout"), ("1x10x500", "delivery"), ("1x10x500", "all"),
        ("1x1x500-api", "api"), ("1x1x500-api", "fanout"), ("1x1x500-api", "delivery"), ("1x1x500-api", "all"),
    ]  # fmt: skip


def test_a_figure_is_the_median_of_its_runs():
    runs = [
        line("1x10x500", "delivery", cpu_us_per_delivery=cpu, requests_per_delivery=requests, peak_rss_mib=peak)
        for cpu, requests, peak in (
            (100.0, {"DynamoDB PutItem": 1.0}, 14.0),
            (900.0, {"DynamoDB PutItem": 1.0, "DynamoDB GetItem": 0.5}, 13.0),
            (120.0, {"DynamoDB PutItem": 1.2}, 30.0),
        )
    ]
    one = printed(runs)["1x10x500", "delivery"]
    assert one["cpu_us_per_delivery"] == 120
    assert one["peak_rss_mib"] == 14
    # Only one run of three made this call.
    assert one["requests_per_delivery"] == {"DynamoDB GetItem": 0, "DynamoDB PutItem": 1}


def test_all_is_the_sum_of_the_functions_beside_the_loop():
    found = printed(of_case("1x10x500"))["1x10x500", "all"]
    assert found["deliveries"] == 1000
    assert found["cpu_us_per_delivery"] == 100 + 20 + 280
    assert found["deliveries_per_s_per_core"] == 2500
    assert found["limit_cpu_us"] == 100
    assert found["cpu_ratio"] == 4
    assert found["write_units_per_delivery"] == 2
    assert found["requests_per_delivery"] == {
        "DynamoDB BatchGetItem": 0.1, "DynamoDB BatchExecuteStatement": 0.2, "SQS SendMessageBatch": 0.1,
    }  # fmt: skip
    # Each function has its own memory, and the sum of programs says nothing.
    assert found["peak_rss_mib"] == 15.5
    assert found["cold_start_ms"] is None
    assert found["binary_mib"] is None


def test_dollars_of_all_are_the_sum_of_what_each_function_causes():
    found = printed(of_case("1x10x500"))
    for part in PARTS:
        each = [one["dollars_per_million"][part] for (_, function), one in found.items() if function != "all"]
        assert found["1x10x500", "all"]["dollars_per_million"][part] == pytest.approx(sum(each), abs=2e-4)


def test_starts_are_lines_of_their_own_and_in_those_of_their_functions():
    found = printed(of_case("1x10x500") + starts() + starts())
    assert found["1x10x500", "delivery"]["cold_start_ms"] == 11.5
    assert found["1x10x500", "delivery"]["binary_mib"] == 7.5
    assert found["1x10x500", "fanout"]["cold_start_ms"] is None
    assert found["start", "nothing"]["cold_start_ms"] == 4
    assert found["start", "nothing"]["cpu_us_per_delivery"] is None


def test_a_revision_without_a_function_or_a_figure_is_measured_without_it():
    lines = [{key: value for key, value in one.items() if key != "log_bytes_per_delivery"} for one in of_case("1x10x500")]
    found = printed([one for one in lines if one["function"] != "loop"])
    assert found["1x10x500", "all"]["cpu_ratio"] is None
    assert ("1x10x500", "stats") not in found


def test_the_stand_ins_rate_is_no_case():
    bench = merged(everything())
    assert bench.stand_ins_per_s == 21000
    assert "stand-ins" not in {one.name for one in bench.cases}


def test_a_printed_line_is_read_again():
    for row in rows(merged(everything()), prices(), deployed()):
        assert Row.of(row.line()).line() == row.line()
