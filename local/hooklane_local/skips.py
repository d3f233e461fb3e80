"""The tests that pytest skipped, with their reasons: `make test` lists them at its end."""

import os
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

from hooklane_local.progress import Failure, say


def skips_fail() -> bool:
    """Whether a skipped test is a failure: HOOKLANE_NO_SKIPS=1, which `.ci/run` sets."""
    return os.environ.get("HOOKLANE_NO_SKIPS", "0") not in ("", "0")


class Skips:
    """Counts skipped tests by their reason."""

    def __init__(self) -> None:
        self._count: Counter[str] = Counter()

    def add_report(self, report: Path) -> None:
        """Adds the skipped tests of a report in JUnit's format. A run that ended early has written none."""
        if not report.exists():
            return
        for skipped in ElementTree.parse(report).iter("skipped"):
            # pytest reports an expected failure as skipped too, with the type `pytest.xfail`.
            if skipped.get("type") == "pytest.skip":
                self._count[skipped.get("message", "no reason given")] += 1

    def print(self) -> None:
        """One line for each reason; nothing if no test was skipped."""
        if self._count:
            say("\nSkipped:")
        for reason, tests in sorted(self._count.items()):
            say(f"  {tests:4} {'test ' if tests == 1 else 'tests'}  {reason}")

    def require_none(self) -> None:
        """Fails if a test was skipped where skips are failures."""
        if self._count and skips_fail():
            raise Failure(f"{self._count.total()} tests were skipped, and HOOKLANE_NO_SKIPS forbids it")
