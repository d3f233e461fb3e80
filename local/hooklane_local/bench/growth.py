"""How the cost of a delivery grows: figures along four axes, their table, and their picture."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from hooklane_local.bench import model
from hooklane_local.bench.case import Case
from hooklane_local.bench.deployed import PIPELINE, Deployed
from hooklane_local.bench.figures import Measured
from hooklane_local.bench.merge import figures_of
from hooklane_local.bench.plot import Curve, Plot, svg
from hooklane_local.bench.prices import Prices
from hooklane_local.bench.table import dollars, number, table
from hooklane_local.paths import ROOT
from hooklane_local.progress import Failure

FIGURES = ROOT / "docs" / "figures" / "growth.jsonl"
PICTURE = ROOT / "docs" / "growth.svg"
# The axes in the order of table and picture, and what is counted along each.
AXES = {
    "events": "events that were accepted before",
    "webhooks": "webhooks of the tenant",
    "tenants": "tenants that publish",
    "stored": "deliveries that are stored",
}
# Events of the growth cases are those of the usual case.
_DATA_BYTES = 500


@dataclass(frozen=True)
class Point:
    """What a delivery takes where there are so many."""

    axis: str
    n: int
    cpu_us: float
    requests: float
    write_units: float
    read_units: float
    # For a million, on demand, without transfer.
    dollars: float

    def line(self) -> str:
        members = {key: round(value, 4) if isinstance(value, float) else value for key, value in asdict(self).items()}
        return json.dumps(members)

    @classmethod
    def of(cls, line: str) -> "Point":
        return cls(**json.loads(line))


def points_of(lines: Iterable[dict], prices: Prices, deployed: Deployed) -> list[Point]:
    """The points of the harness's lines. There is one line for each axis, number and function, or one for each run."""
    found: dict[tuple[str, int], dict[str, list[dict]]] = {}
    for line in lines:
        if line["case"] == "growth":
            found.setdefault((line["axis"], line["n"]), {}).setdefault(line["function"], []).append(line)
    if unknown := {axis for axis, _ in found} - set(AXES):
        raise Failure(f"the harness measured unknown axes: {', '.join(sorted(unknown))}")
    points = []
    for axis in AXES:
        for n in sorted(n for other, n in found if other == axis):
            functions = {one: figures_of(found[axis, n][one]) for one in PIPELINE if one in found[axis, n]}
            webhooks = n if axis == "webhooks" else 1
            measured = Measured(axis, Case(webhooks, 1, _DATA_BYTES), functions)
            used = measured.all
            points.append(
                Point(
                    axis,
                    n,
                    cpu_us=used.cpu_us,
                    requests=sum(used.requests.values()),
                    write_units=used.write_units,
                    read_units=used.read_units,
                    dollars=model.total(model.of_case(measured, prices, deployed)),
                )
            )
    return points


def table_of(points: Sequence[Point]) -> str:
    head = ("along", "n", "cpu µs", "requests", "write units", "read units", "$ a million")
    body = [
        (
            AXES[point.axis],
            f"{point.n:,}",
            number(point.cpu_us),
            number(point.requests),
            number(point.write_units),
            number(point.read_units),
            dollars(point.dollars),
        )
        for point in points
    ]
    return table(head, body)


def picture_of(points: Sequence[Point]) -> str:
    """Four plots: dollars and processor time of a delivery, as multiples of what they are at the first point."""
    plots = []
    for axis, title in AXES.items():
        along = [point for point in points if point.axis == axis]
        if not along:
            continue
        first = along[0]
        curves = [
            Curve("dollars", [(point.n, point.dollars / first.dollars) for point in along]),
            Curve("processor time", [(point.n, point.cpu_us / first.cpu_us) for point in along]),
        ]
        plots.append(Plot(title, curves))
    return svg("What a delivery costs, as a multiple of the first point of each plot", plots)


def store(points: Sequence[Point]) -> None:
    FIGURES.parent.mkdir(exist_ok=True)
    FIGURES.write_text("".join(f"{point.line()}\n" for point in points))
    PICTURE.write_text(picture_of(points))


def stored() -> list[Point]:
    return [Point.of(line) for line in FIGURES.read_text().splitlines()] if FIGURES.exists() else []
