"""The cases of a page: each with its dollars, and what it is called."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hooklane_local.bench import model
from hooklane_local.bench.case import Case
from hooklane_local.bench.deployed import Deployed
from hooklane_local.bench.figures import ALL
from hooklane_local.bench.merge import Row
from hooklane_local.bench.model import Configuration
from hooklane_local.bench.prices import Prices

# The size of batches in most tables: `BatchSize` of `delivery`.
FULL = 10
USUAL = "1x10x500"


@dataclass(frozen=True)
class Priced:
    """A case with its dollars by part: on demand, by the template's defaults."""

    name: str
    case: Case
    parts: dict[str, float]
    functions: dict[str, dict[str, float]]
    # Processor time for a delivery by function.
    cpu_us: dict[str, float]

    def dollars(self, configuration: Configuration, prices: Prices, deployed: Deployed) -> float:
        return model.total(configuration.dollars(self.parts, prices, deployed))


def cases_of(rows: Sequence[Row]) -> list[Priced]:
    by_case: dict[str, dict[str, Row]] = {}
    for row in rows:
        if row.dollars_per_million:
            by_case.setdefault(row.case, {})[row.function] = row
    found = []
    for name, functions in by_case.items():
        if (case := Case.of(name)) and ALL in functions:
            each = {one: row.dollars_per_million for one, row in functions.items() if one != ALL}
            cpu_us = {one: row.cpu_us_per_delivery or 0 for one, row in functions.items() if one != ALL}
            found.append(Priced(name, case, functions[ALL].dollars_per_million, each, cpu_us))
    return sorted(found, key=lambda one: (one.case.data_bytes, one.case.webhooks, one.case.batch, one.case.suffixes))


def gathered(ones: Priced, full: Priced, rate: float, seconds: float) -> Priced:
    """Batches of one, if they waited so many seconds for others where so many come in a second."""
    batch = min(model.gathered(rate, seconds), full.case.batch)
    parts = model.in_batches_of(batch, ones.parts, full.parts, full.case.batch)
    case = replace(ones.case, batch=round(batch, 1))
    return Priced(f"{ones.name}, {seconds:g} s", case, parts, {}, {})


def with_full_batches(cases: Sequence[Priced]) -> list[Priced]:
    """The cases with full batches, and nothing else that is special."""
    return [one for one in cases if one.case.batch == FULL and not one.case.suffixes]


def in_few_messages(cases: Sequence[Priced]) -> list[Priced]:
    """The cases with full batches that have several events in a message, and nothing else that is special."""
    return [one for one in cases if one.case.batch == FULL and len(one.case.suffixes) == 1 and one.case.events_per_message > 1]


def size(data_bytes: int) -> str:
    return f"{data_bytes / 1000:g} KB" if data_bytes >= 1000 else f"{data_bytes} B"


def to_webhooks(count: int) -> str:
    return "1 webhook" if count == 1 else f"{count:,} webhooks"


def named(one: Priced) -> str:
    name = f"{to_webhooks(one.case.webhooks)}, {size(one.case.data_bytes)}"
    each = one.case.events_per_message
    return name if each == 1 else f"{name}, {each} in a message"
