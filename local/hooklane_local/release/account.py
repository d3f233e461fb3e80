"""An empty account on this machine, in which an operator installs a release."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hooklane_local import emulator, local_address, shell_programs, stack
from hooklane_local.client import LocalStack
from hooklane_local.ports import require_free
from hooklane_local.profile import API_PORT, Profile
from hooklane_local.progress import step
from hooklane_local.release import names
from hooklane_local.release.operator import Operator


@contextmanager
def empty_account(profile: Profile) -> Iterator[Operator]:
    """An account of the emulator without a stack, until the end of the block, and its operator."""
    emulator.stop_leftover(profile)
    require_free(profile.port)
    require_free(profile.api_port, API_PORT)
    try:
        with step(f"starting the emulator on 127.0.0.1:{profile.port}"):
            emulator.start(profile)
        with tempfile.TemporaryDirectory() as home:
            yield Operator(Path(home), profile.endpoint, shell_programs.aws_cli())
    finally:
        emulator.stop(profile)


def parameters_for(release: Path, profile: Profile) -> dict[str, str]:
    """What a stack on this machine needs, as far as this release has the parameter."""
    declared = json.loads((release / names.TEMPLATE).read_text())["Parameters"]
    wanted = (text.split("=", 1) for text in stack.parameters(profile))
    return {name: value for name, value in wanted if name in declared}


def reached(profile: Profile) -> LocalStack:
    """The stack that the operator has installed, with its API at the plain address."""
    local_address.start(profile, stack.api_host(profile))
    return LocalStack(stack.write_description(profile))
