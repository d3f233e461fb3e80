"""An operator with a release, the AWS CLI and an account, and nothing else: `install.sh` as such a person runs it."""

import os
import subprocess
from pathlib import Path

from hooklane_local.environment import for_aws_clients
from hooklane_local.profile import STACK_NAME
from hooklane_local.progress import Failure
from hooklane_local.release import names


class Operator:
    """Installs into the account of the emulator at `endpoint`. `home` is a folder of its own."""

    def __init__(self, home: Path, endpoint: str, aws: Path, stack: str = STACK_NAME):
        self.endpoint, self.stack = endpoint, stack
        programs = home / "bin"
        programs.mkdir()
        # Each call names the endpoint, because older versions of the AWS CLI know no variable for it.
        (programs / "aws").write_text(f'#!/bin/sh\nexec "{aws}" --endpoint-url "{endpoint}" "$@"\n')
        (programs / "aws").chmod(0o755)
        self.environment = {
            **for_aws_clients(endpoint),
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(home),
            "HOOKLANE_POLL_SECONDS": "1",
        }

    def install(self, release: Path, *options: str) -> str:
        """Runs the script of a release, and returns what it said."""
        ended = subprocess.run(
            ["sh", release / names.INSTALLER, "--yes", "--stack", self.stack, "--prefix", self.stack, *options],
            env=self.environment,
            # Not in the checkout: the release alone must be enough.
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode != 0:
            raise Failure(f"{names.INSTALLER} failed: {ended.stdout}{ended.stderr}")
        return ended.stdout


def options(parameters: dict[str, str]) -> list[str]:
    """The options that give these parameters."""
    return [word for name, value in parameters.items() for word in ("--parameter", f"{name}={value}")]
