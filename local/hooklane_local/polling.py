"""Waiting for what happens some time later."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def eventually(probe: Callable[[], Found | None], seconds: float, every: float = 0.2) -> Found | None:
    """Asks until the probe answers with something true; None when the time is over.

    The probe is asked once more at the very end, so that a slow machine gets its whole time.
    """
    deadline = time.monotonic() + seconds
    while True:
        last = time.monotonic() >= deadline
        found = probe()
        if found or last:
            return found or None
        time.sleep(min(every, max(0.0, deadline - time.monotonic())))
