"""The table of assertions: what `template.yaml` must hold, why, and who says so."""

from hooklane_local.template.assertions import api, functions, keys, parameters, queues, roles, storage
from hooklane_local.template.assertions.table import TABLE, Assertion
from hooklane_local.template.view import Stack

__all__ = ["TABLE", "Assertion", "api", "failures", "functions", "keys", "parameters", "queues", "roles", "storage"]


def failures(stack: Stack) -> list[tuple[str, str]]:
    """The assertions that do not hold for this stack, by name, each with what is wrong."""
    return [(assertion.name, problem) for assertion in TABLE for problem in assertion.check(stack)]
