"""The harness of `bench/`, and the functions that it runs."""

from collections.abc import Sequence
from pathlib import Path

from hooklane_local import compiling
from hooklane_local.environment import for_build_tools
from hooklane_local.paths import ROOT
from hooklane_local.processes import run
from hooklane_local.tools import host_target

FUNCTIONS = ("api", "ingest", "fanout", "stats", "delivery", "upkeep", "dashboard")
# A function that does nothing, beside which cold starts are judged.
NOTHING = "hooklane-nothing"
_PACKAGE = "hooklane-bench"


def build(profile: str, *, functions: bool, more: Sequence[str] = ()) -> None:
    """Builds the harness and more packages, and the functions unless some that are built already are to be run."""
    if profile == compiling.cargo_profile():
        # The tests have built it already.
        chosen = compiling.programs()
    else:
        packages = [_PACKAGE, *more, *(f"hooklane-{function}" for function in FUNCTIONS if functions)]
        chosen = ["--profile", profile, "--bins", "--target", host_target()]
        chosen += [word for package in packages for word in ("--package", package)]
    run(["cargo", "build", "--locked", *chosen], environment=for_build_tools(), cwd=ROOT)


def program(profile: str, name: str = _PACKAGE) -> Path:
    return compiling.folder(profile) / name
