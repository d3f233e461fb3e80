"""Progress on the terminal: steps with their durations, and errors."""

import sys
import time
from contextlib import contextmanager

_durations: list[tuple[str, float]] = []


class Failure(Exception):
    """An error that the user can act on. It is printed as one line, without a traceback."""


class Later:
    """Lets the steps after a failed one run too, so that one run shows every failure.

    Each `with later:` keeps the failure of its block; `fail()` raises them as one.
    """

    def __init__(self) -> None:
        self.failures: list[str] = []

    def __enter__(self) -> None: ...

    def __exit__(self, _kind, error: BaseException | None, _trace) -> bool:
        if not isinstance(error, Failure):
            return False
        complain(str(error))
        self.failures.append(str(error))
        return True

    def fail(self) -> None:
        if self.failures:
            raise Failure("; ".join(self.failures))


def say(text: str) -> None:
    print(text, flush=True)


@contextmanager
def step(name: str):
    """Prints the name of a step, and at its end how long it took."""
    say(f"==> {name}")
    started = time.monotonic()
    try:
        yield
    except BaseException:
        say(f"    stopped after {time.monotonic() - started:.1f} s: {name}")
        raise
    elapsed = time.monotonic() - started
    _durations.append((name, elapsed))
    say(f"    {elapsed:.1f} s")


def print_durations() -> None:
    """Prints the finished steps and how long each took."""
    if not _durations:
        return
    say("\nSteps:")
    for name, elapsed in _durations:
        say(f"  {elapsed:7.1f} s  {name}")
    say(f"  {sum(elapsed for _, elapsed in _durations):7.1f} s  total")


def complain(text: str) -> None:
    print(f"hooklane: {text}", file=sys.stderr, flush=True)
