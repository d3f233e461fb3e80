"""Finds circles among the imports of this workspace's Rust modules: `python3 -m hooklane_local.circles`.

Two rules hold in every crate:

1. Sibling modules form no circle. What a module's descendants import counts as imported by the module.
   A module and its own descendants may import from each other.
2. No module imports an item that is defined in the crate's root file (lib.rs, main.rs). The root puts
   the modules together and depends on all of them, so an import back is a circle too.

An import is a `use`, a path in code, a name that a glob brings in, or a macro of a module above. Code
under `#[cfg(test)]` does not count. A re-export counts as an import of the module that defines the item.
"""

import re
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hooklane_local.paths import ROOT
from hooklane_local.progress import Failure, say
from hooklane_local.rust_names import Reference, references
from hooklane_local.rust_source import Module, Segments, read_crate

_CRATES = ("shared/*", "shared/*/*", "functions/*", "tests/pipeline", "tests/simulation")
_TARGETS = ("src/lib.rs", "src/main.rs", "src/bin/*.rs", "tests/*.rs", "examples/*.rs")
_NAMES_SHOWN = 4
_PLACES_SHOWN = 3


@dataclass(frozen=True)
class Allowed:
    """Two sibling modules that may import from each other. They count as one module."""

    crate: str
    modules: tuple[str, str]
    reason: str


# Only recursive data belongs here: two types that contain each other.
ALLOWED: tuple[Allowed, ...] = ()


@dataclass(frozen=True)
class Arrow:
    """What one module imports from a sibling."""

    taker: Segments
    giver: Segments
    references: tuple[Reference, ...]


@dataclass(frozen=True)
class Finding:
    """A broken rule: one line that names it, and the places in the source."""

    text: str
    places: tuple[str, ...]


def find_circles(workspace: Path, allowed: tuple[Allowed, ...] = ALLOWED) -> list[Finding]:
    """Every broken rule, and every exception that is no longer needed."""
    findings, used = [], set()
    for crate, root in _roots(workspace):
        mine = [each for each in allowed if each.crate == crate]
        arrows, from_root = _arrows(root)
        used |= {each for each in mine if _is_needed(each, arrows)}
        findings += [_circle(crate, circle, workspace) for circle in _shortest_circles(_merged(arrows, mine))]
        findings += [_taken_from_root(crate, taken, workspace) for taken in from_root]
    stale = [f"{each.crate}: {' and '.join(each.modules)}" for each in allowed if each not in used]
    return findings + [Finding(f"{pair} no longer need their exception", ()) for pair in stale]


def require_no_circles(workspace: Path = ROOT) -> None:
    """Prints every finding and fails if there is one."""
    findings = find_circles(workspace)
    for finding in findings:
        say("\n".join([finding.text, *(f"    {place}" for place in finding.places)]))
    if findings:
        raise Failure(f"import circles found: {len(findings)}. local/hooklane_local/circles.py has the rules")


def _roots(workspace: Path) -> Iterator[tuple[str, Module]]:
    """The name of each crate, with the module tree of each of its targets."""
    manifests = sorted({path for crate in _CRATES for path in workspace.glob(f"{crate}/Cargo.toml")})
    for manifest in manifests:
        text = manifest.read_text(encoding="utf-8")
        (name,) = re.findall(r'(?m)^name\s*=\s*"([^"]+)"', text.partition("[package]")[2])[:1]
        files = {path for pattern in _TARGETS for path in manifest.parent.glob(pattern)}
        # Targets that name their file. The path of a dependency names a folder.
        files |= {manifest.parent / path for path in re.findall(r'(?m)^path\s*=\s*"([^"]+\.rs)"', text)}
        for file in sorted(files):
            yield name, read_crate(file)


def _arrows(root: Module) -> tuple[list[Arrow], list[list[Reference]]]:
    """The arrows between siblings, and for each module its imports from the root file."""
    beside: dict[tuple[Segments, Segments], list[Reference]] = {}
    from_root: dict[Segments, list[Reference]] = {}
    for reference in references(root):
        taker, giver = reference.taker.path, reference.item.module.path
        common = next((n for n, pair in enumerate(zip(taker, giver)) if pair[0] != pair[1]), None)
        if common is not None:
            pair = taker[: common + 1], giver[: common + 1]
            beside.setdefault(pair, []).append(reference)
        elif not giver and taker and reference.item.name is not None:
            from_root.setdefault(taker, []).append(reference)
    return [Arrow(*pair, tuple(found)) for pair, found in beside.items()], list(from_root.values())


def _is_needed(allowed: Allowed, arrows: list[Arrow]) -> bool:
    one, other = (tuple(name.split("::")) for name in allowed.modules)
    pairs = {(arrow.taker, arrow.giver) for arrow in arrows}
    return (one, other) in pairs and (other, one) in pairs


def _merged(arrows: list[Arrow], allowed: list[Allowed]) -> list[Arrow]:
    """The arrows, with the two modules of each exception merged into one."""
    for each in allowed:
        one, other = (tuple(name.split("::")) for name in each.modules)
        arrows = [
            Arrow(*(one if end == other else end for end in (arrow.taker, arrow.giver)), arrow.references)
            for arrow in arrows
        ]
    return [arrow for arrow in arrows if arrow.taker != arrow.giver]


def _shortest_circles(arrows: list[Arrow]) -> list[list[Arrow]]:
    """Circles that together contain every arrow of any circle, shortest first."""
    outgoing: dict[Segments, list[Arrow]] = {}
    for arrow in sorted(arrows, key=lambda arrow: (arrow.taker, arrow.giver)):
        outgoing.setdefault(arrow.taker, []).append(arrow)
    circles = []
    for arrow in (arrow for found in outgoing.values() for arrow in found):
        back = _shortest_way(outgoing, arrow.giver, arrow.taker)
        if back is not None:
            circles.append([arrow, *back])
    shown: set[tuple[Segments, Segments]] = set()
    kept = []
    for circle in sorted(circles, key=len):
        ends = {(arrow.taker, arrow.giver) for arrow in circle}
        if not ends <= shown:
            kept.append(circle)
            shown |= ends
    return kept


def _shortest_way(outgoing: dict[Segments, list[Arrow]], start: Segments, goal: Segments) -> list[Arrow] | None:
    """Breadth first, so the first way to arrive is a shortest one."""
    ways: dict[Segments, list[Arrow]] = {start: []}
    waiting = deque([start])
    while waiting:
        at = waiting.popleft()
        if at == goal:
            return ways[at]
        for arrow in outgoing.get(at, []):
            if arrow.giver not in ways:
                ways[arrow.giver] = [*ways[at], arrow]
                waiting.append(arrow.giver)
    return None


def _circle(crate: str, circle: list[Arrow], workspace: Path) -> Finding:
    steps = "".join(f" -> {'::'.join(arrow.giver)} ({_names(arrow.references)})" for arrow in circle)
    places = [place for arrow in circle for place in _places(arrow.references, workspace)]
    return Finding(f"{crate}: {'::'.join(circle[0].taker)}{steps}", tuple(places))


def _taken_from_root(crate: str, taken: list[Reference], workspace: Path) -> Finding:
    root = taken[0].item.module.file.name
    text = f"{crate}: {'::'.join(taken[0].taker.path)} -> {root} ({_names(taken)}), the crate's root"
    return Finding(text, tuple(_places(taken, workspace)))


def _names(taken) -> str:
    names = list(dict.fromkeys(each.item.name or each.item.module.path[-1] for each in taken))
    more = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _places(taken, workspace: Path) -> list[str]:
    places = []
    for each in taken:
        item = "::".join([*each.item.module.path, *filter(None, [each.item.name])])
        places.append(f"{each.taker.file.relative_to(workspace)}:{each.line} uses {item}")
    places = list(dict.fromkeys(places))
    more = len(places) - _PLACES_SHOWN
    return places[:_PLACES_SHOWN] + ([f"and {more} more"] if more > 0 else [])


if __name__ == "__main__":
    try:
        require_no_circles()
    except Failure as failure:
        sys.exit(str(failure))
    say("no import circles")
