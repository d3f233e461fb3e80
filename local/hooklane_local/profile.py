"""The settings of a local stack: its ports, its state folder, and what the emulator enforces."""

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
_DEFAULT_PORTS = {"up": 4566, "test": 4567, "demo": 4568, "faults": 4569, "smoke": 4570, "upgrades": 4571}
# The variables that set the two ports. The API's follows the emulator's at this distance, unless it is set.
EMULATOR_PORT, API_PORT = "HOOKLANE_PORT", "HOOKLANE_API_PORT"
_API_PORT_DISTANCE = 100
_LAST_PORT = 65535
# The stacks that tests start.
_TESTED = {"test", "faults", "upgrades"}


@dataclass(frozen=True)
class Profile:
    """Everything in which local stacks differ."""

    name: str
    # The emulator's.
    port: int
    state: Path
    log_level: str = "info"
    enforce_iam: bool = False
    # Where the functions call AWS, if not at the emulator itself: a proxy that injects faults.
    function_aws_endpoint: str | None = None
    # Whether `stack.json` has a link that signs in to the portal.
    signs_in: bool = True
    # None: at the usual distance from the emulator's.
    chosen_api_port: int | None = None
    # DefaultCatalog. Empty as in the template, so that a stack of `make up` is like one on AWS.
    default_catalog: str = ""

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def api_port(self) -> int:
        return self.chosen_api_port or self.port + _API_PORT_DISTANCE

    @property
    def api_url(self) -> str:
        """The API's address. The emulator itself knows the API only by a name below `.localhost`."""
        return f"http://127.0.0.1:{self.api_port}"

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
    def api_log(self) -> Path:
        return self.state / "api.log"

    @property
    def api_record(self) -> Path:
        return self.state / "api.json"

    @property
    def build_dir(self) -> Path:
        return self.state / "build"

    @property
    def package_dir(self) -> Path:
        return self.state / "package"


def profile_of(name: str) -> Profile:
    """The profile of a command, with the settings that the environment overrides."""
    state = STATE if name == "up" else STATE / name
    port = _port(EMULATOR_PORT) or _DEFAULT_PORTS[name]
    chosen_api_port = _port(API_PORT)
    if chosen_api_port == port or (chosen_api_port is None and port + _API_PORT_DISTANCE > _LAST_PORT):
        raise Failure(f"with {EMULATOR_PORT}={port}, {API_PORT} must be set, to another port")
    return Profile(
        name=name,
        port=port,
        state=state,
        log_level=os.environ.get("HOOKLANE_LOG_LEVEL") or "info",
        # The tests enforce the functions' roles by default, so that a missing permission is found here
        # and not on AWS.
        enforce_iam=(os.environ.get("IAM") or ("1" if name == "test" else "0")) != "0",
        function_aws_endpoint=os.environ.get("FUNCTION_AWS_ENDPOINT") or None,
        chosen_api_port=chosen_api_port,
        # The tests use event types of the platform guides as tenants without settings.
        default_catalog=os.environ.get("HOOKLANE_DEFAULT_CATALOG") or ("default" if name in _TESTED else ""),
    )


def host_architecture() -> str:
    """The template's name for this machine's processor."""
    machine = platform.machine().lower()
    if machine in ("x86_64", "amd64"):
        return "x86_64"
    if machine in ("aarch64", "arm64"):
        return "arm64"
    raise Failure(f"Lambda does not support this machine's processor ({machine}); it must be x86_64 or arm64")


def _port(variable: str) -> int | None:
    """The port that a variable of the environment sets, or None if it sets none."""
    text = os.environ.get(variable)
    if not text:
        return None
    try:
        port = int(text)
    except ValueError:
        port = 0
    if not 1 <= port <= _LAST_PORT:
        raise Failure(f"{variable} must be a port number, not {text!r}")
    return port
