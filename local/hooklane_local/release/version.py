"""Which version a release is of, and when its commit was made."""

import re
import subprocess
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from hooklane_local.progress import Failure

# No plus sign: in the address of an object it would mean a blank.
_FORM = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?")


@dataclass(frozen=True)
class Release:
    version: str
    # Of the commit, and not of the build, so that a later build of the same commit says the same.
    committed: datetime


def release_of(checkout: Path) -> Release:
    """A commit with the tag of the workspace's version is that version; any other names its commit as well.

    So two releases that differ never have the same version, except with changes that are not committed: those say
    `dirty`.
    """
    version = workspace_version((checkout / "Cargo.toml").read_text())
    commit, seconds = _git(checkout, "log", "-1", "--abbrev=8", "--format=%h %ct").split()
    tags = _git(checkout, "tag", "--points-at", "HEAD").split()
    dirty = bool(_git(checkout, "status", "--porcelain", "--untracked-files=no"))
    if dirty or f"v{version}" not in tags:
        version = f"{version}-dev.{commit}{'.dirty' if dirty else ''}"
    return Release(version, datetime.fromtimestamp(int(seconds), timezone.utc))


def workspace_version(manifest: str) -> str:
    section = re.search(r"^\[workspace\.package\]\n(.*?)(?=^\[|\Z)", manifest, re.MULTILINE | re.DOTALL)
    found = section and re.search(r'^version = "(.+)"$', section[1], re.MULTILINE)
    if not found or not _FORM.fullmatch(found[1]):
        raise Failure("Cargo.toml names no version of the workspace that a release could have")
    return found[1]


def _git(checkout: Path, *arguments: str) -> str:
    try:
        return subprocess.run(
            ["git", *arguments], cwd=checkout, capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError) as error:
        raise Failure("a release is made in a git checkout, whose commit it names") from error
