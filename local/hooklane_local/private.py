"""Files and folders that only their owner may read: the operator's key is in them."""

import os
from pathlib import Path

from hooklane_local.paths import STATE


def make_private_folder(folder: Path) -> None:
    """Makes the folder, or takes the rights of others away from one that exists."""
    for path in (STATE, folder) if STATE in folder.parents else (folder,):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)


def write_private(path: Path, text: str) -> None:
    """Writes a file that nobody else could read at any moment, also if it existed and others could."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
