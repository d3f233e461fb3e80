"""What an invocation of `fanout` takes, by its batch and the webhooks of each event, as a table."""

from collections.abc import Iterable

from hooklane_local.bench.table import number, table

_SUBSCRIPTIONS = {"read": "read anew", "kept": "kept"}


def table_of(lines: Iterable[dict]) -> str:
    """A row for each invocation. Its seconds are those of its processor time at each memory size."""
    lines = list(lines)
    sizes = list(lines[0]["seconds_at_mb"]) if lines else []
    head = (
        "webhooks", "events", "subscriptions", "messages", "requests", "cpu ms", *(f"s at {size} MB" for size in sizes), "peak MiB",
    )  # fmt: skip
    body = [
        (
            f"{line['webhooks']:,}",
            f"{line['batch']:,}",
            _SUBSCRIPTIONS[line["subscriptions"]],
            f"{line['messages']:,}",
            f"{line['requests']:,}",
            number(line["cpu_ms"]),
            *(f"{line['seconds_at_mb'][size]:.2f}" for size in sizes),
            number(line["peak_rss_mib"]),
        )
        for line in lines
    ]
    return table(head, body)
