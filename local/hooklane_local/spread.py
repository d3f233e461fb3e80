"""The order of tests that several workers run: what takes long is begun first, and by different workers.

pytest-xdist gives each worker a part of the list, in its order, and whoever is done takes from another's end. So a
worker whose part begins with all that takes long is still busy when the others have nothing left.

A `conftest.py` that imports the two hooks has its tests ordered by their mark `long`.
"""

import os


def pytest_configure(config) -> None:
    config.addinivalue_line("markers", "long(seconds): takes about so many and is therefore started first")


def pytest_collection_modifyitems(items: list) -> None:
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    items[:] = longest_first(items, _seconds_of, workers)


def longest_first(items: list, seconds, workers: int) -> list:
    """The items with what takes long at the beginning of each worker's part, the longest first.

    `seconds(item)` is about how long an item takes, 0 if that is not worth mentioning. Those keep their order.
    """
    long = sorted((item for item in items if seconds(item)), key=seconds, reverse=True)
    short = [item for item in items if not seconds(item)]
    ordered = []
    for worker in range(workers):
        # As many as pytest-xdist gives it.
        size = (len(items) - len(ordered)) // (workers - worker)
        own = long[worker::workers][:size]
        ordered += own + short[: size - len(own)]
        short = short[size - len(own) :]
    # If there are more long ones than a worker's part holds, the rest comes last.
    return ordered + [item for item in items if item not in ordered] if len(ordered) < len(items) else ordered


def _seconds_of(test) -> float:
    """How long the mark `long` says that a test takes."""
    mark = test.get_closest_marker("long")
    return mark.args[0] if mark and mark.args else 0
