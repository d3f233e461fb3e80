"""The lines that the functions print in staged runs, and what AWS's own metrics are in health and in failure."""

from dataclasses import replace
from pathlib import Path

from hooklane_local.metrics.embedded import Metric, Value, values

PRINTED = Path(__file__).resolve().parents[1] / "metrics" / "printed"
MINUTE = 60
# Half an hour, from a full hour on.
START, END = 1_705_312_800, 1_705_312_800 + 30 * MINUTE


def lines(name: str) -> list[str]:
    """The lines of a snapshot that a test of a function holds."""
    header, _, content = (PRINTED / f"{name}.snap").read_text().partition("\n---\n")
    assert header.startswith("---"), name
    return [line for line in content.splitlines() if line]


def every_minute(*names: str) -> list[Value]:
    """The values of these runs, as if they happened again each minute."""
    once = [value for name in names for line in lines(name) for value in values(line)]
    return [replace(value, at=at) for at in range(START, END, MINUTE) for value in once]


def constant(metric: Metric, value: float) -> list[Value]:
    return [Value(metric, at, value) for at in range(START, END, MINUTE)]


HEALTHY = ("api-healthy", "ingest-healthy", "fanout-healthy", "stats-healthy", "delivery-healthy", "upkeep-healthy")

# The failure of each alarm on our own metrics: runs that ring it, or None for no run at all.
FAILURES: dict[str, str | None] = {
    "delivery-rate": "delivery-failing",
    "retry-rate": "delivery-failing",
    "error-rate": "delivery-failing",
    "response-time": "delivery-slow",
    "dead-letters-events": "ingest-dead-letters",
    "dead-letters-fanout": "fanout-dead-letters",
    "dead-letters-stats": "stats-dead-letters",
    "dead-letters-deliveries": "delivery-dead-letters",
    "dead-letters-upkeep": "upkeep-dead-letters",
    "brake": "upkeep-brake",
    "canary": "canary-missed",
    "upkeep-missing": "upkeep-failing",
}

# AWS's own metrics that alarms use, with their dimensions, a value of each minute in health, one in failure, and
# the page that says what it counts.
AWS_METRICS: dict[tuple[str, str, tuple[str, ...]], tuple[float | None, float, str]] = {
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", ("QueueName",)): (
        0,
        1,
        "Amazon SQS Developer Guide, 'Available CloudWatch metrics for Amazon SQS'",
    ),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage", ("QueueName",)): (
        2,
        400,
        "Amazon SQS Developer Guide, 'Available CloudWatch metrics for Amazon SQS'",
    ),
    ("AWS/SQS", "ApproximateNumberOfMessagesNotVisible", ("QueueName",)): (
        500,
        70_000,
        "Amazon SQS Developer Guide, 'Available CloudWatch metrics for Amazon SQS'",
    ),
    ("AWS/Lambda", "IteratorAge", ("FunctionName",)): (
        900,
        360_000,
        "AWS Lambda Developer Guide, 'Types of metrics for Lambda functions'",
    ),
    ("AWS/Lambda", "Errors", ("FunctionName",)): (0, 2, "AWS Lambda Developer Guide, 'Types of metrics for Lambda functions'"),
    ("AWS/Lambda", "Throttles", ("FunctionName",)): (
        1,
        100,
        "AWS Lambda Developer Guide, 'Types of metrics for Lambda functions'",
    ),
    ("AWS/Lambda", "RecursiveInvocationsDropped", ("FunctionName",)): (
        None,
        1,
        "AWS Lambda Developer Guide, 'Use Lambda recursive loop detection to prevent infinite loops'",
    ),
    ("AWS/Lambda", "AsyncEventsDropped", ("FunctionName",)): (
        None,
        1,
        "AWS Lambda Developer Guide, 'Types of metrics for Lambda functions'",
    ),
    ("AWS/DynamoDB", "ReadThrottleEvents", ("TableName",)): (
        None,
        40,
        "Amazon DynamoDB Developer Guide, 'DynamoDB metrics and dimensions'",
    ),
    ("AWS/DynamoDB", "WriteThrottleEvents", ("TableName",)): (
        None,
        40,
        "Amazon DynamoDB Developer Guide, 'DynamoDB metrics and dimensions'",
    ),
    ("AWS/DynamoDB", "ReadThrottleEvents", ("GlobalSecondaryIndexName", "TableName")): (
        None,
        40,
        "Amazon DynamoDB Developer Guide, 'DynamoDB metrics and dimensions'",
    ),
    ("AWS/DynamoDB", "WriteThrottleEvents", ("GlobalSecondaryIndexName", "TableName")): (
        None,
        40,
        "Amazon DynamoDB Developer Guide, 'DynamoDB metrics and dimensions'",
    ),
    ("AWS/ApiGateway", "5xx", ("ApiId", "Stage")): (
        0,
        3,
        "Amazon API Gateway Developer Guide, 'Monitor CloudWatch metrics for HTTP APIs'",
    ),
    ("AWS/ApiGateway", "Latency", ("ApiId", "Stage")): (
        80,
        9_000,
        "Amazon API Gateway Developer Guide, 'Monitor CloudWatch metrics for HTTP APIs'",
    ),
}
# Those that only the dashboard shows.
AWS_SHOWN = {
    ("AWS/Lambda", "ConcurrentExecutions", ("FunctionName",)),
    ("AWS/ApiGateway", "Count", ("ApiId", "Stage")),
    ("AWS/ApiGateway", "4xx", ("ApiId", "Stage")),
}


def key(metric: Metric) -> tuple[str, str, tuple[str, ...]]:
    return metric.namespace, metric.name, tuple(sorted(name for name, _ in metric.dimensions))
