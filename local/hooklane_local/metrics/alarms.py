"""Evaluates a metric alarm on values, period by period.

By "Using Amazon CloudWatch alarms" and "Configuring how CloudWatch alarms treat missing data" (Amazon CloudWatch
User Guide), except that AWS may look further back than the evaluation periods if data is missing.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from hooklane_local.metrics.embedded import Metric, Value

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}
_STATISTICS: dict[str, Callable[[list[float]], float]] = {
    "Average": lambda values: sum(values) / len(values),
    "Sum": sum,
    "Minimum": min,
    "Maximum": max,
    "SampleCount": len,
}


@dataclass(frozen=True)
class Alarm:
    """The properties of an `AWS::CloudWatch::Alarm` that decide when it rings."""

    name: str
    metric: Metric
    statistic: str
    period: int
    evaluation_periods: int
    datapoints_to_alarm: int
    operator: str
    threshold: float
    missing: str
    actions: list[str] = field(default_factory=list, hash=False)
    description: str = ""

    @classmethod
    def of(cls, properties: dict) -> "Alarm":
        dimensions = frozenset((one["Name"], one["Value"]) for one in properties["Dimensions"])
        return cls(
            name=properties["AlarmName"],
            metric=Metric(properties["Namespace"], properties["MetricName"], dimensions),
            statistic=properties.get("Statistic") or properties["ExtendedStatistic"],
            period=int(properties["Period"]),
            evaluation_periods=int(properties["EvaluationPeriods"]),
            datapoints_to_alarm=int(properties["DatapointsToAlarm"]),
            operator=properties["ComparisonOperator"],
            threshold=float(properties["Threshold"]),
            missing=properties["TreatMissingData"],
            actions=properties.get("AlarmActions", []),
            description=properties["AlarmDescription"],
        )


def states(alarm: Alarm, values: Iterable[Value], start: float, end: float) -> list[str]:
    """The alarm's state after each of its periods from `start` to `end`, which begin at `start`."""
    points = [(value.at, value.value) for value in values if value.metric == alarm.metric]
    periods = int((end - start) // alarm.period)
    breaching = []
    for number in range(periods):
        begin = start + number * alarm.period
        within = [value for at, value in points if begin <= at < begin + alarm.period]
        breaching.append(_breaches(alarm, statistic(alarm.statistic, within)) if within else None)
    state, found = "INSUFFICIENT_DATA", []
    for number in range(alarm.evaluation_periods, periods + 1):
        state = _state(alarm, breaching[number - alarm.evaluation_periods : number], state)
        found.append(state)
    return found


def statistic(name: str, values: list[float]) -> float:
    """A statistic of a period. A percentile `pNN` is the smallest value that NN % do not exceed."""
    if name in _STATISTICS:
        return _STATISTICS[name](values)
    share = float(name.removeprefix("p")) / 100
    return sorted(values)[max(math.ceil(share * len(values)) - 1, 0)]


def _breaches(alarm: Alarm, value: float) -> bool:
    return _OPERATORS[alarm.operator](value, alarm.threshold)


def _state(alarm: Alarm, window: list[bool | None], before: str) -> str:
    if alarm.missing in ("breaching", "notBreaching"):
        window = [alarm.missing == "breaching" if one is None else one for one in window]
    known = [one for one in window if one is not None]
    if not known:
        return before if alarm.missing == "ignore" else "INSUFFICIENT_DATA"
    if sum(known) >= alarm.datapoints_to_alarm:
        return "ALARM"
    # Whatever the missing ones would be, they could not make enough.
    if sum(known) + len(window) - len(known) < alarm.datapoints_to_alarm:
        return "OK"
    return before if alarm.missing == "ignore" else "OK"
