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


def write_archive(program: Path, archive: Path) -> None:
    """Writes the archive that Lambda takes for this program."""
    entry = zipfile.ZipInfo(_NAME, _ALWAYS)
    entry.create_system = _UNIX
    entry.external_attr = (_REGULAR_FILE | 0o755) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr(entry, program.read_bytes(), compresslevel=COMPRESSION)
