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


# The harness is not what is measured: one build of it serves every profile of the functions.
_PROFILE = "ci"


def build(profile: str, *, functions: bool, more: Sequence[str] = ()) -> None:
    """Builds the harness and more packages, and the functions unless some that are built already are to be run.

    The functions are not compiled together with the harness, whose dependencies have features that they lack.
    """
    if profile == compiling.cargo_profile():
        # The tests have built all of it already.
        _cargo(compiling.programs())
        return
    packages = [*more, *(f"hooklane-{function}" for function in FUNCTIONS if functions)]
    if packages:
        _cargo(_programs(profile, packages))
    _cargo(compiling.programs() if compiling.cargo_profile() == _PROFILE else _programs(_PROFILE, [_PACKAGE]))


def program(profile: str, name: str = _PACKAGE) -> Path:
    return compiling.folder(_PROFILE if name == _PACKAGE else profile) / name


def _programs(profile: str, packages: Sequence[str]) -> list[str]:
    named = [word for package in packages for word in ("--package", package)]
    return ["--profile", profile, "--bins", "--target", host_target(), *named]


def _cargo(chosen: Sequence[str]) -> None:
    run(["cargo", "build", "--locked", *chosen], environment=for_build_tools(), cwd=ROOT)
