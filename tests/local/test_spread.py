"""Tests that take long are begun first, and by different workers."""

import pytest

from hooklane_local.spread import longest_first

TIMES = {"a": 0, "b": 30, "c": 0, "d": 300, "e": 0, "f": 0, "g": 60, "h": 0}


@pytest.mark.parametrize(
    ("workers", "ordered"),
    [
        (1, "dgbacefh"),
        (2, "dbac" "gefh"),
        # The first two workers get two each, as pytest-xdist divides them.
        (3, "da" "gce" "bfh"),
    ],
)
def test_each_workers_part_begins_with_what_takes_long(workers, ordered):
    assert "".join(longest_first(list(TIMES), TIMES.get, workers)) == ordered


@pytest.mark.parametrize("workers", range(1, 12))
def test_every_test_is_there_once(workers):
    for times in (TIMES, {name: 9 for name in TIMES}, {name: 0 for name in TIMES}, {}):
        assert sorted(longest_first(list(times), times.get, workers)) == sorted(times)


def test_what_takes_no_time_keeps_its_order():
    assert longest_first(list("cab"), lambda _: 0, 2) == list("cab")
