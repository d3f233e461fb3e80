"""`make pins` resolves the Python requirements into exact pins with hashes."""

import os

from hooklane_local.paths import CHECKS_VENV, LOCAL
from hooklane_local.processes import run
from hooklane_local.progress import step

SETS = ("pip", "build", "emulator", "clients", "generator", "checks", "scan")
# The oldest Python that is supported. Where a newer one needs another version, both are pinned, with a marker.
_OLDEST_PYTHON = "3.10"
# A release that was taken over is mostly noticed and withdrawn within days.
_YOUNGEST = "7 days"
_RESOLUTION = ["pip", "compile", "--universal", f"--python-version={_OLDEST_PYTHON}", "--generate-hashes"]


def resolve(*, upgrade: bool) -> None:
    """Writes requirements-*.txt anew. Pins stay as they are where they still fit, unless they are to be upgraded."""
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    if upgrade:
        environment.setdefault("UV_EXCLUDE_NEWER", _YOUNGEST)
    for name in SETS:
        pins = f"requirements-{name}.txt"
        command = [
            CHECKS_VENV / "bin" / "uv",
            *_RESOLUTION,
            *(["--upgrade"] if upgrade else []),
            "--system-certs",
            "--emit-build-options",
            "--no-annotate",
            # What the update bot reads to resolve in the same way.
            f"--custom-compile-command=make pins (uv {' '.join(_RESOLUTION)})",
            f"--output-file={pins}",
            "--quiet",
            f"requirements-{name}.in",
        ]
        with step(f"resolving local/{pins}"):
            run(command, environment=environment, cwd=LOCAL)
