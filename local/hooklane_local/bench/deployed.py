"""What the template says of what is deployed, as far as it has a price."""

from dataclasses import dataclass
from functools import cache

from hooklane_local.metrics.declared import Declared

# The functions that a delivery passes, in their order. An event comes in by `api` or by `ingest`.
PIPELINE = ("api", "ingest", "fanout", "stats", "delivery")
_WITHOUT_PLATFORM_LINES = "WARN"


@dataclass(frozen=True)
class Deployed:
    memory_mb: dict[str, int]
    retention_days: int
    # The functions for which Lambda itself logs each invocation.
    platform_lines: frozenset[str]
    # Of both tables and the ledger's index, with `BillingMode` `PROVISIONED`.
    read_capacity: int
    write_capacity: int
    queue_mappings: int
    secrets: int
    alarms: int
    composite_alarms: int


@cache
def deployed() -> Deployed:
    """By the template's defaults."""
    return of(Declared())


def of(declared: Declared) -> Deployed:
    resources = declared.template["Resources"]
    everywhere = declared.template.get("Globals", {}).get("Function", {}).get("LoggingConfig", {})
    functions = {
        resource["Metadata"]["BuildProperties"]["Binary"].removeprefix("hooklane-"): resource["Properties"]
        for resource in resources.values()
        if resource["Type"] == "AWS::Serverless::Function"
    }
    logging = {name: {**everywhere, **one.get("LoggingConfig", {})} for name, one in functions.items()}
    triggers = [event["Type"] for one in functions.values() for event in one.get("Events", {}).values()]

    def capacity(parameter: str) -> int:
        return int(declared.parameters[parameter])

    return Deployed(
        memory_mb={name: int(declared.parameters[one["MemorySize"]["Ref"]]) for name, one in functions.items()},
        retention_days=int(declared.parameters["RetentionDays"]),
        platform_lines=frozenset(
            name for name, one in logging.items() if one.get("SystemLogLevel") != _WITHOUT_PLATFORM_LINES
        ),
        read_capacity=capacity("RegistryReadCapacity") + 2 * capacity("LedgerReadCapacity"),
        write_capacity=capacity("RegistryWriteCapacity") + 2 * capacity("LedgerWriteCapacity"),
        queue_mappings=triggers.count("SQS"),
        secrets=[one["Type"] for one in resources.values()].count("AWS::SecretsManager::Secret"),
        alarms=len(declared.alarms()),
        composite_alarms=len(declared.composites()),
    )
