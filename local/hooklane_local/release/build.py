"""Compiles what a release holds: every function, optimised, for one architecture.

`cargo auditable` writes the crates of each program into it, where scanners of vulnerabilities find them. The folders
of this machine are written as fixed names, so that two checkouts of a commit compile to the same bytes.
"""

import os
import subprocess
from pathlib import Path

from hooklane_local.environment import for_build_tools
from hooklane_local.paths import ROOT
from hooklane_local.processes import run
from hooklane_local.progress import say, step
from hooklane_local.release.crates import target_of
from hooklane_local.tools import install_release_tools

# `cargo auditable` names itself as the wrapper of the compiler, with its folder, and cargo makes the wrapper's name
# part of every symbol of the workspace. So it starts `env` in place of cargo (`CARGO`), which takes the folder from the
# name and starts cargo.
_AUDITABLE = [
    "cargo-auditable", "auditable", "-u", "CARGO", "RUSTC_WORKSPACE_WRAPPER=cargo-auditable", "cargo"
]  # fmt: skip
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
    install_release_tools()
    command = [*_AUDITABLE, "lambda", "build", "--release", "--locked", _OPTIONS[architecture], *packages]
    with step(f"compiling the functions for {architecture} (takes minutes)"):
        # A target folder of its own: the flags differ from those of every other build.
        flags = _without_folders() | {"CARGO_TARGET_DIR": str(ROOT / "target" / "release-build"), "CARGO": "env"}
        run([*command, "--lambda-dir", folder], environment=for_build_tools() | flags, cwd=ROOT)
    return folder


def _without_folders() -> dict[str, str]:
    """Flags by which a panic's message names the same place wherever it was compiled."""
    cargo = os.environ.get("CARGO_HOME") or Path.home() / ".cargo"
    flags = [f"--remap-path-prefix={cargo}=/cargo", f"--remap-path-prefix={ROOT}=/hooklane"]
    return {"RUSTFLAGS": " ".join(filter(None, [os.environ.get("RUSTFLAGS"), *flags]))}


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
