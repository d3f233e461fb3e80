"""What every end-to-end test starts from: a running stack, a tenant of its own, a receiver.

The tests need a stack: `make e2e` brings its own, and with a `make up` running
`.venv/emulator/bin/python -m pytest tests/e2e` uses that one. They share it, so each looks only
at what carries its own tenant.
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
from hooklane_local.receiver import Receiver, Request  # noqa: E402

# Long, because the tests share two cores and one queue with a fan-out to a thousand webhooks.
# A test that passes never waits for it.
PATIENCE_SECONDS = 90.0


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes many seconds, so it is started first")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session")
def stack_file() -> Path:
    """Where the stack that `HOOKLANE_STACK` or else `make up` describes is written down."""
    described = Path(os.environ.get("HOOKLANE_STACK", ROOT / ".local" / "stack.json"))
    if not described.exists():
        pytest.exit(f"no stack runs ({described} is missing): start one with `make up`, or use `make e2e`", 2)
    return described


@pytest.fixture(scope="session")
def stack(stack_file: Path) -> LocalStack:
    return LocalStack(json.loads(stack_file.read_text()))


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

    def wait(probe, what: str = "it did not happen"):
        found = polling.eventually(probe, PATIENCE_SECONDS)
        assert found, f"{what} within {PATIENCE_SECONDS:.0f} s"
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
def publish(api: Api):
    """Publishes an event through the API and returns its id."""

    def send(data=None, event_type: str = "order.created", **more) -> str:
        body = {"type": event_type, "data": {"orderId": "A-1"} if data is None else data, **more}
        return api.post("/api/v1/events", body).expect(202).body["id"]

    return send


@pytest.fixture
def requests(receiver: Receiver):
    """`requests(count)`: the receiver's requests once so many have come, which must be all of them."""

    def wait(count: int = 1, path: str | None = None) -> list[Request]:
        found = receiver.wait_for(count, PATIENCE_SECONDS, path)
        assert len(found) == count, f"{len(found)} requests came, expected {count}"
        return found

    return wait


@pytest.fixture
def deliveries_of(api: Api, eventually):
    """`deliveries_of(webhook, count, status)`: waits until the log shows so many in that state."""

    def wait(webhook: dict, count: int = 1, status: str = "delivered") -> list[dict]:
        def so_many() -> list[dict] | None:
            listed = api.get(f"/api/v1/webhooks/{webhook['id']}/deliveries").expect(200).body["data"]
            found = [delivery for delivery in listed if delivery["status"] == status]
            return found if len(found) >= count else None

        return eventually(so_many, f"the log did not show {count} {status}")

    return wait


@pytest.fixture
def delivery_of(api: Api, deliveries_of):
    """`delivery_of(webhook, status)`: its one delivery with every attempt, once it is in that state."""

    def wait(webhook: dict, status: str = "delivered") -> dict:
        (listed,) = deliveries_of(webhook, 1, status)
        return api.get(f"/api/v1/webhooks/{webhook['id']}/deliveries/{listed['id']}").expect(200).body

    return wait


@pytest.fixture
def rotate(api: Api):
    """`rotate(webhook, seconds)`: what the API answers to a rotation with that overlap."""

    def post(webhook: dict, seconds: int, **more) -> dict:
        body = {"overlapSeconds": seconds, **more}
        return api.post(f"/api/v1/webhooks/{webhook['id']}/rotate-secret", body).expect(200).body

    return post


@pytest.fixture
def overlap_is_over(api: Api, eventually):
    """`overlap_is_over(webhook)`: waits until the API no longer speaks of the secret before."""

    def wait(webhook: dict) -> None:
        path = f"/api/v1/webhooks/{webhook['id']}/secret"
        eventually(
            lambda: "previousSecretExpiresAt" not in api.get(path).expect(200).body,
            "the overlap did not end",
        )

    return wait


@pytest.fixture
def drained(stack: LocalStack, tenant: str, eventually):
    """`drained()`: waits until no queue holds a message of this test's tenant any more."""

    def nothing_left() -> bool:
        queues = (stack.description[name] for name in ("eventQueueUrl", "deliveryQueueUrl", "retryQueueUrl"))
        return not any(f'"{tenant}"' in message["Body"] for queue in queues for message in stack.messages(queue))

    return lambda: eventually(nothing_left, "a queue still holds a message of this tenant")
