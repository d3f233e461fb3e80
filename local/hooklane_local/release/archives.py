"""Zips of functions that are the same, byte for byte, whenever they are made from the same program."""

import zipfile
from pathlib import Path

# The first moment that a zip can name. Time of day and umask of the machine must not be in it.
_ALWAYS = (1980, 1, 1, 0, 0, 0)
# Lambda starts the file of this name (AWS Lambda Developer Guide, "Building a custom runtime").
_NAME = "bootstrap"
_REGULAR_FILE = 0o100000
_UNIX = 3
COMPRESSION = 9


def write_documentation(root: Path, archive: Path) -> None:
    """Writes the pages of a checkout into one archive, with the folders in which they link to each other."""
    pages = sorted([*root.glob("*.md"), *(path for path in (root / "docs").rglob("*") if path.is_file())])
    with zipfile.ZipFile(archive, "w") as opened:
        for page in pages:
            opened.writestr(_entry(page.relative_to(root).as_posix(), 0o644), page.read_bytes(), compresslevel=COMPRESSION)


def write_archive(program: Path, archive: Path) -> None:
    """Writes the archive that Lambda takes for this program."""
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr(_entry(_NAME, 0o755), program.read_bytes(), compresslevel=COMPRESSION)


def _entry(name: str, mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _ALWAYS)
    entry.create_system = _UNIX
    entry.external_attr = (_REGULAR_FILE | mode) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
