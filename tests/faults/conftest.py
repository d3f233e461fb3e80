"""A stack whose functions reach AWS through a proxy that lets calls fail.

`make faults` brings it. Nothing here is meant for a stack that somebody uses: queues get other
visibility timeouts, functions are killed.
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

# On AWS six times a function's time limit: what a dead function had in hand comes back after it. Nobody
# wants to wait for that here.
_VISIBILITY_SECONDS = "15"


class Proxy:
    """The proxy between the functions and the emulator."""

    def __init__(self, port: int):
        self._url = f"http://127.0.0.1:{port}/_faults"
        # No proxy from the environment may stand between.
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
    """What all chance is made of here; the machine's timing is not."""
    return os.environ.get("HOOKLANE_FAULT_SEED") or str(random.SystemRandom().randrange(10**9))


@pytest.fixture(scope="session")
def state() -> Path:
    """The state folder of the stack."""
    if "HOOKLANE_STACK" not in os.environ or "HOOKLANE_FAULT_PROXY_PORT" not in os.environ:
        pytest.exit("these tests need a stack of their own: `make faults` brings it", 2)
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
