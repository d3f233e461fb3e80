"""A picture of small plots, as SVG: logarithmic to the right, linear from 0 upwards.

It brings its own background for light and for dark, because a page that shows it may be either. Curves differ in colour
and in their dashes, and each ends with its value.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_COLUMNS = 2
_WIDTH, _HEIGHT = 440, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 60, 44, 44
_HEAD = 64
_LINE_HEIGHT = 15
_CHARACTER_WIDTH = 7.5
_DASHES = ("", "6 4")
_STYLE = """\
  .ground { fill: #ffffff } .text { fill: #1f2328 } .faint { fill: #59636e } .grid { stroke: #d1d9e0 }
  .c0 { stroke: #0b5fa5 } .c1 { stroke: #b04e00 } .t0 { fill: #0b5fa5 } .t1 { fill: #b04e00 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #151b23 } .text { fill: #f0f6fc } .faint { fill: #9198a1 } .grid { stroke: #3d444d }
    .c0 { stroke: #6cb6ff } .c1 { stroke: #f0a35e } .t0 { fill: #6cb6ff } .t1 { fill: #f0a35e }
  }"""


@dataclass(frozen=True)
class Curve:
    name: str
    points: list[tuple[float, float]]


@dataclass(frozen=True)
class Plot:
    title: str
    curves: list[Curve]


def svg(title: str, plots: Sequence[Plot]) -> str:
    rows = math.ceil(len(plots) / _COLUMNS)
    width, height = _COLUMNS * _WIDTH, _HEAD + rows * _HEIGHT
    names = [curve.name for curve in plots[0].curves] if plots else []
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="title what" '
        'font-family="system-ui, sans-serif" font-size="12">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="what">{escape(_description(plots))}</desc>',
        f"<style>\n{_STYLE}\n</style>",
        f'<rect class="ground" width="{width}" height="{height}" rx="8"/>',
        f'<text class="text" x="{_LEFT}" y="26" font-size="15" font-weight="600">{escape(title)}</text>',
        *_legend(names),
    ]
    for place, plot in enumerate(plots):
        x, y = place % _COLUMNS * _WIDTH, _HEAD + place // _COLUMNS * _HEIGHT
        parts += [f'<g transform="translate({x} {y})">', *_plot(plot), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _description(plots: Sequence[Plot]) -> str:
    return " ".join(
        f"{curve.name} along {plot.title}: {', '.join(f'{n:,.0f}: {value:.2f}' for n, value in curve.points)}."
        for plot in plots
        for curve in plot.curves
    )


def _legend(names: Sequence[str]) -> list[str]:
    parts = []
    for place, name in enumerate(names):
        x = _LEFT + place * 150
        parts.append(f'<path class="c{place}" d="M{x} 46h28" fill="none" stroke-width="2.5"{_dashed(place)}/>')
        parts.append(f'<text class="text" x="{x + 36}" y="50">{escape(name)}</text>')
    return parts


def _plot(plot: Plot) -> list[str]:
    wide, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    numbers = sorted({n for curve in plot.curves for n, _ in curve.points})
    first, last = math.log10(numbers[0]), math.log10(numbers[-1])
    step, top = _steps(max(value for curve in plot.curves for _, value in curve.points))

    def across(n: float) -> float:
        return _LEFT + (wide * (math.log10(n) - first) / (last - first) if last > first else wide / 2)

    def down(value: float) -> float:
        return _TOP + high * (1 - value / top)

    parts = [f'<text class="text" x="{_LEFT}" y="{_TOP - 16}" font-weight="600">{escape(plot.title)}</text>']
    for count in range(round(top / step) + 1):
        y, label = down(count * step), f"{count * step:g}"
        parts.append(f'<path class="grid" d="M{_LEFT} {y:.1f}h{wide}"/>')
        parts.append(f'<text class="faint" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{label} ×</text>')
    for n in _with_room(numbers, across):
        label = f'<text class="faint" x="{across(n):.1f}" y="{_TOP + high + 18}" text-anchor="middle">{n:,.0f}</text>'
        parts.append(label)
    ends = []
    for place, curve in enumerate(plot.curves):
        path = " ".join(f"{across(n):.1f},{down(value):.1f}" for n, value in curve.points)
        parts.append(
            f'<polyline class="c{place}" points="{path}" fill="none" stroke-width="2.5" stroke-linejoin="round"'
            f"{_dashed(place)}/>"
        )
        parts += [f'<circle class="t{place}" cx="{across(n):.1f}" cy="{down(value):.1f}" r="3"/>' for n, value in curve.points]
        n, value = curve.points[-1]
        ends.append((down(value), place, across(n), f"{value:.2f} ×"))
    return parts + _labels(ends)


def _with_room(numbers: Sequence[float], across: Callable[[float], float]) -> list[float]:
    """The numbers whose labels do not touch each other. The last is the most interesting, so it comes first."""
    chosen, free = [], math.inf
    for n in reversed(numbers):
        half = len(f"{n:,.0f}") * _CHARACTER_WIDTH / 2
        if across(n) + half <= free:
            chosen.append(n)
            free = across(n) - half
    return chosen


def _labels(ends: list[tuple[float, int, float, str]]) -> list[str]:
    """The values at the ends of curves, from the top down, with room between them."""
    parts, free = [], -math.inf
    for y, place, x, text in sorted(ends):
        y = max(y, free)
        free = y + _LINE_HEIGHT
        parts.append(f'<text class="t{place}" x="{x + 8:.1f}" y="{y + 4:.1f}" font-weight="600">{text}</text>')
    return parts


def _steps(most: float) -> tuple[float, float]:
    """The distance of the lines, and the value of the uppermost: at least 2, with room above the curves."""
    for step in (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000):
        top = max(math.ceil(most * 1.05 / step) * step, 2)
        if top / step <= 5:
            return step, top
    return most, most


def _dashed(place: int) -> str:
    dashes = _DASHES[place % len(_DASHES)]
    return f' stroke-dasharray="{dashes}"' if dashes else ""
