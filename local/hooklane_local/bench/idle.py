"""What a stack costs in a month in which nothing happens."""

from dataclasses import dataclass

from hooklane_local.bench.deployed import Deployed
from hooklane_local.bench.prices import HOURS_OF_A_MONTH, MILLION, SECONDS_OF_AN_HOUR, Prices

# AWS Lambda Developer Guide, "Configuring scaling behavior for SQS event source mappings": a mapping begins with five
# pollers. With a maximum concurrency it keeps them.
POLLERS = 5
# Amazon SQS Developer Guide, "Amazon SQS short and long polling": a receive waits for up to 20 seconds.
LONG_POLL_SECONDS = 20
# A run of `upkeep`, once a minute, that finds nothing to do.
UPKEEP_MS = 200
# docs/metrics.md, "Price": the metrics of our own.
OWN_METRICS = 26
# docs/operations.md, "Is it working: the canary": one every five minutes.
CANARY_MONTH = 0.06


@dataclass(frozen=True)
class Item:
    what: str
    month: float
    # Whether the parameter `Alarms` turns it off.
    is_watching: bool = False


def items(prices: Prices, deployed: Deployed) -> list[Item]:
    seconds = HOURS_OF_A_MONTH * SECONDS_OF_AN_HOUR
    receives = deployed.queue_mappings * POLLERS * seconds / LONG_POLL_SECONDS
    runs = seconds / 60
    run_gigabyte_seconds = runs * UPKEEP_MS / 1000 * deployed.memory_mb["upkeep"] / 1024
    upkeep = (
        runs / MILLION * prices.functions.requests_per_million + run_gigabyte_seconds * prices.functions.x86_64_gb_second
    )
    watched = prices.cloudwatch
    alarms = deployed.alarms * watched.alarm_month + deployed.composite_alarms * watched.composite_alarm_month
    return [
        Item(f"{deployed.secrets} secrets", deployed.secrets * prices.secrets.secret_month),
        Item(
            f"Lambda's receives of {deployed.queue_mappings} empty queues, {POLLERS} pollers for each",
            receives / MILLION * prices.sqs.per_million,
        ),
        Item("`upkeep`, once a minute", upkeep),
        Item("the canary, every five minutes", CANARY_MONTH),
        Item(
            f"{deployed.alarms} alarms and {deployed.composite_alarms} composite ones, without the free ones",
            alarms,
            is_watching=True,
        ),
        Item(f"{OWN_METRICS} metrics, in hours in which they have data", OWN_METRICS * watched.metric_month, is_watching=True),
    ]


def provisioned_month(prices: Prices, deployed: Deployed) -> float:
    """The capacities of both tables and the index, by the template's defaults."""
    hour = (
        deployed.write_capacity * prices.dynamodb.write_unit_hour + deployed.read_capacity * prices.dynamodb.read_unit_hour
    )
    return hour * HOURS_OF_A_MONTH


def month(prices: Prices, deployed: Deployed, *, watching: bool) -> float:
    return sum(item.month for item in items(prices, deployed) if watching or not item.is_watching)
