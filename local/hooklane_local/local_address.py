"""The local API's plain address: starts and stops the reverse proxy, and finds a running one again."""

import socket
import subprocess
import time

from hooklane_local.background import Background
from hooklane_local.environment import for_reverse_proxy
from hooklane_local.paths import EMULATOR_PYTHON
from hooklane_local.ports import require_free
from hooklane_local.processes import end_group
from hooklane_local.profile import API_PORT, Profile
from hooklane_local.progress import Failure

_READY_WITHIN_SECONDS = 20


def start(profile: Profile, host: str) -> None:
    """Opens the address for the API that the emulator knows as `host`. One that is open already stays open."""
    settings = {"port": profile.api_port, "emulatorPort": profile.port, "host": host}
    if _program(profile).settings() == settings and _accepts(profile):
        return
    stop(profile)
    require_free(profile.api_port, API_PORT)
    command = [EMULATOR_PYTHON, "-m", "hooklane_local.reverse_proxy", profile.api_port, profile.port, host]
    with profile.api_log.open("wb") as log:
        process = subprocess.Popen(
            [str(part) for part in command],
            env=for_reverse_proxy(),
            cwd=profile.state,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # As the emulator's: a Ctrl-C in `make` is handled by the command, which stops both in order.
            start_new_session=True,
        )
    try:
        _program(profile).write(process.pid, settings)
        _wait_until_ready(profile, process)
    except BaseException:
        end_group(process.pid)
        profile.api_record.unlink(missing_ok=True)
        raise


def stop(profile: Profile) -> bool:
    """Closes this state folder's address. True if it was open."""
    return _program(profile).stop()


def port_of_running(profile: Profile) -> int | None:
    """The port of this state folder's address, or None if it is closed."""
    settings = _program(profile).settings()
    return settings["port"] if settings else None


def _program(profile: Profile) -> Background:
    return Background(profile.api_record)


def _wait_until_ready(profile: Profile, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + _READY_WITHIN_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        if _accepts(profile):
            return
        time.sleep(0.05)
    log = profile.api_log.read_text(errors="replace").strip()
    raise Failure(f"the API's address {profile.api_url} did not open: {log or 'no reason given'}")


def _accepts(profile: Profile) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", profile.api_port), timeout=2):
            return True
    except OSError:
        return False
