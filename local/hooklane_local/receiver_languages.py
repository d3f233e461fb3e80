"""Node and PHP, in which some tests run receivers: what of them this machine has."""

import re
import subprocess

from hooklane_local.progress import Failure

# How each program tells its version, and the oldest major version on which the receivers of docs/receivers
# and the packages of tests/verifiers run.
_PROGRAMS = {
    "node": (["node", "--version"], 18, "Node.js 18 or newer"),
    "npm": (["npm", "--version"], 8, "npm 8 or newer"),
    "php": (["php", "-r", "echo PHP_VERSION;"], 8, "PHP 8 or newer for the command line"),
}
# What the packages of tests/verifiers need: npm installs them, Node runs them.
NODE_PACKAGES = ("node", "npm")
HOW_TO_INSTALL = "on Debian or Ubuntu: apt-get install nodejs npm php-cli"


def missing(*programs: str) -> list[str]:
    """What this machine lacks of these programs, or of all three: `PHP 8 or newer … (found: none)`."""
    wanted = {name: _PROGRAMS[name] for name in programs or _PROGRAMS}
    found = {name: _major_version(command) for name, (command, _, _) in wanted.items()}
    return [
        f"{what} (found: {found[name] or 'none'})"
        for name, (_, oldest, what) in wanted.items()
        if (found[name] or 0) < oldest
    ]


def require_all() -> None:
    """Fails with one line that names what is missing or too old, and how to install it."""
    lacking = missing()
    if lacking:
        raise Failure(f"the tests run receivers in Node and PHP and need {', '.join(lacking)}; {HOW_TO_INSTALL}")


def _major_version(command: list[str]) -> int | None:
    """The first number that a program prints; None if the program is missing or does not run."""
    try:
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    number = re.search(r"\d+", printed)
    return int(number.group()) if number else None
