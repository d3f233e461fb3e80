"""Starts a local stack and keeps it (`make up`), or stops it at the end of a `with` block."""

from contextlib import contextmanager

from hooklane_local import emulator, local_address, stack
from hooklane_local.client import LocalStack
from hooklane_local.ports import require_free
from hooklane_local.profile import API_PORT, Profile
from hooklane_local.progress import Failure, say, step


@contextmanager
def temporary_stack(profile: Profile):
    """A deployed stack that is stopped at the end of the block, however the block ends."""
    emulator.stop_leftover(profile)
    # Before the build, so that a port in use does not show only after ten minutes of compiling.
    require_free(profile.port)
    require_free(profile.api_port, API_PORT)
    stack.build(profile)
    try:
        _start(profile)
        yield LocalStack(_deploy(profile))
    finally:
        emulator.stop(profile)
        say("    stopped the emulator and the functions")


def keep_stack(profile: Profile) -> dict:
    """Deploys to the running emulator or to a new one, and keeps it running if all goes well."""
    other = emulator.differences(profile)
    if other:
        raise Failure(
            f"a stack is already running, with {', '.join(other)}. `make up` with the same settings redeploys to it; "
            "`make down` stops it and deletes its data"
        )
    running = emulator.is_running(profile)
    if not running:
        if emulator.stop(profile):
            say("    stopped the running emulator, because it no longer answered")
        require_free(profile.port)
    if local_address.port_of_running(profile) != profile.api_port:
        require_free(profile.api_port, API_PORT)
    stack.build(profile)
    try:
        if not running:
            _start(profile)
        return _deploy(profile)
    except BaseException:
        # A stack that was running before a failed deployment keeps running.
        if not running:
            emulator.stop(profile)
        raise


def _start(profile: Profile) -> None:
    with step(f"starting the emulator on 127.0.0.1:{profile.port}"):
        emulator.start(profile)


def _deploy(profile: Profile) -> dict:
    """Deploys, opens the API's address, and then writes `stack.json`, which names it. Returns its content."""
    stack.deploy(profile)
    with step(f"opening the API on 127.0.0.1:{profile.api_port}"):
        local_address.start(profile, stack.api_host(profile))
    return stack.write_description(profile)
