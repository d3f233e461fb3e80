"""Files and folders that only their owner may read: the operator's key is in them."""

import os
import tempfile
from pathlib import Path

from hooklane_local.paths import STATE


def make_private_folder(folder: Path) -> None:
    """Makes the folder, or takes the rights of others away from one that exists."""
    for path in (STATE, folder) if STATE in folder.parents else (folder,):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)


def write_private(path: Path, text: str) -> None:
    """Writes a file that nobody else could read at any moment, also if it existed and others could. Whoever reads
    it sees the old text or the new one, whole."""
    # With the mode 0600, in the same folder, so that it can take the place of the file in one step.
    descriptor, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        os.replace(unfinished, path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
