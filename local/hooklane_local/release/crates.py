"""Which crates are compiled into a program, by what `cargo metadata` says."""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from hooklane_local.environment import for_build_tools
from hooklane_local.paths import ROOT
from hooklane_local.progress import Failure

_TARGETS = {"x86_64": "x86_64-unknown-linux-gnu", "arm64": "aarch64-unknown-linux-gnu"}


@dataclass(frozen=True, order=True)
class Crate:
    name: str
    version: str
    licence: str | None
    # None for a crate of this workspace.
    registry: str | None

    @property
    def purl(self) -> str:
        return f"pkg:cargo/{self.name}@{self.version}"


def target_of(architecture: str) -> str:
    """The compiler's name for an architecture of Lambda."""
    return _TARGETS[architecture]


def metadata(architecture: str, checkout: Path = ROOT) -> dict:
    """What cargo knows of the workspace's dependencies on this architecture. It compiles nothing."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", target_of(architecture)]
    try:
        said = subprocess.run(command, cwd=checkout, env=for_build_tools(), capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Failure(f"`cargo metadata` failed: {getattr(error, 'stderr', None) or error}") from error
    return json.loads(said.stdout)


def crates_of(package: str, known: dict) -> list[Crate]:
    """The crates whose code is in the program of this package, itself among them.

    A macro writes code of the program, so it is among them with what it needs. A build script is not.
    Features are those of the whole workspace, so an optional crate that only another program uses is listed too.
    """
    packages = {one["id"]: one for one in known["packages"]}
    linked = {
        node["id"]: [dependency["pkg"] for dependency in node["deps"] if _is_linked(dependency)]
        for node in known["resolve"]["nodes"]
    }
    roots = [name for name in known["workspace_members"] if packages[name]["name"] == package]
    if not roots:
        raise Failure(f"`cargo metadata` knows no package {package}")
    found, left = set(), roots
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            left.extend(linked[one])
    return sorted(_crate(packages[one]) for one in found)


def checksums(lock: Path) -> dict[tuple[str, str], str]:
    """The SHA-256 of each crate's archive by name and version, as Cargo.lock has it."""
    blocks = lock.read_text().split("[[package]]\n")[1:]
    fields = (dict(re.findall(r'^(\w+) = "(.*)"$', block, re.MULTILINE)) for block in blocks)
    return {(one["name"], one["version"]): one["checksum"] for one in fields if "checksum" in one}


def _is_linked(dependency: dict) -> bool:
    """A kind of null is that of an ordinary dependency."""
    return any(kind["kind"] is None for kind in dependency["dep_kinds"])


def _crate(package: dict) -> Crate:
    # The old form of a choice is no expression of SPDX.
    licence = package["license"] and package["license"].replace("/", " OR ")
    return Crate(package["name"], package["version"], licence, package["source"])
