"""The bill of materials of a release in CycloneDX 1.5: which crates are in which archive.

Source: CycloneDX v1.5 JSON Reference. Every crate is listed once; `dependencies` names all crates of an archive, the
indirect ones too, so that "is this crate in that archive?" needs no walk.
"""

import re
import uuid
from dataclasses import dataclass
from pathlib import Path

from hooklane_local.release.crates import Crate
from hooklane_local.release.version import Release

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://cyclonedx.org/hooklane")


@dataclass(frozen=True)
class Archive:
    name: str
    sha256: str
    crates: list[Crate]


def bill(release: Release, archives: list[Archive], checksums: dict[tuple[str, str], str], rust: str) -> dict:
    """`checksums` are those of the crates' own archives, `rust` is the version of the standard library."""
    whole = f"hooklane@{release.version}"
    standard_library = {"type": "library", "bom-ref": f"std@{rust}", "name": "std", "version": rust,
                        "description": "Rust's standard library"}
    crates = sorted({crate for archive in archives for crate in archive.crates})
    content = "".join(archive.sha256 for archive in archives)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        # Of the content, so that the same release has the same number.
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, content)}",
        "version": 1,
        "metadata": {
            "timestamp": release.committed.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "application",
                "bom-ref": whole,
                "name": "hooklane",
                "version": release.version,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            },
        },
        "components": [
            *(_file(archive, release) for archive in archives),
            standard_library,
            *(_library(crate, checksums) for crate in crates),
        ],
        "dependencies": [
            {"ref": whole, "dependsOn": [archive.name for archive in archives]},
            *(
                {"ref": archive.name, "dependsOn": [standard_library["bom-ref"], *(one.purl for one in archive.crates)]}
                for archive in archives
            ),
        ],
    }


def rust_version(checkout: Path) -> str:
    """The version of the compiler, and so of the standard library, that the checkout pins."""
    return re.search(r'^channel = "(.+)"$', (checkout / "rust-toolchain.toml").read_text(), re.MULTILINE)[1]


def _file(archive: Archive, release: Release) -> dict:
    return {
        "type": "application",
        "bom-ref": archive.name,
        "name": archive.name,
        "version": release.version,
        "hashes": [{"alg": "SHA-256", "content": archive.sha256}],
    }


def _library(crate: Crate, checksums: dict[tuple[str, str], str]) -> dict:
    made = {"type": "library", "bom-ref": crate.purl, "name": crate.name, "version": crate.version}
    # A crate of this workspace is in no registry, so no package URL leads to it.
    if crate.registry:
        made["purl"] = crate.purl
    if crate.licence:
        made["licenses"] = [{"expression": crate.licence}]
    if known := checksums.get((crate.name, crate.version)):
        made["hashes"] = [{"alg": "SHA-256", "content": known}]
    return made
