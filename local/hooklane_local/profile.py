"""A local stack's settings: which port, which state folder, what the emulator enforces."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

from hooklane_local.paths import STATE
from hooklane_local.progress import Failure

REGION = "us-east-1"
STACK_NAME = "hooklane"

# Each its own, so that a demo or a test run can stand beside a `make up`.
_DEFAULT_PORTS = {"up": 4566, "test": 4567, "demo": 4568, "faults": 4569}


@dataclass(frozen=True)
class Profile:
    """Everything that tells one local stack from another."""

    name: str
    port: int
    state: Path
    log_level: str = "info"
    enforce_iam: bool = False
    # Where the functions reach AWS when that is not the emulator itself: a fault-injecting proxy.
    function_aws_endpoint: str | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def stack_file(self) -> Path:
        return self.state / "stack.json"

    @property
    def emulator_log(self) -> Path:
        return self.state / "emulator.log"

    @property
    def emulator_record(self) -> Path:
        return self.state / "emulator.json"

    @property
    def build_dir(self) -> Path:
        return self.state / "build"

    @property
    def package_dir(self) -> Path:
        return self.state / "package"


def profile_of(name: str) -> Profile:
    """The profile of a command, with what the environment changes about it."""
    state = STATE if name == "up" else STATE / name
    return Profile(
        name=name,
        port=_port(os.environ.get("HOOKLANE_PORT") or str(_DEFAULT_PORTS[name])),
        state=state,
        log_level=os.environ.get("HOOKLANE_LOG_LEVEL") or "info",
        # The tests run with the roles enforced unless told otherwise: a right that is missing is to be
        # found here and not on AWS.
        enforce_iam=(os.environ.get("IAM") or ("1" if name == "test" else "0")) != "0",
        function_aws_endpoint=os.environ.get("FUNCTION_AWS_ENDPOINT") or None,
    )


def host_architecture() -> str:
    """The template's name for this machine's processor."""
    machine = platform.machine().lower()
    if machine in ("x86_64", "amd64"):
        return "x86_64"
    if machine in ("aarch64", "arm64"):
        return "arm64"
    raise Failure(f"this machine's processor ({machine}) is none that Lambda has: x86_64 or arm64 is needed")


def _port(text: str) -> int:
    try:
        port = int(text)
    except ValueError:
        port = 0
    if not 1 <= port <= 65535:
        raise Failure(f"HOOKLANE_PORT must be a port number, not {text!r}")
    return port
