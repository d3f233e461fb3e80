"""A stack of a test's own with an API at an address of its own, for tests that run commands on a whole stack."""

import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hooklane_local.client import LocalStack
from hooklane_local.environment import for_reverse_proxy
from hooklane_local.paths import EMULATOR_PYTHON
from hooklane_local.polling import eventually
from hooklane_local.ports import a_free_one
from second_stack import second_stack


@contextmanager
def own_stack(shared: LocalStack, folder: Path, **parameters: str) -> Iterator[tuple[str, LocalStack, Path]]:
    """Deploys the shared stack's template again, with these parameters changed. Yields the stack's name, the
    stack, and the file that describes it."""
    with second_stack(shared, **parameters) as second:
        emulator_port = second.description["awsEndpointUrl"].rsplit(":", 1)[1]
        port = a_free_one()
        host = f"{second.description['apiHost']}:{emulator_port}"
        proxy = subprocess.Popen(
            [EMULATOR_PYTHON, "-m", "hooklane_local.reverse_proxy", str(port), emulator_port, host],
            env=for_reverse_proxy(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert eventually(lambda: _answers(port), 30)
            of_proxy = {"apiUrl": f"http://127.0.0.1:{port}"}
            without_host = {key: value for key, value in second.description.items() if key != "apiHost"}
            stack = LocalStack(without_host | of_proxy)
            file = folder / "own-stack.json"
            file.write_text(json.dumps(stack.description))
            yield second.description["stackName"], stack, file
        finally:
            proxy.terminate()
            proxy.wait()


def _answers(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0
