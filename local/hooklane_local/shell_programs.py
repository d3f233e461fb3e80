"""What the shell commands of the documentation need besides the checkout: what of it this machine has."""

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

from hooklane_local.progress import Failure

# The oldest version of the AWS CLI that the pages promise to work.
_AWS_CLI = (2, 9)
_PROGRAMS = ("bash", "curl", "jq", "openssl")
HOW_TO_INSTALL = "on Debian: apt-get install awscli curl jq openssl"


@cache
def aws_cli() -> Path | None:
    """The first `aws` on PATH that is new enough. Another one, such as version 1, may come before it."""
    for folder in os.get_exec_path():
        program = Path(folder) / "aws"
        if not os.access(program, os.X_OK):
            continue
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
        version = re.match(r"aws-cli/(\d+)\.(\d+)", said)
        if version and (int(version[1]), int(version[2])) >= _AWS_CLI:
            return program
    return None


def missing() -> list[str]:
    """What this machine lacks of these programs."""
    lacking = [] if aws_cli() else [f"the AWS CLI from version {_AWS_CLI[0]}.{_AWS_CLI[1]}"]
    return lacking + [name for name in _PROGRAMS if shutil.which(name) is None]


def require_all() -> None:
    """Fails with one line that names what is missing, and how to install it."""
    lacking = missing()
    if lacking:
        raise Failure(f"the tests run the documents' commands and need {', '.join(lacking)}; {HOW_TO_INSTALL}")
