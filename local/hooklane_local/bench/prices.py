"""The price table, `prices.toml`. Each of its sections is a class here, and a key more or less is an error."""

from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib

FILE = Path(__file__).with_name("prices.toml")
HOURS_OF_A_MONTH = 730
SECONDS_OF_AN_HOUR = 3600
# AWS counts 2^30 bytes. What is reckoned here is rather 7 % too dear.
BYTES_OF_A_GB = 1e9
MILLION = 1e6


@dataclass(frozen=True)
class DynamoDb:
    write_per_million: float
    read_per_million: float
    write_unit_hour: float
    read_unit_hour: float
    storage_gb_month: float
    reserved_1_year_off: float
    reserved_3_years_off: float


@dataclass(frozen=True)
class Sqs:
    per_million: float
    billed_bytes: int


@dataclass(frozen=True)
class Functions:
    requests_per_million: float
    x86_64_gb_second: float
    arm64_gb_second: float


@dataclass(frozen=True)
class Api:
    per_million: float


@dataclass(frozen=True)
class CloudWatch:
    logs_gb: float
    alarm_month: float
    composite_alarm_month: float
    metric_month: float


@dataclass(frozen=True)
class Kms:
    per_ten_thousand: float
    key_month: float


@dataclass(frozen=True)
class Secrets:
    secret_month: float


@dataclass(frozen=True)
class Transfer:
    gb: float
    free_gb_month: float


@dataclass(frozen=True)
class EventBridge:
    events_per_million: float
    billed_bytes: int
    api_destinations_per_million: float


@dataclass(frozen=True)
class Server:
    instance: str
    database: str
    instance_hour: float
    database_hour: float
    database_gb_month: float
    balancer_hour: float
    balancer_capacity_hour: float


@dataclass(frozen=True)
class Hosted:
    """A hosted service's list price. Without `per_million` more than `included` has no published price."""

    name: str
    url: str
    read: str
    month: float
    remark: str
    included: int | None = None
    per_million: float | None = None


@dataclass(frozen=True)
class Prices:
    as_of: str
    region: str
    dynamodb: DynamoDb
    sqs: Sqs
    functions: Functions
    api: Api
    cloudwatch: CloudWatch
    kms: Kms
    secrets: Secrets
    transfer: Transfer
    eventbridge: EventBridge
    server: Server
    hosted: tuple[Hosted, ...]


@cache
def prices(file: Path = FILE) -> Prices:
    return read(file.read_text())


def read(text: str) -> Prices:
    table = tomllib.loads(text)
    table["hosted"] = tuple(Hosted(**one) for one in table["hosted"])
    for section in fields(Prices):
        if section.name in table and isinstance(table[section.name], dict):
            table[section.name] = section.type(**table[section.name])
    return Prices(**table)
