"""docs/cost.md is what the generator makes of the stored figures and prices."""

import math
import re
from dataclasses import replace

import pytest
from hooklane_local.bench import growth, page
from hooklane_local.bench.deployed import deployed
from hooklane_local.bench.growth import Point
from hooklane_local.bench.merge import merged, rows
from hooklane_local.bench.model import ON_DEMAND, PROVISIONED
from hooklane_local.bench.page.cases import cases_of
from hooklane_local.bench.page.costs import PART_NAMES
from hooklane_local.bench.prices import prices
from hooklane_local.paths import ROOT

from bench_lines import everything, of_case

ROWS = rows(merged(everything()), prices(), deployed())
GROWN = [Point(axis, n, 300.0, 2.2, 2.0, 1.0, 1.5) for axis in growth.AXES for n in (1, 10)]


def made(of=ROWS, *, price_table=None, grown=()) -> str:
    return page.page(of, price_table or prices(), deployed(), grown)


def numbers(text: str, start: str) -> list[str]:
    """The cells after the first of the row that begins with this text."""
    row = next(line for line in text.splitlines() if line.startswith(f"| {start}"))
    return [cell.strip(" *") for cell in row.strip("|").split("|")][1:]


def test_the_page_is_what_the_generator_makes_of_the_stored_figures():
    assert page.PAGE.read_text() == page.current(), "run `make cost-page`"


def test_the_picture_is_what_the_generator_makes_of_the_stored_figures():
    stored = growth.stored()
    assert growth.PICTURE.exists() == bool(stored)
    if stored:
        assert growth.PICTURE.read_text() == growth.picture_of(stored), "run `make bench-growth WRITE=1`"


def test_a_sum_is_the_sum_of_its_parts():
    text = made()
    parts = text[text.index("## By part") : text.index("Who causes it")]
    each = [float(numbers(parts, name)[0]) for name in PART_NAMES.values() if f"| {name}" in parts]
    assert len(each) == 9
    assert float(numbers(parts, "**sum**")[0]) == pytest.approx(sum(each), abs=0.03)


def test_the_page_names_the_largest_part():
    assert "The largest part of the first column is *DynamoDB: writes*" in made()
    dear = replace(prices(), sqs=replace(prices().sqs, per_million=40.0))
    changed = rows(merged(everything()), dear, deployed())
    assert "The largest part of the first column is *SQS*" in made(changed, price_table=dear)


def test_every_configuration_and_every_other_case_has_a_row():
    text = made()
    for name in ("on demand", "on demand, arm64", "on demand, 15 days", "provisioned, 70 % used"):
        assert f"\n| {name} " in text
    assert "receivers answer after 2 s" in text
    assert "50 % of the requests fail" in text
    assert "published by one call of the API" in text


def test_ten_million_a_month_are_ten_times_a_million_and_the_idle_stack():
    text = made()
    million, od, pr = map(float, numbers(text, "a trickle: batches of one"))
    cases = {one.name: one for one in cases_of(ROWS)}
    idle_month = float(numbers(text[text.index("## When nothing happens") :], "**sum**")[0])
    trickle = cases["1x1x500"]
    assert million == pytest.approx(trickle.dollars(ON_DEMAND, prices(), deployed()), abs=0.005)
    assert od == pytest.approx(10 * trickle.dollars(ON_DEMAND, prices(), deployed()) + idle_month, abs=0.02)
    assert pr == pytest.approx(10 * trickle.dollars(PROVISIONED, prices(), deployed()) + idle_month, abs=0.02)


def test_memory_is_priced_for_the_same_processor_time():
    text = made()
    rows_of = {mb: numbers(text, f"{mb} ") for mb in (128, 1024)}
    cpu_us = next(one for one in cases_of(ROWS) if one.name == "1x10x500").cpu_us["delivery"]
    ms = math.ceil(cpu_us / 100 / (128 / 1769) + 110)
    assert float(rows_of[128][0]) == ms
    x86_64, arm64 = (float(value) for value in rows_of[128][-2:])
    assert x86_64 == pytest.approx(ms / 1000 * 0.125 / 10 * 1e6 * 0.0000166667, abs=0.001)
    assert arm64 == pytest.approx(0.8 * x86_64, abs=0.001)
    assert float(rows_of[1024][-2]) > x86_64


def test_a_trickle_that_is_gathered_is_reckoned_between_batches_of_one_and_full_ones():
    text = made()
    trickle = float(numbers(text, "a trickle: batches of one")[0])
    gathered = float(numbers(text, "the same with `BatchingSeconds` 2")[0])
    full = float(numbers(text, "bursts: full batches, by the queue")[0])
    assert full < gathered < trickle


def test_a_price_that_changes_changes_the_page():
    dear = replace(prices(), as_of="2027-01", api=replace(prices().api, per_million=3.0))
    text = made(price_table=dear)
    assert "of 2027-01" in text
    assert "3.00 a million requests" in text


@pytest.mark.parametrize(
    "lines",
    [[], of_case("1x1x500", batch=1), of_case("7x3x1234", webhooks=7, batch=3), of_case("1x10x500")],
    ids=["nothing", "a trickle only", "an unusual case", "the usual case only"],
)
def test_the_page_works_with_whatever_was_measured(lines):
    text = made(rows(merged(lines), prices(), deployed()))
    assert "None" not in text and "nan" not in text
    assert text.endswith("\n") and not re.search(r"\n{3}", text)
    assert ("No figures are stored yet" in text) == (not lines)
    assert "## Prices" in text


def test_growth_is_shown_where_it_was_measured():
    assert "growth.svg" not in made()
    text = made(grown=GROWN)
    assert "](growth.svg)" in text
    assert "| webhooks of the tenant " in text


def test_every_link_of_the_generated_page_leads_somewhere():
    for target in re.findall(r"\]\(([^)\s]+)\)", made(grown=GROWN)):
        if not target.startswith(("https://", "#")):
            file = target.partition("#")[0]
            assert file == "growth.svg" or (ROOT / "docs" / file).exists(), target
