"""Makes figures of the lines that the harness prints, and the lines of `make bench` of figures."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

from hooklane_local.bench import model
from hooklane_local.bench.case import Case
from hooklane_local.bench.deployed import PIPELINE, Deployed
from hooklane_local.bench.figures import ALL, LOOP, STAND_INS, START, Bench, Figures, Measured, Start
from hooklane_local.bench.prices import MILLION, Prices

# A field of `Figures` by its name in a line of the harness.
_FIELDS = {
    "deliveries": "deliveries",
    "cpu_us": "cpu_us_per_delivery",
    "write_units": "write_units_per_delivery",
    "read_units": "read_units_per_delivery",
    "invocations": "invocations_per_delivery",
    "busy_ms": "busy_ms_per_delivery",
    "stored_bytes": "stored_bytes_per_delivery",
    "log_bytes": "log_bytes_per_delivery",
    "peak_rss_mib": "peak_rss_mib",
}
_REQUESTS = "requests_per_delivery"


def figures_of(lines: list[dict]) -> Figures:
    """The medians of a function's lines, one for each run. A call that a run did not make counts as 0 there."""
    calls = sorted({call for line in lines for call in line.get(_REQUESTS, {})})
    found = {name: _median(line.get(key) for line in lines) for name, key in _FIELDS.items()}
    known = {name: value for name, value in found.items() if value is not None}
    requests = {call: median(line.get(_REQUESTS, {}).get(call, 0) for line in lines) for call in calls}
    return Figures(requests=requests, **known)


def merged(lines: Iterable[dict]) -> Bench:
    """The medians over all runs. What is no case and no start is left out."""
    by_case: dict[str, dict[str, list[dict]]] = {}
    for line in lines:
        by_case.setdefault(line["case"], {}).setdefault(line["function"], []).append(line)
    starts = {
        function: Start(_median(line["cold_start_ms"] for line in each), _median(line["binary_mib"] for line in each))
        for function, each in by_case.pop(START, {}).items()
    }
    stand_ins = by_case.pop(STAND_INS, {}).get(STAND_INS, [])
    cases = []
    for name, by_function in by_case.items():
        if (case := Case.of(name)) is None:
            continue
        functions = {one: figures_of(by_function[one]) for one in PIPELINE if one in by_function}
        limit = _median(line["cpu_us_per_post"] for line in by_function.get(LOOP, []))
        cases.append(Measured(name, case, functions, limit))
    return Bench(cases, starts, _median(line["requests_per_s"] for line in stand_ins))


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


@dataclass(frozen=True)
class Row:
    """A line of `make bench`: a case and a function, or all of them, or a start."""

    case: str
    function: str
    deliveries: float | None = None
    cpu_us_per_delivery: float | None = None
    requests_per_delivery: dict[str, float] = field(default_factory=dict)
    write_units_per_delivery: float | None = None
    read_units_per_delivery: float | None = None
    deliveries_per_s_per_core: float | None = None
    peak_rss_mib: float | None = None
    cold_start_ms: float | None = None
    binary_mib: float | None = None
    dollars_per_million: dict[str, float] = field(default_factory=dict)
    # Only of all functions together.
    limit_cpu_us: float | None = None
    cpu_ratio: float | None = None

    def line(self, **more) -> str:
        members = dict(vars(self))
        if self.function != ALL:
            del members["limit_cpu_us"], members["cpu_ratio"]
        return json.dumps({**{key: _rounded(value) for key, value in members.items()}, **more}, ensure_ascii=False)

    @classmethod
    def of(cls, line: str) -> "Row":
        return cls(**json.loads(line))


def rows(bench: Bench, prices: Prices, deployed: Deployed) -> list[Row]:
    """A row for each function of each case, one for all of them, and one for each program's start."""
    made = []
    for measured in bench.cases:
        for function, figures in measured.functions.items():
            dollars = model.of_function(function, figures, measured.case, prices, deployed)
            made.append(_row(measured.name, function, figures, dollars, bench.starts.get(function)))
        together = _row(measured.name, ALL, measured.all, model.of_case(measured, prices, deployed), None)
        made.append(Row(**{**vars(together), "limit_cpu_us": measured.limit_cpu_us, "cpu_ratio": measured.cpu_ratio}))
    for function, start in bench.starts.items():
        made.append(Row(START, function, cold_start_ms=start.cold_start_ms, binary_mib=start.binary_mib))
    return made


def _row(case: str, function: str, figures: Figures, dollars: dict[str, float], start: Start | None) -> Row:
    return Row(
        case,
        function,
        deliveries=figures.deliveries,
        cpu_us_per_delivery=figures.cpu_us,
        requests_per_delivery=figures.requests,
        write_units_per_delivery=figures.write_units,
        read_units_per_delivery=figures.read_units,
        deliveries_per_s_per_core=MILLION / figures.cpu_us if figures.cpu_us else None,
        peak_rss_mib=figures.peak_rss_mib,
        cold_start_ms=start.cold_start_ms if start else None,
        binary_mib=start.binary_mib if start else None,
        dollars_per_million=dollars,
    )


def _rounded(value):
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return round(value, 4) if isinstance(value, float) else value
