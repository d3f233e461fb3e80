"""The tables for people."""

import json
import re
from dataclasses import replace

import pytest
from hooklane_local.bench import table, targets
from hooklane_local.bench.deployed import deployed
from hooklane_local.bench.merge import merged, rows
from hooklane_local.bench.prices import prices

from bench_lines import everything

MEASURED = merged(everything())
ROWS = rows(MEASURED, prices(), deployed())


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_columns_stand_below_each_other():
    found = table.table(("what", "number", "remark"), [("µs ×", "1", "a"), ("a longer one", "12,345", "bc")], tail=1)
    assert found.splitlines() == [
        "| what         | number | remark |",
        "| ------------ | -----: | ------ |",
        "| µs ×         |      1 | a      |",
        "| a longer one | 12,345 | bc     |",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"), (0, "0"), (0.0413, "0.0413"), (0.00012, "0.0001"), (1.1, "1.1"), (2, "2"), (14.26, "14.3"),
        (99.96, "100"), (123.4, "123"), (2500, "2,500"), (1_000_000.4, "1,000,000"), (21.0, "21"),
    ],
)  # fmt: skip
def test_a_number_has_the_digits_that_say_something(value, text):
    assert table.number(value) == text


def test_each_case_and_function_has_a_row():
    lines = table.of_rows(ROWS).splitlines()
    assert len({len(line) for line in lines}) == 1
    together = next(line for line in lines if re.match(r"\| 1x10x500 +\| all ", line))
    assert cells(together)[2:10] == ["400", "4.0 ×", "2,500", "0.3", "0.1", "2", "1", "15.5"]


def test_starts_have_a_table_of_their_own():
    assert "start" not in table.of_rows(ROWS)
    assert cells(table.of_starts(ROWS).splitlines()[2]) == ["nothing", "4", "2"]


def test_targets_say_what_must_be_what_is_and_whether_that_is_met():
    found = table.of_targets(targets.targets(MEASURED, prices(), deployed()))
    row = next(line for line in found.splitlines() if "plain loop" in line and "1x10x500" in line)
    assert cells(row)[2:] == ["≤ 5", "3", "4", "×", "met"]


def test_a_comparison_shows_both_and_by_how_much_they_differ():
    before = [replace(row, cpu_us_per_delivery=2 * row.cpu_us_per_delivery) if row.function == "all" else row for row in ROWS]
    found = table.of_comparison(before, ROWS, "abc123")
    assert cells(found.splitlines()[0]) == ["case", "", "abc123", "now", "difference"]
    row = next(line for line in found.splitlines() if re.match(r"\| 1x10x500 +\| cpu", line))
    assert cells(row)[2:] == ["800", "400", "-50.0 %"]
    assert "start of delivery" in found


def test_what_an_earlier_revision_lacks_is_not_compared():
    found = table.of_comparison([row for row in ROWS if row.case == "1x10x500"], ROWS, "abc123")
    assert "1x1x500" not in found
    assert "start" not in found


@pytest.mark.parametrize(
    ("old", "new", "text"), [(2, 1, "-50.0 %"), (1, 1.1, "+10.0 %"), (0, 0, "0 %"), (0, 1, "–"), (None, 1, "–"), (1, None, "–")]
)
def test_a_difference_is_a_part_of_what_was_before(old, new, text):
    assert table.difference(old, new) == text


def test_a_table_is_no_json_so_that_lines_can_be_told_apart():
    for line in table.of_rows(ROWS).splitlines():
        with pytest.raises(json.JSONDecodeError):
            json.loads(line)
