"""The commands `make bench` and `make bench-…`: they build, measure, and print what was measured."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hooklane_local import compiling, harness, revisions
from hooklane_local.bench import curve, figures, growth, page, releases, table, targets
from hooklane_local.bench.deployed import deployed
from hooklane_local.bench.merge import merged, rows
from hooklane_local.bench.prices import prices
from hooklane_local.environment import for_build_tools
from hooklane_local.paths import ROOT, STATE
from hooklane_local.processes import lines_of, run
from hooklane_local.progress import Failure, say, step

# Medians of so many runs. What disturbs the machine for a minute disturbs one of them.
RUNS = 5
# What the harness says of a case that the functions cannot do.
LEFT_OUT = "is left out"
NOW = "now"
_FOLDER = STATE / "bench"


@dataclass(frozen=True)
class Side:
    """Functions that are measured: today's, or those of another revision."""

    name: str
    binaries: Path


def bench(*, binaries: str | None, revision: str | None, write: bool) -> None:
    """Measures the deployed build, and if a revision is named that one too, run by run in turns."""
    _require_all_of_this_checkout(write, binaries, revision)
    sides = [Side(NOW, _built("release", binaries))]
    if revision:
        commit = revisions.commit_of(revision)
        sides.append(Side(commit, _built_at(commit)))
    runs = int(os.environ.get("RUNS") or RUNS)
    lines: dict[str, list[dict]] = {side.name: [] for side in sides}
    for number in range(runs):
        for side in sides:
            of_side = f" of {side.name}" if revision else ""
            with step(f"run {number + 1} of {runs}{of_side}"):
                lines[side.name] += _measured("release", "bench", side, RUN=str(number + 1))
    measured = {name: merged(each) for name, each in lines.items()}
    found = {name: rows(one, prices(), deployed()) for name, one in measured.items()}
    printed = {name: [row.line(**({"revision": name} if revision else {})) for row in each] for name, each in found.items()}
    if write:
        figures.FILE.parent.mkdir(exist_ok=True)
        figures.FILE.write_text("".join(f"{line}\n" for line in printed[NOW]))
        page.PAGE.write_text(page.current())
    say("\n".join(line for each in printed.values() for line in each))
    say(f"\n{table.of_rows(found[NOW])}\n\n{table.of_starts(found[NOW])}")
    if measured[NOW].stand_ins_per_s:
        say(f"\nThe stand-ins answer {measured[NOW].stand_ins_per_s:,.0f} requests a second.")
    if revision:
        say(f"\n{table.of_comparison(found[commit], found[NOW], commit)}")
    say(f"\n{table.of_targets(targets.targets(measured[NOW], prices(), deployed()))}")


def bench_quick(*, binaries: str | None) -> None:
    """Measures a few cases once, with CI's build, and fails if deliveries take more requests or units than they may."""
    side = Side(NOW, _built("ci", binaries))
    with step("one short run"):
        lines = _measured("ci", "bench", side, QUICK="1")
    measured = merged(lines)
    found = rows(measured, prices(), deployed())
    say("\n".join(row.line() for row in found))
    say(f"\n{table.of_rows(found)}")
    judged = targets.targets(measured, prices(), deployed())
    say(f"\n{table.of_targets([one for one in judged if one.target.is_count])}")
    if broken := targets.broken_counts(judged):
        raise Failure("; ".join(broken))


def bench_growth(*, binaries: str | None, write: bool) -> None:
    """Measures how the cost of a delivery grows with events, webhooks, tenants, and what is stored."""
    _require_all_of_this_checkout(write, binaries)
    side = Side(NOW, _built("release", binaries))
    with step("growth"):
        lines = _measured("release", "bench-growth", side)
    points = growth.points_of(lines, prices(), deployed())
    say("\n".join(point.line() for point in points))
    say(f"\n{growth.table_of(points)}")
    if write:
        growth.store(points)
        page.PAGE.write_text(page.current())


def bench_releases(*, binaries: str | None) -> None:
    """Measures what a run of `upkeep` releases of parked deliveries, under Lambda's limits and without."""
    _print_measured("bench-releases", "parked deliveries, and runs of upkeep", binaries, releases.table_of)


def bench_fanout(*, binaries: str | None) -> None:
    """Measures one invocation of `fanout` for events with up to 10,000 webhooks, by batch and memory."""
    _print_measured("bench-fanout", "fan-out", binaries, curve.table_of)


def _print_measured(command: str, name: str, binaries: str | None, table_of: Callable[[list[dict]], str]) -> None:
    """Prints the lines of a command of the harness as they are, and as a table."""
    side = Side(NOW, _built("release", binaries))
    with step(name):
        lines = _measured("release", command, side)
    say("\n".join(json.dumps(line) for line in lines))
    say(f"\n{table_of(lines)}")


def _require_all_of_this_checkout(write: bool, *others: str | None) -> None:
    if write and any([*others, os.environ.get("ONLY"), os.environ.get("MOST")]):
        raise Failure("WRITE=1 stores all figures of this checkout: leave out BIN, COMPARE, ONLY and MOST")


def _built(profile: str, binaries: str | None) -> Path:
    """Builds the harness, and the functions unless a folder with some is named. Returns the functions' folder."""
    with step(f"building the functions and the harness ({profile})"):
        harness.build(profile, functions=binaries is None, more=[harness.NOTHING])
    return Path(binaries).resolve() if binaries else compiling.folder(profile)


def _built_at(commit: str) -> Path:
    """The folder with the functions of another commit, compiled from its own sources by its own release profile."""
    folder = _FOLDER / commit / "bin"
    checkout = revisions.sources(commit, _FOLDER / commit / "sources")
    # An earlier revision may lack one of today's functions.
    programs = [f"hooklane-{one}" for one in harness.FUNCTIONS if (checkout / "functions" / one).is_dir()]
    if all((folder / program).exists() for program in programs):
        return folder
    target = _FOLDER / "target"
    with step(f"building the functions of {commit}"):
        run(
            ["cargo", "build", "--release", "--locked", "--bins", "--target-dir", target,
             *(word for program in programs for word in ("--package", program))],
            environment=for_build_tools(),
            cwd=checkout,
        )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    for program in programs:
        # A copy: the next commit has programs of the same names.
        shutil.copy(target / "release" / program, folder / program)
    return folder


def _measured(profile: str, command: str, side: Side, **options: str) -> list[dict]:
    """The lines of the harness. What is no JSON is for people, and shown at once."""
    # The same program for every side: another revision may have none.
    nothing = harness.program(profile, harness.NOTHING)
    environment = {**for_build_tools(), "BIN": str(side.binaries), "NOTHING": str(nothing), **options}
    found = []
    for line in lines_of([harness.program(profile), command], environment=environment, cwd=ROOT):
        if line.startswith("{"):
            found.append(json.loads(line))
        elif side.name == NOW and LEFT_OUT in line:
            # Only an earlier revision may lack what a case needs.
            raise Failure(line)
        else:
            say(line)
    return found
