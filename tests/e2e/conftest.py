"""Fixtures of the end-to-end tests: a running stack, a new tenant for each test, a receiver.

`make e2e` starts a stack of its own. While a stack of `HOOKLANE_DEFAULT_CATALOG=default make up` is running,
`.venv/emulator/bin/python -m pytest tests/e2e` uses that one. All tests share the stack, so each
checks only what belongs to its own tenant.
"""

import json
import os
import sys
import uuid
from datetime import datetime, timezone
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "local"))

from hooklane_local import polling  # noqa: E402 - after the path is known
from hooklane_local.client import Api, LocalStack  # noqa: E402
from hooklane_local.profile import host_architecture  # noqa: E402
from hooklane_local.receiver import Receiver, Request  # noqa: E402
from hooklane_local.release import archives  # noqa: E402
from hooklane_local.release.making import built_by_sam, make_release  # noqa: E402
from hooklane_local.release.version import Release  # noqa: E402
from hooklane_local.template import source  # noqa: E402
from hooklane_local.spread import pytest_collection_modifyitems, pytest_configure  # noqa: E402, F401 - hooks

# Their assertions say what they compared, as those of tests do.
pytest.register_assert_rewrite("runbook_stage", "runbook_change_pages", "runbook_stack_pages", "runbook_tenant_pages")

# Long, because the tests share two cores and the queues with a fan-out to a thousand webhooks.
# A test that passes does not wait that long.
PATIENCE_SECONDS = 90.0


@pytest.fixture(scope="session")
def stack_file() -> Path:
    """The file that describes the stack: the one that HOOKLANE_STACK names, or else that of `make up`."""
    described = Path(os.environ.get("HOOKLANE_STACK", ROOT / ".local" / "stack.json"))
    if not described.exists():
        pytest.exit(f"no stack is running ({described} is missing): start one with `make up`, or use `make e2e`", 2)
    return described


@pytest.fixture(scope="session")
def stack(stack_file: Path) -> LocalStack:
    return LocalStack(json.loads(stack_file.read_text()))


@pytest.fixture
def tenant() -> str:
    """A new tenant, which no other test uses. Tenants need no registration."""
    return f"t-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def api(stack: LocalStack, tenant: str) -> Api:
    """The API as this test's tenant."""
    return stack.api(tenant)


@pytest.fixture
def receiver():
    """A receiver on an ephemeral loopback port. It answers 200 until a test sets `respond`."""
    with Receiver() as started:
        yield started


@pytest.fixture
def eventually():
    """`eventually(probe)`: calls `probe` until it returns something true, and returns that. Fails after
    `PATIENCE_SECONDS`."""

    def wait(probe, what: str = "the expected state was not reached"):
        found = polling.eventually(probe, PATIENCE_SECONDS)
        assert found, f"{what} within {PATIENCE_SECONDS:.0f} s"
        return found

    return wait


@pytest.fixture
def register(api: Api, receiver: Receiver):
    """Registers a webhook whose URL is this test's receiver. Returns the API's answer, secret included."""

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
    """`requests(count)`: waits until `count` requests have arrived and fails if there are more."""

    def wait(count: int = 1, path: str | None = None) -> list[Request]:
        found = receiver.wait_for(count, PATIENCE_SECONDS, path)
        assert len(found) == count, f"{len(found)} requests arrived, expected {count}"
        return found

    return wait


@pytest.fixture
def deliveries_of(api: Api, eventually):
    """`deliveries_of(webhook, count, status)`: waits until the log lists `count` deliveries of that status."""

    def wait(webhook: dict, count: int = 1, status: str = "delivered") -> list[dict]:
        def enough() -> list[dict] | None:
            listed = api.get(f"/api/v1/webhooks/{webhook['id']}/deliveries").expect(200).body["data"]
            found = [delivery for delivery in listed if delivery["status"] == status]
            return found if len(found) >= count else None

        return eventually(enough, f"the log did not list {count} {status} deliveries")

    return wait


@pytest.fixture
def delivery_of(api: Api, deliveries_of):
    """`delivery_of(webhook, status)`: waits until its only delivery has that status. Returns it with its
    attempts."""

    def wait(webhook: dict, status: str = "delivered") -> dict:
        (listed,) = deliveries_of(webhook, 1, status)
        return api.get(f"/api/v1/webhooks/{webhook['id']}/deliveries/{listed['id']}").expect(200).body

    return wait


@pytest.fixture
def built(stack_file: Path, tmp_path: Path) -> Path:
    """The functions that the shared stack was deployed with, arranged as a release wants them."""
    return built_by_sam(stack_file.parent / "build", source.read(), tmp_path / "built")


@pytest.fixture
def release(built: Path, tmp_path: Path, monkeypatch) -> Path:
    """A release of these functions, as version 1.0.0."""
    # Those of the profile `dev` are large, and nobody downloads this.
    monkeypatch.setattr(archives, "COMPRESSION", 1)
    of_now = Release("1.0.0", datetime.now(timezone.utc))
    return make_release([], {host_architecture(): built}, release=of_now, into=tmp_path / "dist")


@pytest.fixture
def rotate(api: Api):
    """`rotate(webhook, seconds)`: rotates the secret with that overlap and returns the API's answer."""

    def post(webhook: dict, seconds: int, **more) -> dict:
        body = {"overlapSeconds": seconds, **more}
        return api.post(f"/api/v1/webhooks/{webhook['id']}/rotate-secret", body).expect(200).body

    return post


@pytest.fixture
def overlap_is_over(api: Api, eventually):
    """`overlap_is_over(webhook)`: waits until the API no longer shows a previous secret."""

    def wait(webhook: dict) -> None:
        path = f"/api/v1/webhooks/{webhook['id']}/secret"
        eventually(
            lambda: "previousSecretExpiresAt" not in api.get(path).expect(200).body,
            "the overlap did not end",
        )

    return wait


@pytest.fixture
def drained(stack: LocalStack, tenant: str, eventually):
    """`drained()`: waits until no queue holds a message of this test's tenant."""

    def nothing_left() -> bool:
        queues = (stack.description[name] for name in ("eventQueueUrl", "deliveryQueueUrl", "retryQueueUrl"))
        return not any(f'"{tenant}"' in message["Body"] for queue in queues for message in stack.messages(queue))

    return lambda: eventually(nothing_left, "a queue still holds a message of this tenant")
