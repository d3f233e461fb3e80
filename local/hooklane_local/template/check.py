"""Holds the assertions against the default stack and each stack of the covering list."""

from hooklane_local.template.assertions import failures
from hooklane_local.template.resolve import Unresolvable
from hooklane_local.template.source import translate
from hooklane_local.template.stacks import COVERING
from hooklane_local.template.view import stack

STACKS: dict[str, dict[str, str]] = {"default": {}, **COVERING}


def problems(template: dict) -> list[tuple[str, str]]:
    """Each assertion that does not hold, by name, with what is wrong and in which stacks."""
    translated = translate(template)
    found: dict[tuple[str, str], list[str]] = {}
    for name, given in STACKS.items():
        try:
            broken = failures(stack(name, template, translated, given))
        except Unresolvable as error:
            broken = [("each stack of the list can be deployed", str(error))]
        for one in broken:
            found.setdefault(one, []).append(name)
    return [
        (assertion, problem if len(stacks) == len(STACKS) else f"{problem} (stacks: {', '.join(stacks)})")
        for (assertion, problem), stacks in found.items()
    ]
