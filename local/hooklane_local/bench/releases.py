"""What a run of `upkeep` releases of parked deliveries, as a table."""

from collections.abc import Iterable

from hooklane_local.bench.table import number, table

_LIMITS = {"lambda": "as on Lambda", "none": "none"}
_HEAD = (
    "limits", "webhooks", "parked", "bytes", "released", "seconds", "a minute", "cpu µs", "requests", "writes", "reads", "peak MiB",
)  # fmt: skip


def table_of(lines: Iterable[dict]) -> str:
    """A row for each run. What is used is that of one released delivery."""
    body = [
        (
            _LIMITS[line["limits"]],
            f"{line['webhooks']:,}",
            f"{line['parked']:,}",
            f"{line['bytes']:,}",
            f"{line['released']:,}",
            f"{line['seconds']:.1f}",
            f"{line['released_a_minute']:,.0f}",
            number(line["cpu_us_per_delivery"]),
            number(sum(line["requests_per_delivery"].values())),
            number(line["write_units_per_delivery"]),
            number(line["read_units_per_delivery"]),
            number(line["peak_rss_mib"]),
        )
        for line in lines
    ]
    return table(_HEAD, body)
