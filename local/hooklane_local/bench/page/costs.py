"""What a million deliveries cost: by part, function, configuration and case."""

from collections.abc import Sequence

from hooklane_local.bench import model
from hooklane_local.bench.case import Case
from hooklane_local.bench.deployed import Deployed
from hooklane_local.bench.model import CHEAPEST, CONFIGURATIONS, ON_DEMAND, PARTS, PROVISIONED, RESERVED, TRANSFER
from hooklane_local.bench.page.cases import (
    FULL,
    USUAL,
    Priced,
    in_few_messages,
    named,
    size,
    to_webhooks,
    with_full_batches,
)
from hooklane_local.bench.prices import HOURS_OF_A_MONTH, MILLION, SECONDS_OF_AN_HOUR, Prices
from hooklane_local.bench.table import dollars, number, percent, table

# Amazon DynamoDB Developer Guide, "Reserved capacity": it is sold by the hundred.
RESERVABLE_UNITS = 100
MEMORIES_MB = (128, 256, 512, 1024)
PART_NAMES = {
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


def at_a_glance(cases: Sequence[Priced], prices: Prices, deployed: Deployed) -> str:
    usual = [*with_full_batches(cases), *in_few_messages(cases)]
    if not usual:
        return ""
    configurations = (ON_DEMAND, PROVISIONED, RESERVED, CHEAPEST)
    body = [
        (
            to_webhooks(one.case.webhooks),
            size(one.case.data_bytes),
            str(one.case.events_per_message),
            *(dollars(one.dollars(each, prices, deployed)) for each in configurations),
            dollars(one.parts[TRANSFER]),
        )
        for one in usual
    ]
    head = (
        "each event goes to", "its data", "in a message", *(each.name for each in configurations), "data to receivers"
    )  # fmt: skip
    return f"""\
## At a glance

Events come in by the queue, and batches are full ({FULL} messages). Everything but the data to receivers, which any sender pays; the last column has it, for whoever is over the {prices.transfer.free_gb_month:g} GB that are free in a month.

{table(head, body, left=2)}

*In a message* is `EventsPerMessage`: up to that many first attempts for one webhook share a message of the delivery queue, if they come at about the same time ([parameters.md](parameters.md)). With few deliveries batches are not full, and each costs more: see [ten million a month](#ten-million-deliveries-a-month)."""


def by_part(cases: Sequence[Priced]) -> str:
    usual = with_full_batches(cases)
    if not usual:
        return ""
    parts = [part for part in PARTS if part != TRANSFER]
    body = [(PART_NAMES[part], *(dollars(one.parts[part]) for one in usual)) for part in parts]
    body.append(("**sum**", *(f"**{dollars(model.total(one.parts))}**" for one in usual)))
    largest = max(parts, key=lambda part: usual[0].parts[part])
    share = usual[0].parts[largest] / model.total(usual[0].parts)
    return f"""\
## By part

{ON_DEMAND.name.capitalize()}, x86-64. The largest part of the first column is *{PART_NAMES[largest]}*: {percent(share)} of it.

{table(("", *map(named, usual)), body)}"""


def by_function(cases: Sequence[Priced]) -> str:
    usual = next((one for one in cases if one.name == USUAL), None)
    if usual is None:
        return ""
    parts = [part for part in PARTS if part != TRANSFER and any(each[part] for each in usual.functions.values())]
    body = [
        (f"`{function}`", *(number(each[part]) for part in parts), dollars(model.total(each)))
        for function, each in usual.functions.items()
    ]
    return f"""\
Who causes it, for {named(usual)}. The messages that Lambda receives and deletes for a function count as its own, and the producer's as those of `ingest`:

{table(("", *(PART_NAMES[part] for part in parts), "sum"), body)}"""


def by_configuration(cases: Sequence[Priced], prices: Prices, deployed: Deployed) -> str:
    usual = [*with_full_batches(cases), *in_few_messages(cases)]
    if not usual:
        return ""
    body = [(each.name, *(dollars(one.dollars(each, prices, deployed)) for one in usual)) for each in CONFIGURATIONS]
    reserved = RESERVABLE_UNITS * PROVISIONED.provisioned_use * HOURS_OF_A_MONTH * SECONDS_OF_AN_HOUR / MILLION
    return f"""\
## Configurations

`BillingMode`, `Architecture`, `RetentionDays`, `EventsPerMessage` and `KmsKeyArn` are [parameters](parameters.md). Without another number, deliveries are kept for {deployed.retention_days} days. *Provisioned* is for a load that is steady: capacity that is not used is paid for too, and what exceeds it is throttled until it is raised. A reservation is for {RESERVABLE_UNITS} units at least; as many write units, used to {percent(PROVISIONED.provisioned_use)}, are {reserved:,.0f} million a month.

{table(("", *map(named, usual)), body)}"""


def by_memory(cases: Sequence[Priced], prices: Prices) -> str:
    usual = next((one for one in cases if one.name == USUAL and "delivery" in one.cpu_us), None)
    if usual is None:
        return ""
    body = []
    for megabytes in MEMORIES_MB:
        ms = model.batch_ms("delivery", usual.cpu_us["delivery"] * FULL / 1000, megabytes)
        gb_seconds = ms / 1000 * megabytes / 1024 / FULL * MILLION
        x86_64, arm64 = (gb_seconds * price for price in (prices.functions.x86_64_gb_second, prices.functions.arm64_gb_second))
        body.append((str(megabytes), str(ms), f"{x86_64:.3f}", f"{arm64:.3f}"))
    return f"""\
## Memory

Lambda's time of `delivery` for {named(usual)}, whose receivers answer after {model.ANSWER_MS} ms. A function with more memory has a larger part of a processor and is billed for more gigabytes. While it waits for receivers it is billed for all of them, so little memory is cheap, and late by some milliseconds. On arm64 the same processor time is assumed.

{table(("MB", "ms of a batch", "$ a million, x86-64", "$ a million, arm64"), body)}

*Lambda Managed Instances* run several invocations in one environment on servers of EC2, at the price of EC2 and 15 % more, and $0.20 for a million requests, without a price for time. Three instances are the least. By the second column, time is a small part of a delivery's price, so they pay off where receivers are slow and many: see [performance.md](performance.md#roads)."""


def other_cases(cases: Sequence[Priced], prices: Prices, deployed: Deployed) -> str:
    usual = {one.name for one in (*with_full_batches(cases), *in_few_messages(cases))}
    body = [
        (
            named(one),
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
        if suffix == f"by{case.events_per_message}":
            # The case's name says it.
            continue
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
