"""Tables for people, in Markdown whose columns stand below each other."""

from collections.abc import Sequence
from unicodedata import combining

from hooklane_local.bench.figures import ALL, START
from hooklane_local.bench.merge import Row
from hooklane_local.bench.model import total
from hooklane_local.bench.targets import Judged

NOT_KNOWN = "–"


def table(head: Sequence[str], body: Sequence[Sequence[str]], *, left: int = 1, tail: int = 0) -> str:
    """A table whose first `left` and last `tail` columns are texts. The others are numbers, aligned to the right."""
    texts = {*range(left), *range(len(head) - tail, len(head))}
    widths = [max(3, *(_width(row[column]) for row in [head, *body])) for column in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell + " " * (width - _width(cell)) if column in texts else " " * (width - _width(cell)) + cell
            for column, (cell, width) in enumerate(zip(cells, widths))
        )
        return f"| {' | '.join(padded)} |"

    rule = ["-" * width if column in texts else "-" * (width - 1) + ":" for column, width in enumerate(widths)]
    return "\n".join([line(head), line(rule), *map(line, body)])


def _width(text: str) -> int:
    return sum(not combining(character) for character in text)


def number(value: float | None, digits: int = 3) -> str:
    """With so many digits that say something, and a comma for thousands."""
    if value is None:
        return NOT_KNOWN
    if value == 0:
        return "0"
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    return f"{value:.{digits}g}" if abs(value) >= 0.001 else f"{value:.1g}"


def percent(share: float, digits: int = 0) -> str:
    return f"{share * 100:.{digits}f} %"


def dollars(value: float | None) -> str:
    return NOT_KNOWN if value is None else f"{value:,.2f}"


_HEAD = (
    "case", "function", "cpu µs", "of the loop", "a core's deliveries/s", "DynamoDB", "SQS", "writes", "reads",
    "peak MiB", "$ a million",
)  # fmt: skip


def of_rows(rows: Sequence[Row]) -> str:
    """What each function uses for a delivery."""
    body = [
        (
            row.case,
            row.function,
            number(row.cpu_us_per_delivery),
            f"{row.cpu_ratio:.1f} ×" if row.cpu_ratio else "",
            number(row.deliveries_per_s_per_core),
            number(_requests(row, "DynamoDB")),
            number(_requests(row, "SQS")),
            number(row.write_units_per_delivery),
            number(row.read_units_per_delivery),
            number(row.peak_rss_mib),
            dollars(total(row.dollars_per_million)),
        )
        for row in rows
        if row.case != START
    ]
    return table(_HEAD, body, left=2)


def of_starts(rows: Sequence[Row]) -> str:
    body = [(row.function, number(row.cold_start_ms), number(row.binary_mib)) for row in rows if row.case == START]
    return table(("function", "cold start ms", "binary MiB"), body)


def of_targets(judged: Sequence[Judged]) -> str:
    body = [
        (
            one.target.what,
            one.target.case,
            f"{'<' if one.target.exclusive else '≤'} {number(one.target.bound)}",
            number(one.target.aim) if one.target.aim is not None else "",
            number(one.value),
            one.target.unit,
            one.verdict,
        )
        for one in judged
    ]
    return table(("target", "case", "must be", "aim", "is", "", ""), body, left=2, tail=2)


def of_comparison(before: Sequence[Row], now: Sequence[Row], revision: str) -> str:
    """Each case as a whole: at the revision, now, and by how much they differ."""
    earlier = {(row.case, row.function): row for row in before}
    both = [(earlier[key], row) for row in now if (key := (row.case, row.function)) in earlier]
    compared = [
        *((new.case, _of_case(old, new)) for old, new in both if new.function == ALL),
        *((f"{START} of {new.function}", _of_start(old, new)) for old, new in both if new.case == START),
    ]
    body = [
        (of, name, number(old), number(new), difference(old, new)) for of, pairs in compared for name, old, new in pairs
    ]
    return table(("case", "", revision, "now", "difference"), body, left=2)


_Pairs = list[tuple[str, float | None, float | None]]


def _of_case(old: Row, new: Row) -> _Pairs:
    return [
        ("cpu µs", old.cpu_us_per_delivery, new.cpu_us_per_delivery),
        ("of the loop", old.cpu_ratio, new.cpu_ratio),
        ("requests", _requests(old), _requests(new)),
        ("write units", old.write_units_per_delivery, new.write_units_per_delivery),
        ("read units", old.read_units_per_delivery, new.read_units_per_delivery),
        ("peak MiB", old.peak_rss_mib, new.peak_rss_mib),
        ("$ a million", total(old.dollars_per_million), total(new.dollars_per_million)),
    ]


def _of_start(old: Row, new: Row) -> _Pairs:
    return [
        ("cold start ms", old.cold_start_ms, new.cold_start_ms),
        ("binary MiB", old.binary_mib, new.binary_mib),
    ]


def difference(old: float | None, new: float | None) -> str:
    if old is None or new is None or not old:
        return NOT_KNOWN if old is None or new is None or new else "0 %"
    return f"{(new / old - 1) * 100:+.1f} %"


def _requests(row: Row, service: str | None = None) -> float:
    return sum(
        number for call, number in row.requests_per_delivery.items() if service is None or call.split()[0] == service
    )
