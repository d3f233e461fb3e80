"""`make limits`: the functions under Lambda's limits, given hostile inputs."""

import os
from pathlib import Path

from hooklane_local import compiling, harness
from hooklane_local.environment import for_build_tools
from hooklane_local.paths import ROOT
from hooklane_local.processes import run
from hooklane_local.progress import step

# CI has no more time. `make long` searches for five minutes.
_SEARCH_SECONDS = {"ci": "6", "release": "300"}
# What the harness reads from the environment; the Makefile passes it on.
_OPTIONS = ("SEED", "SEARCH_SECONDS", "ONLY", "PARALLEL", "WEBHOOKS")


def run_limits(*, release: bool, binaries: str | None) -> None:
    """Builds the functions and the harness, and runs every hostile input.

    Without `release` the build is that of CI: the release profile without link-time optimization. With it,
    it is the deployed build. `binaries` names a folder with functions that are built already.
    """
    profile = "release" if release else "ci"
    with step(f"building the functions and the harness ({profile})"):
        harness.build(profile, functions=binaries is None)
    built = compiling.folder(profile)
    folder = Path(binaries).resolve() if binaries else built
    environment = for_build_tools()
    environment.update({name: os.environ[name] for name in _OPTIONS if os.environ.get(name)})
    environment["BIN"] = str(folder)
    # make exports a variable that nobody set, too: as an empty one.
    environment["SEARCH_SECONDS"] = os.environ.get("SEARCH_SECONDS") or _SEARCH_SECONDS[profile]
    program = harness.program(profile)
    with step("hostile inputs"):
        run([program, "limits"], environment=environment, cwd=ROOT)
    if not environment.get("ONLY"):
        with step("the worst that is accepted, all together"):
            run([program, "worst"], environment=environment, cwd=ROOT)


def run_costs() -> None:
    """Counts what pages and figures ask of the tables, and what figures cost of a delivery's price."""
    with step("building the functions and the harness (ci)"):
        harness.build("ci", functions=True)
    built = compiling.folder("ci")
    environment = {**for_build_tools(), "BIN": str(built)}
    for name, command in [("pages and figures", "pages"), ("figures' share of a delivery's price", "figures")]:
        with step(name):
            run([harness.program("ci"), command], environment=environment, cwd=ROOT)


def run_stand_in_conformance() -> None:
    """Holds the conformance suite of the stores and queues against the stand-ins of the harness."""
    with step("building the harness"):
        harness.build("ci", functions=True)
    suite = ["cargo", "test", "--locked", *compiling.options(), "--test", "conformance"]
    with step("conformance of the stores and queues with the stand-ins"):
        run([harness.program("ci"), "stand-in", *suite, "--", "--include-ignored"], environment=for_build_tools(), cwd=ROOT)
