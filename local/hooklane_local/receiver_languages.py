"""Node and PHP, in which some tests run receivers and clients, and Java: what of them this machine has."""

import re
import subprocess

from hooklane_local.progress import Failure

# How each program tells its version, and the oldest major version on which the receivers of docs/receivers
# and the packages of tests/verifiers run.
_PROGRAMS = {
    "node": (["node", "--version"], 18, "Node.js 18 or newer"),
    "npm": (["npm", "--version"], 8, "npm 8 or newer"),
    "php": (["php", "-r", "echo PHP_VERSION;"], 8, "PHP 8 or newer for the command line"),
    "java": (["java", "--version"], 11, "Java 11 or newer"),
}
# What the packages of tests/verifiers and tests/clients need: npm installs them, Node runs them.
NODE_PACKAGES = ("node", "npm")
# What `make test` runs. Java is for `make long` only.
_IN_TESTS = (*NODE_PACKAGES, "php")
HOW_TO_INSTALL = "on Debian or Ubuntu: apt-get install nodejs npm php-cli"
_JAVA_TOO = ", and default-jre-headless for Java"


def missing(*programs: str) -> list[str]:
    """What this machine lacks of these programs, or of those that `make test` runs: `PHP 8 or newer … (found: none)`."""
    wanted = {name: _PROGRAMS[name] for name in programs or _IN_TESTS}
    found = {name: _major_version(command) for name, (command, _, _) in wanted.items()}
    return [
        f"{what} (found: {found[name] or 'none'})"
        for name, (_, oldest, what) in wanted.items()
        if (found[name] or 0) < oldest
    ]


def require_all(*programs: str) -> None:
    """Fails with one line that names what is missing or too old of these programs, or of those that `make test` runs,
    and how to install it."""
    lacking = missing(*programs)
    if lacking:
        how = HOW_TO_INSTALL + (_JAVA_TOO if "java" in programs else "")
        raise Failure(f"the tests need {', '.join(lacking)}; {how}")


def _major_version(command: list[str]) -> int | None:
    """The first number that a program prints; None if the program is missing or does not run."""
    try:
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    number = re.search(r"\d+", printed)
    return int(number.group()) if number else None
