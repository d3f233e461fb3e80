"""From what a delivery uses to what it costs.

What the harness counts is multiplied by the price table. What no stand-in sees is reckoned by the constants below,
each with its source: the requests of Lambda's own pollers, the producer's requests, the time that real receivers and
the real AWS take to answer, the lines that Lambda and API Gateway log.
"""

import math
from dataclasses import dataclass, replace

from hooklane_local.bench.case import Case
from hooklane_local.bench.deployed import Deployed
from hooklane_local.bench.figures import Figures, Measured
from hooklane_local.bench.prices import BYTES_OF_A_GB, MILLION, SECONDS_OF_AN_HOUR, Prices

# The parts of a price, in the order of tables. `transfer` is what any sender pays, and is never in a sum.
PARTS = (
    "writes", "reads", "storage", "sqs", "lambda_requests", "lambda_seconds", "api_gateway", "logs", "kms", "transfer",
)  # fmt: skip
TRANSFER = "transfer"

DAYS_OF_A_MONTH = 30
# A receiver's answer: what most webhooks take (docs/cost.md). A batch waits for its slowest attempt.
ANSWER_MS = 100
# A call of DynamoDB or SQS takes a few milliseconds in the same region (Amazon DynamoDB, "Service level", single-digit
# milliseconds). The stand-ins answer at once.
AWS_CALL_MS = 5
# How often one after the other an invocation waits for AWS: `delivery` reads before its requests and writes after them,
# the others write or send once; what they read is cached.
AWS_TURNS = {"api": 1, "ingest": 1, "fanout": 1, "stats": 1, "delivery": 2}
# AWS Lambda Developer Guide, "Configure Lambda function memory": so many MB have the power of one processor.
MB_OF_A_PROCESSOR = 1769
# What an event's message has around its data, and so has a delivery's.
ENVELOPE_BYTES = 300
# shared/app/src/payload.rs: a message carries content of so many bytes as it is, or so many compressed ones, or none.
PLAIN_BYTES, PACKED_BYTES = 4 * 1024, 32 * 1024
# JSON compresses to about a third; base64 makes four bytes of three.
COMPRESSED, BASE64 = 0.33, 4 / 3
# What CloudWatch Logs adds to each line (Amazon CloudWatch Logs API, PutLogEvents: 26 bytes).
LOG_LINE_BYTES = 26
# The three lines of an invocation in Lambda's text format, if the template does not turn them off.
PLATFORM_LINES = (
    "START RequestId: 00000000-0000-0000-0000-000000000000 Version: $LATEST\n",
    "END RequestId: 00000000-0000-0000-0000-000000000000\n",
    "REPORT RequestId: 00000000-0000-0000-0000-000000000000\tDuration: 100.00 ms\tBilled Duration: 100 ms\t"
    "Memory Size: 256 MB\tMax Memory Used: 20 MB\t\n",
)
# A line of the access log, by the format in template.yaml.
ACCESS_LOG_BYTES = 400
# The headers of a request to a receiver and its share of connections and acknowledgements.
POST_OVERHEAD_BYTES = 830
# AWS Lambda Developer Guide, "Configuring scaling behavior for SQS event source mappings": a mapping starts with five
# pollers, each of which fills its own batches. `ParallelizationFactor` in template.yaml makes as many for a shard.
POLLERS = 5
# Uses of a key of one's own for a million deliveries in full batches: one for each connection and five minutes of
# DynamoDB, one for each queue and hour (docs/operations.md, "A key of your own").
KMS_USES_PER_MILLION = 3300


@dataclass(frozen=True)
class Assumed:
    """What a reader may want otherwise."""

    answer_ms: float = ANSWER_MS


def of_function(
    name: str, figures: Figures, case: Case, prices: Prices, deployed: Deployed, assumed: Assumed = Assumed()
) -> dict[str, float]:
    """Dollars for a million deliveries by part, as far as this function causes them: on demand, x86-64, the template's
    retention, keys of AWS."""
    invocations = figures.invocations
    seconds = invocations * billed_ms(name, figures, case, deployed, assumed) / 1000
    gigabytes = deployed.memory_mb[name] / 1024
    through_api = invocations if name == "api" else 0
    logged = figures.log_bytes + invocations * LOG_LINE_BYTES + through_api * ACCESS_LOG_BYTES
    if name in deployed.platform_lines:
        logged += invocations * sum(len(line) + LOG_LINE_BYTES for line in PLATFORM_LINES)
    return {
        "writes": figures.write_units * prices.dynamodb.write_per_million,
        "reads": figures.read_units * prices.dynamodb.read_per_million,
        "storage": _gigabytes_of_a_million(figures.stored_bytes)
        * prices.dynamodb.storage_gb_month
        * deployed.retention_days
        / DAYS_OF_A_MONTH,
        "sqs": sqs_requests(name, figures, case, prices) * prices.sqs.per_million,
        "lambda_requests": invocations * prices.functions.requests_per_million,
        "lambda_seconds": seconds * gigabytes * MILLION * prices.functions.x86_64_gb_second,
        "api_gateway": through_api * prices.api.per_million,
        "logs": _gigabytes_of_a_million(logged) * prices.cloudwatch.logs_gb,
        "kms": 0.0,
        "transfer": _gigabytes_of_a_million(case.data_bytes + POST_OVERHEAD_BYTES) * prices.transfer.gb
        if name == "delivery"
        else 0.0,
    }


def of_case(measured: Measured, prices: Prices, deployed: Deployed, assumed: Assumed = Assumed()) -> dict[str, float]:
    """The same of all functions together."""
    each = [
        of_function(name, figures, measured.case, prices, deployed, assumed)
        for name, figures in measured.functions.items()
    ]
    return {part: sum(one[part] for one in each) for part in PARTS}


def gathered(rate: float, seconds: float) -> float:
    """How many messages a batch has that waits for so many seconds after its first one, where so many come in a
    second."""
    return 1 + rate * seconds / POLLERS


def in_batches_of(size: float, ones: dict[str, float], full: dict[str, float], full_size: int) -> dict[str, float]:
    """What batches of this size cost, between batches of one and full ones: a part of each price is for the batch, and
    the rest for what is in it."""
    size = min(size, full_size)
    parts = {}
    for part, one in ones.items():
        of_batch = (one - full[part]) / (1 - 1 / full_size)
        parts[part] = one - of_batch + of_batch / size
    return parts


def total(parts: dict[str, float]) -> float:
    """Everything but transfer."""
    return sum(dollars for part, dollars in parts.items() if part != TRANSFER)


def billed_ms(name: str, figures: Figures, case: Case, deployed: Deployed, assumed: Assumed = Assumed()) -> float:
    """The milliseconds that Lambda bills for an invocation. It rounds up.

    The function has a part of a processor, so its processor time takes longer than in the harness. What it waited for
    there, it waits for in AWS too.
    """
    if not figures.invocations:
        return 0
    cpu = figures.cpu_us / 1000 / figures.invocations
    waiting = max(figures.busy_ms / figures.invocations - cpu, 0)
    waiting += AWS_TURNS[name] * AWS_CALL_MS
    if name == "delivery" and case.answer_ms is None:
        waiting += assumed.answer_ms
    return _rounded_ms(cpu, deployed.memory_mb[name], waiting)


def batch_ms(name: str, cpu_ms: float, memory_mb: int) -> int:
    """The milliseconds that are billed for a batch with this processor time, if receivers take as long as assumed."""
    waiting = AWS_TURNS[name] * AWS_CALL_MS + (ANSWER_MS if name == "delivery" else 0)
    return _rounded_ms(cpu_ms, memory_mb, waiting)


def _rounded_ms(cpu_ms: float, memory_mb: int, waiting_ms: float) -> int:
    """Processor time takes longer by the share of a processor; waiting does not."""
    return math.ceil(cpu_ms / (memory_mb / MB_OF_A_PROCESSOR) + waiting_ms)


def sqs_requests(name: str, figures: Figures, case: Case, prices: Prices, *, producer: bool = True) -> float:
    """The requests to SQS that are billed for each delivery: those of the function itself, and those of Lambda, which
    receives each batch of the function and deletes it. For `ingest` also those of the producer, who sends batches as
    large as `ingest` gets them."""
    batches = figures.invocations
    if name == "ingest":
        event = (case.data_bytes + ENVELOPE_BYTES) / case.webhooks
        received = _billed(batches, event, prices)
        return figures.requests_to("SQS") + received + batches + (received if producer else 0)
    message = ENVELOPE_BYTES + carried_bytes(case.data_bytes)
    if name == "fanout":
        return _billed(figures.requests_to("SQS"), message, prices)
    if name == "delivery":
        return figures.requests_to("SQS") + _billed(batches, message, prices) + batches
    return figures.requests_to("SQS")


def carried_bytes(data_bytes: int) -> float:
    """What a delivery's message carries of an event's content."""
    if data_bytes <= PLAIN_BYTES:
        return data_bytes
    packed = data_bytes * COMPRESSED
    return packed * BASE64 if packed <= PACKED_BYTES else 0


def _billed(requests: float, bytes_each: float, prices: Prices) -> float:
    """Requests that carry so many bytes for each delivery, as SQS bills them."""
    if not requests:
        return 0
    return requests * max(math.ceil(bytes_each / requests / prices.sqs.billed_bytes), 1)


def _gigabytes_of_a_million(each: float) -> float:
    return each * MILLION / BYTES_OF_A_GB


@dataclass(frozen=True)
class Configuration:
    """How a stack is run and paid for."""

    name: str
    # The part of the provisioned capacity that is used, or `None` for on demand.
    provisioned_use: float | None = None
    reserved_years: int = 0
    arm64: bool = False
    retention_days: int | None = None
    own_key: bool = False

    def dollars(self, parts: dict[str, float], prices: Prices, deployed: Deployed) -> dict[str, float]:
        """The parts as `of_function` has them, under this configuration. Each is proportional to one price."""
        changed = dict(parts)
        if self.provisioned_use:
            off = {0: 0.0, 1: prices.dynamodb.reserved_1_year_off, 3: prices.dynamodb.reserved_3_years_off}
            left = 1 - off[self.reserved_years]
            write, read = (
                provisioned_per_million(hour, self.provisioned_use) * left
                for hour in (prices.dynamodb.write_unit_hour, prices.dynamodb.read_unit_hour)
            )
            changed["writes"] *= write / prices.dynamodb.write_per_million
            changed["reads"] *= read / prices.dynamodb.read_per_million
        if self.arm64:
            changed["lambda_seconds"] *= prices.functions.arm64_gb_second / prices.functions.x86_64_gb_second
        if self.retention_days:
            changed["storage"] *= self.retention_days / deployed.retention_days
        if self.own_key:
            changed["kms"] += KMS_USES_PER_MILLION / 10_000 * prices.kms.per_ten_thousand
        return changed


def provisioned_per_million(unit_hour: float, use: float) -> float:
    """What a million units cost if this part of the provisioned ones is used."""
    return unit_hour / (SECONDS_OF_AN_HOUR * use) * MILLION


ON_DEMAND = Configuration("on demand")
PROVISIONED = Configuration("provisioned, 70 % used", provisioned_use=0.7)
RESERVED = replace(PROVISIONED, name="the same, reserved for a year", reserved_years=1)
CHEAPEST = replace(RESERVED, name="the same, arm64, 15 days", arm64=True, retention_days=15)
A_WEEK = replace(ON_DEMAND, name="on demand, arm64, 7 days", arm64=True, retention_days=7)
PROVISIONED_A_WEEK = replace(PROVISIONED, name="provisioned, arm64, 7 days", arm64=True, retention_days=7)
RESERVED_A_WEEK = replace(PROVISIONED_A_WEEK, name="the same, reserved for a year", reserved_years=1)
CONFIGURATIONS = (
    ON_DEMAND,
    replace(ON_DEMAND, name="on demand, arm64", arm64=True),
    replace(ON_DEMAND, name="on demand, 15 days", retention_days=15),
    A_WEEK,
    replace(ON_DEMAND, name="on demand, a key of your own", own_key=True),
    PROVISIONED,
    RESERVED,
    CHEAPEST,
    PROVISIONED_A_WEEK,
    RESERVED_A_WEEK,
)
