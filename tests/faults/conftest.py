"""A stack whose functions call AWS through a proxy that makes calls fail.

`make faults` starts it. Never use a stack that somebody needs: these tests change the visibility timeouts
of queues and kill functions.
"""

import json
import os
import random
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "local"), str(ROOT / "tests" / "e2e")]

from hooklane_local import polling  # noqa: E402 - after the path is known
from hooklane_local.client import LocalStack  # noqa: E402

# In template.yaml it is six times the function's time limit. A message of a killed function becomes visible
# again only after that time, which is too long for a test.
_VISIBILITY_SECONDS = "15"


class Proxy:
    """The proxy between the functions and the emulator."""

    def __init__(self, port: int):
        self._url = f"http://127.0.0.1:{port}/_faults"
        # Ignores any proxy that the environment names.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def fail(self, rate: float) -> None:
        self._opener.open(urllib.request.Request(f"{self._url}/rate", str(rate).encode()), timeout=10).close()

    def counts(self) -> dict[str, int]:
        with self._opener.open(f"{self._url}/counts", timeout=10) as answer:
            return json.load(answer)

    def answers(self) -> bool:
        try:
            return self.counts() is not None
        except OSError:
            return False


@pytest.fixture(scope="session")
def seed() -> str:
    """The seed of every random choice. The timing of the machine does not follow from it."""
    return os.environ.get("HOOKLANE_FAULT_SEED") or str(random.SystemRandom().randrange(10**9))


@pytest.fixture(scope="session")
def state() -> Path:
    """The state folder of the stack."""
    if "HOOKLANE_STACK" not in os.environ or "HOOKLANE_FAULT_PROXY_PORT" not in os.environ:
        pytest.exit("these tests need a stack of their own: run `make faults`", 2)
    return Path(os.environ["HOOKLANE_STACK"]).parent


@pytest.fixture(scope="session")
def stack(state: Path) -> LocalStack:
    stack = LocalStack(json.loads((state / "stack.json").read_text()))
    for queue in ("eventQueueUrl", "deliveryQueueUrl", "retryQueueUrl"):
        attributes = {"VisibilityTimeout": _VISIBILITY_SECONDS}
        stack.sqs.set_queue_attributes(QueueUrl=stack.description[queue], Attributes=attributes)
    return stack


@pytest.fixture
def proxy(stack: LocalStack, seed: str):
    port = int(os.environ["HOOKLANE_FAULT_PROXY_PORT"])
    upstream = stack.description["awsEndpointUrl"].rpartition(":")[2]
    command = [sys.executable, str(Path(__file__).with_name("proxy.py")), str(port), upstream, seed]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        started = Proxy(port)
        assert polling.eventually(started.answers, 20), "the proxy did not start"
        yield started
    finally:
        process.kill()
        process.wait()
