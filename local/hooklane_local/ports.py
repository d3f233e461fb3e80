"""Loopback ports: whether one is free, and which."""

import socket

from hooklane_local.progress import Failure


def require_free(port: int, variable: str = "HOOKLANE_PORT") -> None:
    """Fails with one clear line when something else listens on the port already."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do, so that a port whose last connections are still closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Failure(
                f"port {port} on 127.0.0.1 is not free ({error.strerror}): "
                f"stop what listens there, or choose another with {variable}=<port>"
            ) from error


def a_free_one() -> int:
    """A port that nothing listens on at this moment, of the system's choice."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
