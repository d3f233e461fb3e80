"""The checksums of a folder's files, in the form that `sha256sum -c` reads."""

import hashlib
from pathlib import Path

from hooklane_local.release.names import CHECKSUMS


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as opened:
        while part := opened.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


def write_checksums(folder: Path) -> None:
    """Writes the checksums of every file of the folder, sorted by name."""
    files = sorted(path for path in folder.iterdir() if path.name != CHECKSUMS)
    (folder / CHECKSUMS).write_text("".join(f"{sha256(path)}  {path.name}\n" for path in files))
