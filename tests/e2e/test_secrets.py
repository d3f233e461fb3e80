"""Signing secrets, header values and payloads appear only where they must."""

import base64
import hashlib
import json
import os
import time
import uuid
from pathlib import Path

import pytest
from boto3.dynamodb.types import Binary
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hooklane_local import behaviours
from hooklane_local.signature import verified


@pytest.fixture
def emulator_log(stack_file: Path) -> Path:
    """The log of the functions and of the emulator."""
    return stack_file.parent / "emulator.log"


@pytest.fixture
def markers() -> dict[str, str]:
    """Unique texts, which occur nowhere else."""
    return {name: f"{name}-{uuid.uuid4().hex}" for name in ("secret", "header", "payload", "answer")}


def test_only_the_answer_to_the_creation_shows_the_secret(api, register):
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
    # The same secret is encrypted to a different text each time.
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

    # The failed attempt is in the log, so this is the right log.
    log = eventually(lambda: _text_with(emulator_log, delivery["id"]), "the failed attempt was not logged")
    eventually(lambda: any(tenant in letter["Body"] for letter in stack.dead_letters("events")))
    log = emulator_log.read_text(errors="replace")
    for name, marker in markers.items():
        assert marker not in log, f"the {name} is in the log"
    assert webhook["secret"] not in log
    assert stack.description["operatorKey"] not in log


def test_a_header_value_is_in_no_answer_log_or_item(
    emulator_log, stack, tenant, api, publish, register, receiver, delivery_of, markers, eventually
):
    """Checks every answer, log line and item after a failure, a success, a change and an invalid request."""
    receiver.respond = behaviours.failing(1, then=behaviours.ok(b"thanks"))
    webhook = register(headers={"Authorization": f"Bearer {markers['header']}"}, retryPolicy={"schedule": [1]})
    event = publish()
    delivery = delivery_of(webhook)
    assert all(request.headers["authorization"] == f"Bearer {markers['header']}" for request in receiver.requests)

    path = f"/api/v1/webhooks/{webhook['id']}"
    attempts = delivery["attempts"]
    assert [attempt["request"]["headers"]["Authorization"] for attempt in attempts] == ["***", "***"]
    answers = [
        webhook,
        delivery,
        api.get(path).expect(200).body,
        api.get("/api/v1/webhooks").expect(200).body,
        api.get(f"{path}/deliveries").expect(200).body,
        api.get(f"/api/v1/events/{event}").expect(200).body,
        api.patch(path, {"headers": {"Authorization": "***", "X-B": markers["header"]}}).expect(200).body,
        api.patch(path, {"headers": {"Host": markers["header"]}}).expect(422).body,
        api.patch(path, {"headers": {"X-C": f"{markers['header']}\r\nX-D: 1"}}).expect(422).body,
        api.patch(path, {"headers": {"X-C": [markers["header"]]}}).expect(422).body,
        api.post("/api/v1/webhooks", {"headers": {"Te": markers["header"]}}).expect(422).body,
    ]
    stored = [*_webhook_items(stack, tenant), *_ledger_items(stack, webhook["id"])]
    assert len(stored) >= 3

    eventually(lambda: _text_with(emulator_log, delivery["id"]), "the failed attempt was not logged")
    shown = json.dumps([answers, stored], default=_as_text) + emulator_log.read_text(errors="replace")
    for form in _forms(markers["header"].encode()):
        assert form not in shown


def test_a_new_data_key_takes_over_while_functions_are_warm(
    stack, tenant, register, receiver, requests, publish, delivery_of, eventually
):
    old = register(headers={"X-Token": "before"})
    publish()
    delivery_of(old)
    secrets = stack.secrets
    keys = json.loads(secrets.get_secret_value(SecretId=_data_key(stack))["SecretString"])
    name = f"k-{uuid.uuid4().hex}"
    rotated = {**keys, name: uuid.uuid4().hex * 2, "current": name}
    secrets.put_secret_value(SecretId=_data_key(stack), SecretString=json.dumps(rotated))

    # As an instance would write it that has just started. The warm instances do not have the new key yet.
    new = register(headers={"X-Token": "after"})
    _encrypt_again(stack, tenant, new["id"], rotated)
    publish()

    _, first, second = requests(3)
    assert {first.headers["x-token"], second.headers["x-token"]} == {"before", "after"}
    for request in (first, second):
        verified(request, (old if request.headers["x-token"] == "before" else new)["secret"])
    delivery_of(new)


def test_a_new_operator_key_takes_over_while_functions_are_warm(stack, tenant, api, eventually):
    """The old key stays valid, because the other tests use it."""
    old, new = _text_of(stack, "OPERATOR_KEY_SECRET"), uuid.uuid4().hex
    with_new_key = stack.api(tenant, token=new)
    assert with_new_key.get("/api/v1/webhooks").status == 401
    try:
        _write(stack, "OPERATOR_KEY_SECRET", new, old)
        eventually(lambda: with_new_key.get("/api/v1/webhooks").status == 200, "the new key was not accepted")
        api.get("/api/v1/webhooks").expect(200)
    finally:
        _write(stack, "OPERATOR_KEY_SECRET", old)


def test_a_new_token_key_takes_over_while_functions_are_warm_and_refuses_no_token(stack, tenant, api):
    """In the steps of docs/operations.md, so that the other tests' tokens stay valid too."""
    def mint() -> str:
        return api.post(f"/api/v1/tenants/{tenant}/tokens", {"scopes": ["webhooks:read"]}).expect(201).body["token"]

    def is_valid(token: str) -> bool:
        return stack.api(tenant, token=token).get("/api/v1/webhooks").status == 200

    before = mint()
    old, *others = _text_of(stack, "TOKEN_KEY_SECRET").split()
    new = uuid.uuid4().hex
    _write(stack, "TOKEN_KEY_SECRET", old, *others, new)
    # An instance reads the keys again for a token that it does not know, unless it has read them ten seconds ago.
    time.sleep(11)
    _write(stack, "TOKEN_KEY_SECRET", new, old, *others)
    try:
        assert all(is_valid(token) for token in (before, mint()))
    finally:
        # The new key stays: others may have tokens that it signed.
        _write(stack, "TOKEN_KEY_SECRET", old, *others, new)
    assert is_valid(before)


def _write(stack, name: str, *keys: str) -> None:
    stack.secrets.put_secret_value(SecretId=_secret(stack, name), SecretString="\n".join(keys))


def _text_of(stack, name: str) -> str:
    return stack.secrets.get_secret_value(SecretId=_secret(stack, name))["SecretString"]


def _data_key(stack) -> str:
    return _secret(stack, "DATA_KEY_SECRET")


def _secret(stack, name: str) -> str:
    """The id of the secret that this variable of the API function names."""
    function = stack.description["functions"]["ApiFunction"]
    settings = stack.lambdas.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    return settings[name]


def _encrypt_again(stack, tenant: str, webhook: str, keys: dict) -> None:
    """Encrypts a webhook's secrets again with the current key, in the format of docs/operations.md."""
    (item,) = (item for item in _webhook_items(stack, tenant) if item["id"]["S"] == webhook)
    for attribute in ("secret", "headers"):
        key_name, sealed = item[attribute]["S"].rsplit(".", 1)
        owner = f"{webhook}/{attribute}".encode()
        raw = base64.b64decode(sealed + "=" * (-len(sealed) % 4))
        plain = _cipher(keys[key_name]).decrypt(raw[:12], raw[12:], owner)
        nonce = os.urandom(12)
        again = nonce + _cipher(keys[keys["current"]]).encrypt(nonce, plain, owner)
        item[attribute] = {"S": f"{keys['current']}.{base64.b64encode(again).decode().rstrip('=')}"}
    stack.dynamodb.put_item(TableName=stack.description["registryTable"], Item=item)


def _cipher(text: str) -> AESGCM:
    return AESGCM(hashlib.sha256(text.encode()).digest())


def _ledger_items(stack, webhook: str) -> list[dict]:
    found = stack.dynamodb.query(
        TableName=stack.description["ledgerTable"],
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"WH#{webhook}"}},
        ConsistentRead=True,
    )
    return found["Items"]


def _webhook_items(stack, tenant: str) -> list[dict]:
    found = stack.dynamodb.query(
        TableName=stack.description["registryTable"],
        KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues={":pk": {"S": f"T#{tenant}"}, ":sk": {"S": "WH#"}},
        ConsistentRead=True,
    )
    return found["Items"]


def _forms(secret: bytes) -> list[str]:
    """The secret as text, in base64 and in hex: encodings that do not hide it."""
    readable = secret.decode(errors="replace")
    encoded = base64.b64encode(secret).decode().rstrip("=")
    return [readable, encoded, secret.hex()]


def _as_text(value) -> str:
    return bytes(value).decode(errors="replace") if isinstance(value, (bytes, Binary)) else str(value)


def _text_with(path: Path, wanted: str) -> str | None:
    text = path.read_text(errors="replace")
    return text if wanted in text else None
