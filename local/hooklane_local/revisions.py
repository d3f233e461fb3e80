"""Other revisions of this repository, as files in folders of their own."""

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

from hooklane_local.paths import ROOT
from hooklane_local.progress import Failure


def commit_of(revision: str) -> str:
    """The short name of the commit that a revision stands for, such as `HEAD~3` or `v0.2.0`."""
    command = ["git", "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode != 0:
        raise Failure(f"{revision} is no revision of this checkout")
    return found.stdout.strip()[:12]


def sources(commit: str, folder: Path) -> Path:
    """Puts the files of the commit into the folder, unless they are there."""
    if not folder.exists():
        made = subprocess.run(["git", "archive", "--format=tar", commit], cwd=ROOT, capture_output=True, check=False)
        if made.returncode != 0:
            raise Failure(f"the history of this checkout does not go back to {commit}: fetch it whole")
        unfinished = folder.with_name("unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        with tarfile.open(fileobj=io.BytesIO(made.stdout)) as archive:
            archive.extractall(unfinished, filter="data")
        unfinished.rename(folder)
    return folder
