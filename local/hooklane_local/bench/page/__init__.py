"""Makes `docs/cost.md` of the stored figures and the price table (`make cost-page`). Every number in it is computed."""

from collections.abc import Sequence

from hooklane_local.bench import growth
from hooklane_local.bench.deployed import Deployed, deployed
from hooklane_local.bench.figures import FILE
from hooklane_local.bench.merge import Row
from hooklane_local.bench.page import costs
from hooklane_local.bench.page.assumptions import price_table, what_is_assumed
from hooklane_local.bench.page.beside import beside_others
from hooklane_local.bench.page.cases import cases_of
from hooklane_local.bench.page.month import ten_million_a_month, when_nothing_happens
from hooklane_local.bench.prices import Prices, prices
from hooklane_local.paths import ROOT

PAGE = ROOT / "docs" / "cost.md"


def current() -> str:
    """The page as it must be for the stored figures and the price table as they are."""
    rows = [Row.of(line) for line in FILE.read_text().splitlines()] if FILE.exists() else []
    return page(rows, prices(), deployed(), growth.stored())


def page(rows: Sequence[Row], prices: Prices, deployed: Deployed, grown: Sequence[growth.Point] = ()) -> str:
    cases = cases_of(rows)
    sections = [_head(prices)]
    if cases:
        sections += [
            costs.at_a_glance(cases, prices, deployed),
            costs.by_part(cases),
            costs.by_function(cases),
            costs.by_configuration(cases, prices, deployed),
            costs.by_memory(cases, prices),
            costs.other_cases(cases, prices, deployed),
        ]
    else:
        sections.append("No figures are stored yet. `make bench WRITE=1` measures and stores them.")
    sections += [
        ten_million_a_month(cases, prices, deployed),
        when_nothing_happens(prices, deployed),
        beside_others(cases, prices, deployed),
        _grown(grown),
        what_is_assumed(deployed),
        price_table(prices),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _head(prices: Prices) -> str:
    return f"""\
# What deliveries cost

<!-- Made by `make cost-page` of docs/figures/ and local/hooklane_local/bench/prices.toml. Do not edit. -->

Dollars for **a million deliveries**, by the list prices of AWS in {prices.region} of {prices.as_of}, without any free tier. Requests, units, bytes and processor time are counted with the release build (`make bench` prints them); what AWS itself adds is reckoned, and [the last sections](#what-is-assumed) name each assumption and each price. It is a model, not a bill: `make bench` makes it again for any revision."""


def _grown(grown: Sequence[growth.Point]) -> str:
    if not grown:
        return ""
    return f"""\
## How cost grows

![Dollars and processor time of a delivery along four axes, as multiples of the first point](growth.svg)

On demand, 500 B, batches as large as they get. `make bench-growth WRITE=1` makes table and picture again.

{growth.table_of(grown)}

- **Events and what is stored** change nothing: each read and write names its key.
- **Webhooks** of an event share the price of accepting it.
- **Tenants** cost more where each publishes little. `stats` writes the index of events once for each tenant of a batch, so a tenant's only event in some seconds is a write of its own. And whoever meets a tenant for the first time in some minutes reads its subscriptions, settings and webhooks: along this axis most events are such first ones. With a thousand tenants at full rate, an instance meets each of them again and again, and a batch has many events of each."""
