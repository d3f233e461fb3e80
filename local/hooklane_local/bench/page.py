"""Makes `docs/cost.md` of the stored figures and the price table (`make cost-page`). Every number in it is computed."""

from collections.abc import Sequence
from dataclasses import dataclass

from hooklane_local.bench import growth, idle, model, others
from hooklane_local.bench.case import Case
from hooklane_local.bench.deployed import Deployed, deployed
from hooklane_local.bench.figures import ALL, FILE
from hooklane_local.bench.merge import Row
from hooklane_local.bench.model import CHEAPEST, CONFIGURATIONS, ON_DEMAND, PARTS, PROVISIONED, RESERVED, TRANSFER, Configuration
from hooklane_local.bench.prices import BYTES_OF_A_GB, HOURS_OF_A_MONTH, MILLION, SECONDS_OF_AN_HOUR, Prices, prices
from hooklane_local.bench.table import NOT_KNOWN, dollars, number, percent, table
from hooklane_local.paths import ROOT

PAGE = ROOT / "docs" / "cost.md"
# The size of batches in the cases of the tables: `BatchSize` of `delivery`.
FULL, ONE = 10, 1
USUAL = "1x10x500"
MONTH_OF_THE_EXAMPLE = 10 * MILLION
# Amazon DynamoDB Developer Guide, "Reserved capacity": it is sold by the hundred.
RESERVABLE_UNITS = 100

_PART_NAMES = {
    "writes": "DynamoDB: writes",
    "reads": "DynamoDB: reads",
    "storage": "DynamoDB: storage",
    "sqs": "SQS",
    "lambda_requests": "Lambda: requests",
    "lambda_seconds": "Lambda: time",
    "api_gateway": "API Gateway",
    "logs": "CloudWatch Logs",
    "kms": "KMS",
    "transfer": "data to receivers",
}


@dataclass(frozen=True)
class Priced:
    """A case with its dollars by part: on demand, by the template's defaults."""

    name: str
    case: Case
    parts: dict[str, float]
    functions: dict[str, dict[str, float]]

    def dollars(self, configuration: Configuration, prices: Prices, deployed: Deployed) -> float:
        return model.total(configuration.dollars(self.parts, prices, deployed))


def current() -> str:
    """The page as it must be for the stored figures and the price table as they are."""
    rows = [Row.of(line) for line in FILE.read_text().splitlines()] if FILE.exists() else []
    return page(rows, prices(), deployed(), growth.stored())


def page(rows: Sequence[Row], prices: Prices, deployed: Deployed, grown: Sequence[growth.Point] = ()) -> str:
    cases = _cases(rows)
    sections = [_head(prices)]
    if cases:
        sections += [
            _at_a_glance(cases, prices, deployed),
            _parts(cases),
            _causes(cases),
            _configurations(cases, prices, deployed),
            _other_cases(cases, prices, deployed),
        ]
    else:
        sections.append("No figures are stored yet. `make bench WRITE=1` measures and stores them.")
    sections += [
        _example(cases, prices, deployed),
        _idle(prices, deployed),
        _beside_others(cases, prices, deployed),
        _grown(grown),
        _assumed(deployed),
        _price_table(prices),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _cases(rows: Sequence[Row]) -> list[Priced]:
    by_case: dict[str, dict[str, Row]] = {}
    for row in rows:
        if row.dollars_per_million:
            by_case.setdefault(row.case, {})[row.function] = row
    found = []
    for name, functions in by_case.items():
        if (case := Case.of(name)) and ALL in functions:
            each = {one: row.dollars_per_million for one, row in functions.items() if one != ALL}
            found.append(Priced(name, case, functions[ALL].dollars_per_million, each))
    return sorted(found, key=lambda one: (one.case.data_bytes, one.case.webhooks, one.case.batch, one.case.suffixes))


def _usual(cases: Sequence[Priced]) -> list[Priced]:
    """The cases with full batches, and nothing else that is special."""
    return [one for one in cases if one.case.batch == FULL and not one.case.suffixes]


def _size(data_bytes: int) -> str:
    return f"{data_bytes / 1000:g} KB" if data_bytes >= 1000 else f"{data_bytes} B"


def _webhooks(count: int) -> str:
    return "1 webhook" if count == 1 else f"{count:,} webhooks"


def _named(one: Priced) -> str:
    return f"{_webhooks(one.case.webhooks)}, {_size(one.case.data_bytes)}"


def _head(prices: Prices) -> str:
    return f"""\
# What deliveries cost

<!-- Made by `make cost-page` of docs/figures/ and local/hooklane_local/bench/prices.toml. Do not edit. -->

Dollars for **a million deliveries**, by the list prices of AWS in {prices.region} of {prices.as_of}, without any free tier. Requests, units, bytes and processor time are counted with the release build (`make bench` prints them); what AWS itself adds is reckoned, and [the last sections](#what-is-assumed) name each assumption and each price. It is a model, not a bill: `make bench` makes it again for any revision."""


def _at_a_glance(cases: Sequence[Priced], prices: Prices, deployed: Deployed) -> str:
    configurations = (ON_DEMAND, PROVISIONED, RESERVED, CHEAPEST)
    body = [
        (
            _webhooks(one.case.webhooks),
            _size(one.case.data_bytes),
            *(dollars(one.dollars(each, prices, deployed)) for each in configurations),
            dollars(one.parts[TRANSFER]),
        )
        for one in _usual(cases)
    ]
    head = ("each event goes to", "its data", *(each.name for each in configurations), "data to receivers")
    return f"""\
## At a glance

Events come in by the queue, and batches are full ({FULL} messages). Everything but the data to receivers, which any sender pays; the last column has it, for whoever is over the {prices.transfer.free_gb_month:g} GB that are free in a month.

{table(head, body, left=2)}

With few deliveries batches are not full, and each costs more: see [ten million a month](#ten-million-deliveries-a-month)."""


def _parts(cases: Sequence[Priced]) -> str:
    usual = _usual(cases)
    if not usual:
        return ""
    parts = [part for part in PARTS if part != TRANSFER]
    body = [(_PART_NAMES[part], *(dollars(one.parts[part]) for one in usual)) for part in parts]
    body.append(("**sum**", *(f"**{dollars(model.total(one.parts))}**" for one in usual)))
    largest = max(parts, key=lambda part: usual[0].parts[part])
    share = usual[0].parts[largest] / model.total(usual[0].parts)
    return f"""\
## By part

{ON_DEMAND.name.capitalize()}, x86-64. The largest part of the first column is *{_PART_NAMES[largest]}*: {percent(share)} of it.

{table(("", *map(_named, usual)), body)}"""


def _causes(cases: Sequence[Priced]) -> str:
    usual = next((one for one in cases if one.name == USUAL), None)
    if usual is None:
        return ""
    parts = [part for part in PARTS if part != TRANSFER and any(each[part] for each in usual.functions.values())]
    body = [
        (f"`{function}`", *(number(each[part]) for part in parts), dollars(model.total(each)))
        for function, each in usual.functions.items()
    ]
    return f"""\
Who causes it, for {_named(usual)}. The messages that Lambda receives and deletes for a function count as its own, and the producer's as those of `ingest`:

{table(("", *(_PART_NAMES[part] for part in parts), "sum"), body)}"""


def _configurations(cases: Sequence[Priced], prices: Prices, deployed: Deployed) -> str:
    usual = _usual(cases)
    if not usual:
        return ""
    body = [(each.name, *(dollars(one.dollars(each, prices, deployed)) for one in usual)) for each in CONFIGURATIONS]
    reserved = RESERVABLE_UNITS * PROVISIONED.provisioned_use * HOURS_OF_A_MONTH * SECONDS_OF_AN_HOUR / MILLION
    return f"""\
## Configurations

`BillingMode`, `Architecture`, `RetentionDays` and `KmsKeyArn` are [parameters](parameters.md). Without another number, deliveries are kept for {deployed.retention_days} days. *Provisioned* is for a load that is steady: capacity that is not used is paid for too, and what exceeds it is throttled until it is raised. A reservation is for {RESERVABLE_UNITS} units at least; as many write units, used to {percent(PROVISIONED.provisioned_use)}, are {reserved:,.0f} million a month.

{table(("", *map(_named, usual)), body)}"""


def _other_cases(cases: Sequence[Priced], prices: Prices, deployed: Deployed) -> str:
    usual = {one.name for one in _usual(cases)}
    body = [
        (
            _named(one),
            str(one.case.batch),
            _remark(one.case),
            dollars(one.dollars(ON_DEMAND, prices, deployed)),
            dollars(one.dollars(PROVISIONED, prices, deployed)),
        )
        for one in cases
        if one.name not in usual
    ]
    if not body:
        return ""
    head = ("each event goes to", "at most in a batch", "", ON_DEMAND.name, PROVISIONED.name)
    return f"""\
## Small batches, slow and failing receivers

{table(head, body, left=3)}"""


def _remark(case: Case) -> str:
    remarks = []
    for suffix in case.suffixes:
        if suffix.endswith("%"):
            remarks.append(f"{suffix.removesuffix('%')} % of the requests fail, first attempts only")
        elif suffix == "api":
            remarks.append("published by one call of the API for each event")
        elif suffix == "tls":
            remarks.append("receivers with TLS")
        elif case.answer_ms is not None and suffix[0].isdigit():
            remarks.append(f"receivers answer after {suffix.removesuffix('ms').removesuffix('s')} {'ms' if 'ms' in suffix else 's'}")
        else:
            remarks.append(suffix)
    return ", ".join(remarks)


def _example(cases: Sequence[Priced], prices: Prices, deployed: Deployed) -> str:
    millions = MONTH_OF_THE_EXAMPLE / MILLION
    by_name = {one.name: one for one in cases}
    ways = (
        ("a trickle: batches of one, by the queue", "1x1x500"),
        ("a trickle, by one call of the API for each event", "1x1x500-api"),
        ("a trickle of events that go to ten webhooks", "10x1x500"),
        ("bursts: full batches, by the queue", USUAL),
        ("bursts of events that go to ten webhooks", "10x10x500"),
    )
    known = [(way, by_name[name]) for way, name in ways if name in by_name]
    if not known:
        return ""
    idle_month = idle.month(prices, deployed, watching=True)
    body = []
    for way, one in known:
        od, pr = (one.dollars(each, prices, deployed) for each in (ON_DEMAND, PROVISIONED))
        body.append((way, dollars(od), dollars(od * millions + idle_month), dollars(pr * millions + idle_month)))
    a_second = MONTH_OF_THE_EXAMPLE / (HOURS_OF_A_MONTH * SECONDS_OF_AN_HOUR)
    case = known[0][1].case
    gigabytes = MONTH_OF_THE_EXAMPLE * (case.data_bytes + model.POST_OVERHEAD_BYTES) / BYTES_OF_A_GB
    sent = "which is free" if gigabytes <= prices.transfer.free_gb_month else f"${gigabytes * prices.transfer.gb:.2f} more"
    return f"""\
## Ten million deliveries a month

{millions:g} million a month are {a_second:.1f} a second. What they cost depends on how they come. Spread evenly, hardly two meet in a batch, and each pays for calls that ten would share. A month has ${idle_month:.2f} for the [idle stack](#when-nothing-happens) in it, with its alarms and metrics.

{table((_size(case.data_bytes), "$ a million", "$ a month, on demand", f"$ a month, {PROVISIONED.name}"), body)}

Receivers get {gigabytes:.0f} GB, {sent}."""


def _idle(prices: Prices, deployed: Deployed) -> str:
    items = idle.items(prices, deployed)
    body = [(item.what, dollars(item.month)) for item in items]
    body.append(("**sum**", f"**{dollars(idle.month(prices, deployed, watching=True))}**"))
    return f"""\
## When nothing happens

A month of a stack that gets no event: ${idle.month(prices, deployed, watching=False):.2f}, and the rest for its alarms and metrics (`Alarms`; [metrics.md](metrics.md#price)). Tables on demand cost nothing while nobody asks them, except for what they store. With `BillingMode` `PROVISIONED` the capacities are paid for all the time: by their defaults another ${idle.provisioned_month(prices, deployed):.0f} a month, so set them to what you need ([parameters.md](parameters.md#tables)).

{table(("", "$ a month"), body)}"""


def _beside_others(cases: Sequence[Priced], prices: Prices, deployed: Deployed) -> str:
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
    measured = {(one.case.webhooks, one.case.data_bytes): one for one in _usual(cases)}
    combinations = sorted({*measured, *((webhooks, 500) for webhooks in (1, 10, 100))}, key=lambda one: one[::-1])
    body = []
    for webhooks, data_bytes in combinations:
        ours = measured.get((webhooks, data_bytes))
        body.append(
            (
                _webhooks(webhooks),
                _size(data_bytes),
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
    return f"{text} For that, Hooklane makes {od:,.0f} million deliveries on demand, or {pr:,.0f} million with provisioned tables ({_named(usual)}, full batches)."


def _beside_hosted(cases: Sequence[Priced], prices: Prices, deployed: Deployed) -> str:
    millions = (1, MONTH_OF_THE_EXAMPLE / MILLION)
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
        body.append(("Hooklane, on demand, with its alarms", prices.as_of, *cells, f"{_named(usual)}, full batches"))
    head = ("$ a month", "price of", *(f"{each:g} million deliveries" for each in millions), "")
    return f"""\
**Hosted services**, by the list price of the plan that is named, where each event goes to one webhook. Plans differ in what they hold, and prices change: look at the vendor's page. {NOT_KNOWN} means that the list price does not say.

{table(head, body, left=2, tail=1)}"""


def _grown(grown: Sequence[growth.Point]) -> str:
    if not grown:
        return ""
    return f"""\
## How cost grows

![Dollars and processor time of a delivery along four axes, as multiples of the first point](growth.svg)

On demand, 500 B, batches as large as they get. `make bench-growth WRITE=1` makes table and picture again.

{growth.table_of(grown)}"""


def _assumed(deployed: Deployed) -> str:
    memory = sorted({deployed.memory_mb[name] for name in model.AWS_TURNS})
    body = [
        ("receivers answer after", f"{model.ANSWER_MS} ms, unless the case says otherwise; a batch waits for the slowest"),
        ("a call of AWS takes", f"{model.AWS_CALL_MS} ms, twice in turn in `delivery`, once in each other function"),
        (
            "memory and processor",
            f"{', '.join(map(str, memory))} MB, which is {percent(memory[0] / model.MB_OF_A_PROCESSOR, 1)} of a processor: "
            "processor time takes that much longer",
        ),
        ("Lambda's own requests to SQS", "one receive and one delete for each batch"),
        ("the producer", f"sends batches as large as `ingest` gets them; an event has {model.ENVELOPE_BYTES} B around its data"),
        (
            "messages of deliveries",
            f"carry content of up to {model.PLAIN_BYTES // 1024} KiB as it is, or up to {model.PACKED_BYTES // 1024} KiB "
            f"compressed to {percent(model.COMPRESSED)}; a larger one is read by `delivery`",
        ),
        (
            "logs",
            "the functions' lines as counted, "
            + (
                "and Lambda's three for each invocation"
                if deployed.platform_lines
                else "none of Lambda's, which the template turns off"
            )
            + f", {model.LOG_LINE_BYTES} B more for each batch; {model.ACCESS_LOG_BYTES} B for each call of the API",
        ),
        ("a request to a receiver", f"has {model.POST_OVERHEAD_BYTES} B beside the event's data"),
        ("a key of your own", f"is used {model.KMS_USES_PER_MILLION:,} times for a million deliveries"),
        ("storage", f"is what deliveries fill within {deployed.retention_days} days, once the first ones expire"),
    ]
    return f"""\
## What is assumed

{table(("", ""), body, left=2)}

Not in it: retries beyond the first attempts of the cases, reads of pages and of the API, recoveries, point-in-time recovery, a NAT gateway ([operations.md](operations.md#fixed-egress-addresses))."""


def _price_table(prices: Prices) -> str:
    per_million_writes, per_million_reads = (
        model.provisioned_per_million(hour, PROVISIONED.provisioned_use)
        for hour in (prices.dynamodb.write_unit_hour, prices.dynamodb.read_unit_hour)
    )
    table_of, functions = prices.dynamodb, prices.functions
    body = [
        ("[DynamoDB, on demand](https://aws.amazon.com/dynamodb/pricing/on-demand/)",
         f"{table_of.write_per_million} and {table_of.read_per_million} a million write and read units"),
        ("[DynamoDB, provisioned](https://aws.amazon.com/dynamodb/pricing/provisioned/)",
         f"{table_of.write_unit_hour:.5f} and {table_of.read_unit_hour:.5f} a unit-hour, at "
         f"{percent(PROVISIONED.provisioned_use)} use {per_million_writes:.3f} and {per_million_reads:.3f} a million; reserved for a "
         f"year {percent(table_of.reserved_1_year_off)} less, for three {percent(table_of.reserved_3_years_off)}"),
        ("[DynamoDB, storage](https://aws.amazon.com/dynamodb/pricing/on-demand/)", f"{table_of.storage_gb_month} a GB-month"),
        ("[SQS](https://aws.amazon.com/sqs/pricing/)",
         f"{prices.sqs.per_million:.2f} a million requests, each {prices.sqs.billed_bytes // 1024} KiB one"),
        ("[Lambda](https://aws.amazon.com/lambda/pricing/)",
         f"{functions.requests_per_million:.2f} a million requests, {functions.x86_64_gb_second:.10f} a GB-second, "
         f"{functions.arm64_gb_second:.10f} on arm64"),
        ("[API Gateway, HTTP API](https://aws.amazon.com/api-gateway/pricing/)", f"{prices.api.per_million:.2f} a million requests"),
        ("[CloudWatch](https://aws.amazon.com/cloudwatch/pricing/)",
         f"{prices.cloudwatch.logs_gb:.2f} a GB of logs, {prices.cloudwatch.alarm_month:.2f} an alarm, "
         f"{prices.cloudwatch.metric_month:.2f} a metric"),
        ("[KMS](https://aws.amazon.com/kms/pricing/)",
         f"{prices.kms.key_month:.2f} a month for a key of your own, {prices.kms.per_ten_thousand:.2f} for 10,000 uses"),
        ("[Secrets Manager](https://aws.amazon.com/secrets-manager/pricing/)", f"{prices.secrets.secret_month:.2f} a secret and month"),
        ("[Data to the internet](https://aws.amazon.com/ec2/pricing/on-demand/)",
         f"{prices.transfer.gb:.2f} a GB after {prices.transfer.free_gb_month:g} GB a month"),
    ]  # fmt: skip
    return f"""\
## Prices

Of {prices.as_of}, in dollars.

{table(("", ""), body, left=2)}"""


if __name__ == "__main__":
    PAGE.write_text(current())
