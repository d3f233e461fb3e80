"""Signing secrets, header values and payloads are where they must be, and nowhere else."""

import base64
import json
import uuid
from pathlib import Path

import pytest
from boto3.dynamodb.types import Binary
from hooklane_local import behaviours
from hooklane_local.signature import verified


@pytest.fixture
def emulator_log(stack_file: Path) -> Path:
    """Everything that the functions and the emulator log."""
    return stack_file.parent / "emulator.log"


@pytest.fixture
def markers() -> dict[str, str]:
    """Texts that occur nowhere else."""
    return {name: f"{name}-{uuid.uuid4().hex}" for name in ("secret", "header", "payload", "answer")}


def test_the_secret_is_in_the_answer_to_the_creation_only(api, register):
    webhook = register()
    assert webhook["secret"].startswith("whsec_")

    shown = [
        api.get(f"/api/v1/webhooks/{webhook['id']}").expect(200).body,
        *api.get("/api/v1/webhooks").expect(200).body["data"],
    ]

    assert len(shown) == 2
    for each in shown:
        assert "secret" not in each
        assert webhook["secret"] not in str(each)


def test_two_webhooks_get_different_secrets(register):
    assert register()["secret"] != register()["secret"]


def test_secrets_and_header_values_are_encrypted_in_the_table(stack, tenant, register, markers):
    webhook = register(secret=markers["secret"], headers={"Authorization": markers["header"]})

    (item,) = _webhook_items(stack, tenant)

    stored = json.dumps(item, default=_as_text)
    assert webhook["id"] in stored
    key = base64.b64decode(webhook["secret"].removeprefix("whsec_"))
    for secret in (markers["secret"], webhook["secret"], markers["header"]):
        for form in _forms(secret.encode()):
            assert form not in stored
    for form in _forms(key):
        assert form not in stored
    # The same secret twice does not look the same.
    register(secret=markers["secret"])
    first, second = (each["secret"]["S"] for each in _webhook_items(stack, tenant))
    assert first != second


def test_no_secret_and_no_payload_is_logged(
    emulator_log, stack, tenant, publish, register, receiver, delivery_of, markers, eventually
):
    receiver.respond = behaviours.failing(1, then=behaviours.ok(markers["answer"].encode()))
    webhook = register(secret=markers["secret"], headers={"X-Token": markers["header"]}, retryPolicy={"schedule": [1]})
    publish({"text": markers["payload"]})
    delivery = delivery_of(webhook)
    verified(receiver.requests[-1], webhook["secret"])
    stack.send_event({"tenant": tenant, "type": "no type!", "data": {"text": markers["payload"]}})

    # The failed attempt is logged, so this log is the one to look at.
    log = eventually(lambda: _text_with(emulator_log, delivery["id"]), "the failed attempt was not logged")
    eventually(lambda: any(tenant in letter["Body"] for letter in stack.dead_letters("events")))
    log = emulator_log.read_text(errors="replace")
    for name, marker in markers.items():
        assert marker not in log, f"the {name} is logged"
    assert webhook["secret"] not in log
    assert stack.description["operatorKey"] not in log


def _webhook_items(stack, tenant: str) -> list[dict]:
    found = stack.dynamodb.query(
        TableName=stack.description["registryTable"],
        KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues={":pk": {"S": f"T#{tenant}"}, ":sk": {"S": "WH#"}},
        ConsistentRead=True,
    )
    return found["Items"]


def _forms(secret: bytes) -> list[str]:
    """How it might have been written down, had somebody thought that this hides it."""
    readable = secret.decode(errors="replace")
    encoded = base64.b64encode(secret).decode().rstrip("=")
    return [readable, encoded, secret.hex()]


def _as_text(value) -> str:
    return bytes(value).decode(errors="replace") if isinstance(value, (bytes, Binary)) else str(value)


def _text_with(path: Path, wanted: str) -> str | None:
    text = path.read_text(errors="replace")
    return text if wanted in text else None
