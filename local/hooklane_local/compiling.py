"""How cargo builds what is tested here.

HOOKLANE_CARGO_PROFILE=ci builds everything once, optimised: tests, functions and the harness of `make limits` then
share every crate. CI does so, because a build from nothing is most of its time. The functions are then built with
the features of the tests' dependencies, or else cargo would build the AWS SDK a second time (docs/adr/0086).
Without it the functions and tests are those of the profile `dev`, which is quicker after a change.
"""

import os
from pathlib import Path

from hooklane_local.paths import LOCAL, ROOT
from hooklane_local.progress import Failure
from hooklane_local.tools import host_target

VARIABLE = "HOOKLANE_CARGO_PROFILE"
_SHARED = "ci"
_PROFILES = ("dev", _SHARED)


def cargo_profile() -> str:
    named = os.environ.get(VARIABLE) or "dev"
    if named not in _PROFILES:
        raise Failure(f"{VARIABLE} must be one of {', '.join(_PROFILES)}, not {named!r}")
    return named


def options() -> list[str]:
    """What every command of cargo says, so that each reuses what the others have built.

    The whole workspace, because cargo chooses the dependencies' features by what is built. The target is named, so
    that build scripts and macros are kept apart from what is built for the host.
    """
    return ["--workspace", "--profile", cargo_profile(), "--target", host_target()]


def programs() -> list[str]:
    """The options by which all programs are built."""
    return [*options(), "--bins", *(["--tests"] if is_shared() else [])]


def is_shared() -> bool:
    return cargo_profile() == _SHARED


def folder(profile: str) -> Path:
    """Where cargo puts what it builds with this profile."""
    return ROOT / "target" / host_target() / ("debug" if profile == "dev" else profile)


def for_cargo_lambda() -> dict[str, str]:
    """What makes cargo-lambda, which `sam build` calls, find what is built already.

    Otherwise it is told nothing, and builds for the profile `dev` what the template names.
    """
    return {"CARGO_LAMBDA_GLOBAL": str(LOCAL / "cargo-lambda-ci.toml")} if is_shared() else {}
