"""Releases of earlier commits, to upgrade from. Each is compiled from its own sources, and packaged as today."""

import shutil
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from hooklane_local import revisions
from hooklane_local.environment import for_build_tools
from hooklane_local.paths import STATE
from hooklane_local.processes import run
from hooklane_local.profile import host_architecture
from hooklane_local.progress import step
from hooklane_local.release import names
from hooklane_local.release.crates import metadata
from hooklane_local.release.making import make_release
from hooklane_local.release.version import Release
from hooklane_local.template import source

_FOLDER = STATE / "upgrades" / "commits"
# What a program does is the same. The real profile would take three times as long for each commit.
_PROFILE = {"lto": "false", "codegen-units": "16", "opt-level": "1"}


def release_of_commit(commit: str, into: Path) -> Path:
    """Makes the release that this commit would have been, for this machine's processor."""
    checkout = revisions.sources(commit, _FOLDER / commit / "sources")
    template = source.read((checkout / "template.yaml").read_text())
    programs = names.programs(template)
    built = _compiled(commit, checkout, programs)
    version = Release(f"0.1.0-dev.{commit}", datetime.now(timezone.utc))
    architecture = host_architecture()
    return make_release(
        [], {architecture: built}, metadata_of=partial(metadata, checkout=checkout), release=version, template=template, into=into
    )


def _compiled(commit: str, checkout: Path, programs: list[str]) -> Path:
    """The folder with `PROGRAM/bootstrap` of each program."""
    target = _FOLDER / "target"
    settings = [word for key, value in _PROFILE.items() for word in ("--config", f"profile.release.{key}={value}")]
    with step(f"compiling {commit} (takes minutes the first time)"):
        run(
            ["cargo", "build", "--release", "--locked", "--bins", "--target-dir", target, *settings,
             *(word for program in programs for word in ("--package", program))],
            environment=for_build_tools(),
            cwd=checkout,
        )  # fmt: skip
    folder = _FOLDER / commit / "bin"
    for program in programs:
        (folder / program).mkdir(parents=True, exist_ok=True)
        # A copy: the next commit has programs of the same names.
        shutil.copy(target / "release" / program, folder / program / "bootstrap")
    return folder
