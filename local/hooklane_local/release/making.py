"""Makes the folder of a release."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from hooklane_local.architecture import architecture_of
from hooklane_local.paths import ROOT
from hooklane_local.progress import Failure, say, step
from hooklane_local.release import names
from hooklane_local.release.archives import write_archive, write_documentation
from hooklane_local.release.build import compile_functions
from hooklane_local.release.checksums import sha256, write_checksums
from hooklane_local.release.crates import checksums, crates_of, metadata
from hooklane_local.release.packaged import packaged
from hooklane_local.release.sbom import Archive, bill, rust_version
from hooklane_local.release.version import Release, release_of
from hooklane_local.template import source

DIST = ROOT / "dist"
_DEPLOY = ROOT / "deploy"
# What is copied as it is, by its name in the release.
_COPIED = {
    names.INSTALLER: _DEPLOY / "install.sh",
    "README.md": _DEPLOY / "RELEASE.md",
    "LICENSE": ROOT / "LICENSE",
    # The rights with which somebody deploys it.
    "deployer-policy.json": ROOT / "docs" / "examples" / "deployer-policy.json",
}

# For each architecture the folder with `PROGRAM/bootstrap` of every program.
Built = dict[str, Path]


def make_release(
    architectures: list[str],
    ready: Built,
    *,
    compiler: Callable[[str, list[str]], Path | None] = compile_functions,
    metadata_of: Callable[[str], dict] = metadata,
    release: Release | None = None,
    template: dict | None = None,
    into: Path = DIST,
) -> Path:
    """Makes the release of this checkout, and returns its folder.

    `architectures` are those without which it fails; without any, it holds those that can be built here. `ready`
    are programs that are compiled already.
    """
    release = release or release_of(ROOT)
    template = template or source.read()
    programs = names.programs(template)
    built = _build(architectures, ready, programs, compiler)
    folder = into / f"hooklane-{release.version}"
    with step(f"making {folder.name}"):
        # The name is given at the end, so that a folder of this name is always complete.
        unfinished = into / f".{folder.name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        _fill(unfinished, release, built, template, metadata_of)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(unfinished, folder)
    say(f"    {', '.join(built)}: {folder}")
    return folder


def built_by_sam(build: Path, template: dict, into: Path) -> Path:
    """What `sam build` has put into its folder, arranged as a release wants it."""
    for function, program in names.programs_of(source.translate(template)).items():
        (into / program).mkdir(parents=True)
        (into / program / "bootstrap").symlink_to(build / function / "bootstrap")
    return into


def ready_folders(given: list[str]) -> Built:
    """`x86_64=FOLDER`, as it is written on the command line."""
    found: Built = {}
    for text in given:
        architecture, separator, folder = text.partition("=")
        if not separator or architecture not in names.ARCHITECTURES:
            known = " or ".join(names.ARCHITECTURES)
            raise Failure(f"binaries are named as ARCHITECTURE=FOLDER, with {known}, not {text!r}")
        found[architecture] = Path(folder).resolve()
    return found


def _build(architectures: list[str], ready: Built, programs: list[str], compiler) -> Built:
    """Each architecture that is asked for must be there at the end; if none is, what can be built is enough."""
    wanted = architectures or list(ready) or list(names.ARCHITECTURES)
    built = {one: folder for one in wanted if (folder := ready.get(one) or compiler(one, programs))}
    if lacking := [one for one in architectures if one not in built]:
        raise Failure(f"this release must hold {' and '.join(lacking)}, which cannot be built here")
    if not built:
        raise Failure("no architecture can be built here")
    for architecture, folder in built.items():
        _require(architecture, folder, programs)
    return built


def _require(architecture: str, folder: Path, programs: list[str]) -> None:
    for program in programs:
        binary = folder / program / "bootstrap"
        if not binary.exists():
            raise Failure(f"{folder} has no {program}/bootstrap")
        if (found := architecture_of(binary)) != architecture:
            raise Failure(f"{binary} is built for {found}, not for {architecture}")


def _fill(folder: Path, release: Release, built: Built, template: dict, metadata_of) -> None:
    programs, archives = names.programs(template), []
    for architecture, binaries in built.items():
        known = metadata_of(architecture)
        for program in programs:
            path = folder / names.archive(program, architecture)
            write_archive(binaries / program / "bootstrap", path)
            archives.append(Archive(path.name, sha256(path), crates_of(program, known)))
    (folder / names.TEMPLATE).write_text(_json(packaged(template, release.version, list(built))))
    materials = bill(release, archives, checksums(ROOT / "Cargo.lock"), rust_version(ROOT))
    (folder / names.SBOM).write_text(_json(materials))
    write_documentation(ROOT, folder / names.DOCUMENTATION)
    (folder / names.VERSION).write_text(f"{release.version}\n")
    for name, path in _COPIED.items():
        shutil.copy(path, folder / name)
        (folder / name).chmod(0o755 if name == names.INSTALLER else 0o644)
    write_checksums(folder)


def _json(content: dict) -> str:
    return json.dumps(content, indent=1) + "\n"
