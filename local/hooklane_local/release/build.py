"""Compiles what a release holds: every function, optimised, for one architecture."""

import subprocess
from pathlib import Path

from hooklane_local.environment import for_build_tools
from hooklane_local.paths import ROOT
from hooklane_local.processes import run
from hooklane_local.progress import say, step
from hooklane_local.release.crates import target_of

_OPTIONS = {"x86_64": "--x86-64", "arm64": "--arm64"}


def compile_functions(architecture: str, programs: list[str]) -> Path | None:
    """Returns the folder with `PROGRAM/bootstrap` of each, or None if this machine lacks the compiler's target.

    Only the functions' packages are chosen, so that no feature that a test or a tool asks for gets into them.
    """
    target = target_of(architecture)
    if not _has_target(target):
        say(f"!!! NOT BUILT for {architecture}: the compiler's target {target} cannot be had here")
        return None
    folder = ROOT / "target" / "release-lambda" / architecture
    packages = [word for program in programs for word in ("--package", program)]
    with step(f"compiling the functions for {architecture} (takes minutes)"):
        run(
            ["cargo", "lambda", "build", "--release", "--locked", _OPTIONS[architecture], *packages, "--lambda-dir", folder],
            environment=for_build_tools(),
            cwd=ROOT,
        )
    return folder


def _has_target(target: str) -> bool:
    """Whether the compiler has this target, or rustup can bring it."""
    environment = for_build_tools()

    def said(*command: str) -> str | None:
        try:
            ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            return None
        return ended.stdout.strip()

    library = said("rustc", "--print", "target-libdir", "--target", target)
    if library and Path(library).exists():
        return True
    return said("rustup", "target", "add", target) is not None
