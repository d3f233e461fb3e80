"""Which crates a compiled program says that it holds. `cargo auditable` wrote that into it."""

import json
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

from elftools.elf.elffile import ELFFile

# JSON, compressed (cargo-auditable, "PARSING.md").
_SECTION = ".dep-v0"


def crates_inside(archive: Path) -> set[tuple[str, str]] | None:
    """Name and version of each crate in the program of a function's archive, or None if the program does not say.

    What only ran while it was compiled is left out.
    """
    with zipfile.ZipFile(archive) as opened:
        (program,) = opened.namelist()
        section = ELFFile(BytesIO(opened.read(program))).get_section_by_name(_SECTION)
    if section is None:
        return None
    packages = json.loads(zlib.decompress(section.data()))["packages"]
    return {(one["name"], one["version"]) for one in packages if one.get("kind", "runtime") == "runtime"}


def crates_of_bill(bill: dict, archive: str) -> set[tuple[str, str]]:
    """Name and version of each crate that a bill of materials names for an archive."""
    (inside,) = [one["dependsOn"] for one in bill["dependencies"] if one["ref"] == archive]
    known = {one["bom-ref"]: (one["name"], one["version"]) for one in bill["components"]}
    return {known[one] for one in inside}
