"""What every end-to-end test starts from: a running stack, a tenant of its own, a receiver.

The tests need a stack: `make e2e` brings its own, and with a `make up` running
`.venv/emulator/bin/python -m pytest tests/e2e` uses that one.
"""

import json
import os
import sys
import uuid
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "local"))

from hooklane_local import polling  # noqa: E402 - after the path is known
from hooklane_local.client import Api, LocalStack  # noqa: E402
from hooklane_local.receiver import Receiver  # noqa: E402

_PATIENCE_SECONDS = 20.0


@pytest.fixture(scope="session")
def stack() -> LocalStack:
    """The deployed stack that `HOOKLANE_STACK` or else `make up` describes."""
    described = Path(os.environ.get("HOOKLANE_STACK", ROOT / ".local" / "stack.json"))
    if not described.exists():
        pytest.exit(f"no stack runs ({described} is missing): start one with `make up`, or use `make e2e`", 2)
    return LocalStack(json.loads(described.read_text()))


@pytest.fixture
def tenant() -> str:
    """A tenant that no other test has: tenants need no registration."""
    return f"t-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def api(stack: LocalStack, tenant: str) -> Api:
    """The API as this test's tenant."""
    return stack.api(tenant)


@pytest.fixture
def receiver():
    """A receiver on an ephemeral loopback port; answers 200 until a test sets `respond`."""
    with Receiver() as started:
        yield started


@pytest.fixture
def eventually():
    """`eventually(probe)` returns what the probe finds within the time, or fails the test."""

    def wait(probe, seconds: float = _PATIENCE_SECONDS, what: str = "it did not happen"):
        found = polling.eventually(probe, seconds)
        assert found, f"{what} within {seconds:.0f} s"
        return found

    return wait


@pytest.fixture
def register(api: Api, receiver: Receiver):
    """Registers a webhook at this test's receiver and returns what the API answered, secret included."""

    def create(events: list[str] = ("*",), path: str = "/", **more) -> dict:
        body = {"name": "test", "url": receiver.url(path), "events": list(events), **more}
        return api.post("/api/v1/webhooks", body).expect(201).body

    return create


@pytest.fixture
def deliveries_of(api: Api, eventually):
    """`deliveries_of(webhook, count, status)`: waits until the log shows so many in that state."""

    def wait(webhook: dict, count: int = 1, status: str = "delivered", seconds: float = _PATIENCE_SECONDS):
        def so_many() -> list[dict] | None:
            listed = api.get(f"/api/v1/webhooks/{webhook['id']}/deliveries").expect(200).body["data"]
            found = [delivery for delivery in listed if delivery["status"] == status]
            return found if len(found) >= count else None

        return eventually(so_many, seconds, f"the log did not show {count} {status}")

    return wait
