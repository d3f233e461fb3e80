"""What a month costs: one with ten million deliveries, and one with none."""

from collections.abc import Sequence

from hooklane_local.bench import idle, model
from hooklane_local.bench.deployed import Deployed
from hooklane_local.bench.model import ON_DEMAND, PROVISIONED
from hooklane_local.bench.page.cases import USUAL, Priced, gathered, size
from hooklane_local.bench.prices import BYTES_OF_A_GB, HOURS_OF_A_MONTH, MILLION, SECONDS_OF_AN_HOUR, Prices
from hooklane_local.bench.table import dollars, table

DELIVERIES = 10 * MILLION
# `BatchingSeconds` of the row that has it.
GATHERING_SECONDS = 2
TRICKLE = "1x1x500"
A_SECOND = DELIVERIES / (HOURS_OF_A_MONTH * SECONDS_OF_AN_HOUR)


def ten_million_a_month(cases: Sequence[Priced], prices: Prices, deployed: Deployed) -> str:
    millions = DELIVERIES / MILLION
    by_name = {one.name: one for one in cases}
    ways = (
        ("a trickle: batches of one, by the queue", TRICKLE),
        ("a trickle, by one call of the API for each event", "1x1x500-api"),
        ("a trickle of events that go to ten webhooks", "10x1x500"),
        ("bursts: full batches, by the queue", USUAL),
        ("bursts of events that go to ten webhooks", "10x10x500"),
    )
    known = [(way, by_name[name]) for way, name in ways if name in by_name]
    if TRICKLE in by_name and USUAL in by_name:
        gathering = gathered(by_name[TRICKLE], by_name[USUAL], A_SECOND, GATHERING_SECONDS)
        way = f"the same with `BatchingSeconds` {GATHERING_SECONDS}: reckoned, batches of {gathering.case.batch:g}"
        known.insert(1, (way, gathering))
    if not known:
        return ""
    idle_month = idle.month(prices, deployed, watching=True)
    body = []
    for way, one in known:
        od, pr = (one.dollars(each, prices, deployed) for each in (ON_DEMAND, PROVISIONED))
        body.append((way, dollars(od), dollars(od * millions + idle_month), dollars(pr * millions + idle_month)))
    case = known[0][1].case
    gigabytes = DELIVERIES * (case.data_bytes + model.POST_OVERHEAD_BYTES) / BYTES_OF_A_GB
    sent = "which is free" if gigabytes <= prices.transfer.free_gb_month else f"${gigabytes * prices.transfer.gb:.2f} more"
    return f"""\
## Ten million deliveries a month

{millions:g} million a month are {A_SECOND:.1f} a second. What they cost depends on how they come. Spread evenly, hardly two meet in a batch, and each pays for calls that ten would share. A month has ${idle_month:.2f} for the [idle stack](#when-nothing-happens) in it, with its alarms and metrics.

{table((size(case.data_bytes), "$ a million", "$ a month, on demand", f"$ a month, {PROVISIONED.name}"), body)}

Receivers get {gigabytes:.0f} GB, {sent}."""


def when_nothing_happens(prices: Prices, deployed: Deployed) -> str:
    items = idle.items(prices, deployed)
    body = [(item.what, dollars(item.month)) for item in items]
    body.append(("**sum**", f"**{dollars(idle.month(prices, deployed, watching=True))}**"))
    return f"""\
## When nothing happens

A month of a stack that gets no event: ${idle.month(prices, deployed, watching=False):.2f}, and the rest for its alarms and metrics (`Alarms`; [metrics.md](metrics.md#price)). Tables on demand cost nothing while nobody asks them, except for what they store. With `BillingMode` `PROVISIONED` the capacities are paid for all the time: by their defaults another ${idle.provisioned_month(prices, deployed):.0f} a month, so set them to what you need ([parameters.md](parameters.md#tables)).

{table(("", "$ a month"), body)}"""
