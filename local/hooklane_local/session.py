"""The life of a local stack: kept (`make up`) or for as long as a block of code lasts."""

from contextlib import contextmanager

from hooklane_local import emulator, stack
from hooklane_local.client import LocalStack
from hooklane_local.ports import require_free
from hooklane_local.profile import Profile
from hooklane_local.progress import Failure, say, step


@contextmanager
def temporary_stack(profile: Profile):
    """A deployed stack that is gone after the block, however the block ends."""
    emulator.stop_leftover(profile)
    # Before the build: nobody wants to hear of a busy port after ten minutes of compiling.
    require_free(profile.port)
    stack.build(profile)
    try:
        _start(profile)
        yield LocalStack(stack.deploy(profile))
    finally:
        emulator.stop(profile)
        say("    stopped the emulator and the functions")


def keep_stack(profile: Profile) -> dict:
    """Deploys to this folder's running emulator, or starts one; it stays when all went well."""
    other = emulator.differences(profile)
    if other:
        raise Failure(
            f"a stack runs already, with {', '.join(other)}. `make down` ends it, and what is in it is gone; "
            "`make up` with the same settings deploys to it again"
        )
    running = emulator.is_running(profile)
    if not running:
        if emulator.stop(profile):
            say("    stopped the emulator that was there: it did not answer any more")
        require_free(profile.port)
    stack.build(profile)
    try:
        if not running:
            _start(profile)
        return stack.deploy(profile)
    except BaseException:
        # A stack that worked before a bad deployment goes on working.
        if not running:
            emulator.stop(profile)
        raise


def _start(profile: Profile) -> None:
    with step(f"starting the emulator on 127.0.0.1:{profile.port}"):
        emulator.start(profile)
