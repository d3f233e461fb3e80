"""How an assertion is written down."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hooklane_local.template.view import Stack

Check = Callable[[Stack], Iterable[str]]


@dataclass(frozen=True)
class Assertion:
    """`check` yields a line for each place that breaks it. `source` is a page of AWS, or a decision of ours."""

    name: str
    why: str
    source: str
    check: Check


TABLE: list[Assertion] = []


def holds(name: str, *, why: str, source: str) -> Callable[[Check], Check]:
    def add(check: Check) -> Check:
        if any(one.name == name for one in TABLE):
            raise ValueError(f"two assertions are called {name!r}")
        TABLE.append(Assertion(name, why, source, check))
        return check

    return add
