"""Waiting until something is so."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def eventually(probe: Callable[[], Found | None], seconds: float, every: float = 0.2) -> Found | None:
    """Calls `probe` until it returns something true, and returns that; None after `seconds`.

    The probe is called once more when the time is over, so that a slow machine gets all of it.
    """
    deadline = time.monotonic() + seconds
    while True:
        last = time.monotonic() >= deadline
        found = probe()
        if found or last:
            return found or None
        time.sleep(min(every, max(0.0, deadline - time.monotonic())))
