"""Reads log lines in CloudWatch's embedded metric format (Amazon CloudWatch User Guide, "Specification")."""

import json
from dataclasses import dataclass

from jsonschema import Draft202012Validator

from hooklane_local.paths import ROOT

_SCHEMA = ROOT / "tests" / "metrics" / "embedded_metric_format.json"
# "Numeric array metric targets MUST NOT have more than 100 members."
_MAX_VALUES = 100
# "Amazon CloudWatch API Reference", Dimension: the length of a value.
_MAX_DIMENSION = 1024
# "limited to a maximum size of 256 KB", later raised to 1 MB: the smaller one.
_MAX_LINE_BYTES = 256 * 1024


@dataclass(frozen=True)
class Metric:
    """A metric in CloudWatch is its namespace, name and dimensions."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Value:
    metric: Metric
    # Seconds since 1970.
    at: float
    value: float


def mistakes(line: str) -> list[str]:
    """Why CloudWatch would not make metrics of the line. Empty if it would."""
    try:
        document = json.loads(line)
    except json.JSONDecodeError as error:
        return [f"the line is not one JSON value: {error}"]
    validator = Draft202012Validator(json.loads(_SCHEMA.read_text()))
    found = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]
    if len(line.encode()) > _MAX_LINE_BYTES:
        found.append(f"the line has more than {_MAX_LINE_BYTES} bytes")
    if found:
        return found
    for directive in document["_aws"]["CloudWatchMetrics"]:
        for key in {key for keys in directive["Dimensions"] for key in keys}:
            value = document.get(key)
            if not isinstance(value, str) or not 1 <= len(value) <= _MAX_DIMENSION:
                found.append(f"the dimension {key} has no text: {value!r}")
        for metric in directive["Metrics"]:
            found += _mistakes_of_target(metric["Name"], document.get(metric["Name"]))
    return found


def _mistakes_of_target(name: str, target) -> list[str]:
    values = target if isinstance(target, list) else [target]
    if not values or len(values) > _MAX_VALUES:
        return [f"the metric {name} has {len(values)} values"]
    wrong = [value for value in values if isinstance(value, bool) or not isinstance(value, int | float)]
    return [f"the metric {name} is not a number: {value!r}" for value in wrong]


def values(line: str) -> list[Value]:
    """What CloudWatch makes of a line that has no mistakes: one value for each metric and set of dimensions."""
    document = json.loads(line)
    at = document["_aws"]["Timestamp"] / 1000
    found = []
    for directive in document["_aws"]["CloudWatchMetrics"]:
        for keys in directive["Dimensions"]:
            dimensions = frozenset((key, document[key]) for key in keys)
            for definition in directive["Metrics"]:
                metric = Metric(directive["Namespace"], definition["Name"], dimensions)
                target = document[definition["Name"]]
                found += [Value(metric, at, value) for value in (target if isinstance(target, list) else [target])]
    return found
