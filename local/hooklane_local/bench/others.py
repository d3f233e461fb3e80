"""What others cost for the same deliveries, by their list prices."""

import math

from hooklane_local.bench.prices import HOURS_OF_A_MONTH, MILLION, EventBridge, Hosted, Server

# A small server that may lose one machine: two instances behind a load balancer, a database in two zones.
INSTANCES = 2
DATABASE_GB = 100


def eventbridge_per_million(prices: EventBridge, webhooks: int, data_bytes: int) -> float:
    """API destinations: each 64 KiB of an event once, and each delivery."""
    billed = math.ceil(data_bytes / prices.billed_bytes)
    return prices.events_per_million * billed / webhooks + prices.api_destinations_per_million


def server_month(prices: Server) -> float:
    """The instances of a server of one's own, without anybody's work on it."""
    hour = (
        INSTANCES * prices.instance_hour + prices.database_hour + prices.balancer_hour + prices.balancer_capacity_hour
    )
    return hour * HOURS_OF_A_MONTH + DATABASE_GB * prices.database_gb_month


def hosted_month(hosted: Hosted, deliveries: float) -> float | None:
    """What so many deliveries cost, or `None` if the list price does not say."""
    if hosted.included is None or deliveries <= hosted.included:
        return hosted.month
    if hosted.per_million is None:
        return None
    return hosted.month + (deliveries - hosted.included) / MILLION * hosted.per_million
