"""What pytest reported: `make test` lists at its end the tests that failed, and the skipped ones with their reasons."""

import os
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

from hooklane_local.progress import Failure, say

_LONGEST_MESSAGE = 300


def skips_fail() -> bool:
    """Whether a skipped test is a failure: HOOKLANE_NO_SKIPS=1, which `.ci/run` sets."""
    return os.environ.get("HOOKLANE_NO_SKIPS", "0") not in ("", "0")


class Reports:
    """Counts skipped tests by their reason, and keeps the names of those that failed."""

    def __init__(self) -> None:
        self._skipped: Counter[str] = Counter()
        self._failed: list[tuple[str, str]] = []

    def add(self, report: Path) -> None:
        """Adds a report in JUnit's format. A run that ended early has written none."""
        if not report.exists():
            return
        for case in ElementTree.parse(report).iter("testcase"):
            for result in case:
                if result.tag in ("failure", "error"):
                    self._failed.append((f"{case.get('classname')}::{case.get('name')}", _first_line(result)))
                # pytest reports an expected failure as skipped too, with the type `pytest.xfail`.
                elif result.tag == "skipped" and result.get("type") == "pytest.skip":
                    self._skipped[result.get("message", "no reason given")] += 1

    def print(self) -> None:
        """One line for each reason of skipped tests, and then two for each test that failed; otherwise nothing.

        The failed ones come last: a log that is cut keeps its end.
        """
        if self._skipped:
            say("\nSkipped:")
        for reason, tests in sorted(self._skipped.items()):
            say(f"  {tests:4} {'test ' if tests == 1 else 'tests'}  {reason}")
        if self._failed:
            say("\nFailed:")
        for test, message in self._failed:
            say(f"  {test}\n      {message}")

    def require_no_skip(self) -> None:
        """Fails if a test was skipped where skips are failures."""
        if self._skipped and skips_fail():
            raise Failure(f"{self._skipped.total()} tests were skipped, and HOOKLANE_NO_SKIPS forbids it")


def _first_line(result: ElementTree.Element) -> str:
    lines = (result.get("message") or "no message").splitlines()
    return lines[0][:_LONGEST_MESSAGE] if lines else "no message"
