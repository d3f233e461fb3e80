"""Checks and finds free ports on the loopback."""

import socket

from hooklane_local.profile import EMULATOR_PORT
from hooklane_local.progress import Failure


def require_free(port: int, variable: str = EMULATOR_PORT) -> None:
    """Fails with one clear line if something else already listens on the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections are still closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Failure(
                f"port {port} on 127.0.0.1 is not free ({error.strerror}): "
                f"stop the program that listens there, or choose another port with {variable}=<port>"
            ) from error


def a_free_one() -> int:
    """A port that is free at this moment, chosen by the system."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
