"""The same deliveries by others: EventBridge, a server of one's own, hosted services."""

from collections.abc import Sequence

from hooklane_local.bench import idle, others
from hooklane_local.bench.deployed import Deployed
from hooklane_local.bench.model import ON_DEMAND, PROVISIONED, RESERVED
from hooklane_local.bench.page.cases import USUAL, Priced, named, size, to_webhooks, with_full_batches
from hooklane_local.bench.page.month import DELIVERIES
from hooklane_local.bench.prices import MILLION, Prices
from hooklane_local.bench.table import NOT_KNOWN, dollars, table

# The fan-outs and the size that are shown even if they were not measured.
FAN_OUTS, DATA_BYTES = (1, 10, 100), 500


def beside_others(cases: Sequence[Priced], prices: Prices, deployed: Deployed) -> str:
    return "\n\n".join(
        part
        for part in (
            "## Beside others",
            _beside_eventbridge(cases, prices, deployed),
            _beside_servers(cases, prices, deployed),
            _beside_hosted(cases, prices, deployed),
        )
        if part
    )


def _beside_eventbridge(cases: Sequence[Priced], prices: Prices, deployed: Deployed) -> str:
    measured = {(one.case.webhooks, one.case.data_bytes): one for one in with_full_batches(cases)}
    combinations = sorted({*measured, *((count, DATA_BYTES) for count in FAN_OUTS)}, key=lambda one: one[::-1])
    body = []
    for webhooks, data_bytes in combinations:
        ours = measured.get((webhooks, data_bytes))
        body.append(
            (
                to_webhooks(webhooks),
                size(data_bytes),
                dollars(others.eventbridge_per_million(prices.eventbridge, webhooks, data_bytes)),
                *(
                    dollars(ours.dollars(each, prices, deployed)) if ours else NOT_KNOWN
                    for each in (ON_DEMAND, PROVISIONED, RESERVED)
                ),
            )
        )
    head = ("each event goes to", "its data", "API destinations", *(each.name for each in (ON_DEMAND, PROVISIONED, RESERVED)))
    return f"""\
**EventBridge API destinations** take ${prices.eventbridge.events_per_million:.2f} for a million events, each {prices.eventbridge.billed_bytes // 1024} KiB of one, and ${prices.eventbridge.api_destinations_per_million:.2f} for a million requests. They keep no log of attempts and sign nothing, each webhook is a rule and a destination of the account, and a receiver has five seconds to answer.

{table(head, body, left=2)}"""


def _beside_servers(cases: Sequence[Priced], prices: Prices, deployed: Deployed) -> str:
    month = others.server_month(prices.server)
    text = f"""\
**A server of one's own** costs the same whatever it does. {others.INSTANCES} {prices.server.instance}, a load balancer, and a PostgreSQL ({prices.server.database}) in two zones with {others.DATABASE_GB} GB make ${month:.0f} a month on demand, without a cache or a broker, without the data to receivers, and without whoever keeps it running."""
    usual = next((one for one in cases if one.name == USUAL), None)
    if usual is None:
        return text
    idle_month = idle.month(prices, deployed, watching=True)
    od, pr = (max(month - idle_month, 0) / usual.dollars(each, prices, deployed) for each in (ON_DEMAND, PROVISIONED))
    return f"{text} For that, Hooklane makes {od:,.0f} million deliveries on demand, or {pr:,.0f} million with provisioned tables ({named(usual)}, full batches)."


def _beside_hosted(cases: Sequence[Priced], prices: Prices, deployed: Deployed) -> str:
    millions = (1, DELIVERIES / MILLION)
    body = []
    for hosted in prices.hosted:
        months = (others.hosted_month(hosted, each * MILLION) for each in millions)
        cells = (dollars(month) for month in months)
        included = "" if hosted.included is None else f" with {hosted.included:,} messages"
        remark = f"${hosted.month:,.0f} a month{included}; {hosted.remark}"
        body.append((f"[{hosted.name}]({hosted.url})", hosted.read, *cells, remark))
    usual = next((one for one in cases if one.name == USUAL), None)
    if usual:
        idle_month = idle.month(prices, deployed, watching=True)
        cells = (dollars(usual.dollars(ON_DEMAND, prices, deployed) * each + idle_month) for each in millions)
        body.append(("Hooklane, on demand, with its alarms", prices.as_of, *cells, f"{named(usual)}, full batches"))
    head = ("$ a month", "price of", *(f"{each:g} million deliveries" for each in millions), "")
    return f"""\
**Hosted services**, by the list price of the plan that is named, where each event goes to one webhook. Plans differ in what they hold, and prices change: look at the vendor's page. {NOT_KNOWN} means that the list price does not say.

{table(head, body, left=2, tail=1)}"""
