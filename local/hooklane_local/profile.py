"""The settings of a local stack: its port, its state folder, and what the emulator enforces."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

from hooklane_local.paths import STATE
from hooklane_local.private import make_private_folder
from hooklane_local.progress import Failure

REGION = "us-east-1"
STACK_NAME = "hooklane"

# Different ports, so that the demo or the tests can run while a stack of `make up` is running.
_DEFAULT_PORTS = {"up": 4566, "test": 4567, "demo": 4568, "faults": 4569}


@dataclass(frozen=True)
class Profile:
    """Everything in which local stacks differ."""

    name: str
    port: int
    state: Path
    log_level: str = "info"
    enforce_iam: bool = False
    # Where the functions call AWS, if not at the emulator itself: a proxy that injects faults.
    function_aws_endpoint: str | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def make_state(self) -> None:
        """Makes the state folder, which only its owner may read."""
        make_private_folder(self.state)

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
    """The profile of a command, with the settings that the environment overrides."""
    state = STATE if name == "up" else STATE / name
    return Profile(
        name=name,
        port=_port(os.environ.get("HOOKLANE_PORT") or str(_DEFAULT_PORTS[name])),
        state=state,
        log_level=os.environ.get("HOOKLANE_LOG_LEVEL") or "info",
        # The tests enforce the functions' roles by default, so that a missing permission is found here
        # and not on AWS.
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
    raise Failure(f"Lambda does not support this machine's processor ({machine}); it must be x86_64 or arm64")


def _port(text: str) -> int:
    try:
        port = int(text)
    except ValueError:
        port = 0
    if not 1 <= port <= 65535:
        raise Failure(f"HOOKLANE_PORT must be a port number, not {text!r}")
    return port
