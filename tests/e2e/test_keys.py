"""Keys of tenants, from their creation to their revocation, on a deployed stack."""

import base64
import hashlib
import json
import re
import time
from datetime import datetime, timedelta, timezone

import pytest
from hooklane_local.client import Answer

FORM = re.compile(r"hlk_([A-Za-z0-9_-]{1,64})_(key_[0-9A-HJKMNP-TV-Z]{26})_[A-Za-z0-9_-]{43}_[A-Za-z0-9_-]{6}")
KEYS = "/api/v1/keys"


@pytest.fixture
def make(api):
    """`make("webhooks:read")`: a new key of this test's tenant, as the API shows it once."""

    def create(*scopes: str, **more) -> dict:
        return api.post(KEYS, {"name": "Billing", "scopes": list(scopes), **more}).expect(201).body

    return create


@pytest.fixture
def ask(stack):
    """`ask(key)`: what a request that reads webhooks with this key is answered with."""

    def send(key: dict | str) -> Answer:
        return stack.api(None, key if isinstance(key, str) else key["secret"]).get("/api/v1/webhooks")

    return send


def item_of(stack, tenant: str, key: dict) -> dict | None:
    place = {"pk": {"S": f"T#{tenant}"}, "sk": {"S": f"KEY#{key['id']}"}}
    return stack.dynamodb.get_item(TableName=stack.description["registryTable"], Key=place).get("Item")


def test_a_customer_works_with_a_key_alone(stack, tenant, make, receiver, eventually):
    key = make("webhooks:read", "webhooks:write", "events:publish")
    found = FORM.fullmatch(key["secret"])
    assert found and found.groups() == (tenant, key["id"])
    customer = stack.api(None, key["secret"])

    customer.post("/api/v1/webhooks", {"url": receiver.url("/"), "events": ["*"]}).expect(201)
    customer.post("/api/v1/events", {"type": "order.created", "data": {"id": 1}}).expect(202)

    eventually(lambda: receiver.requests, "the event was not delivered")
    stack.api(f"{tenant}-other", key["secret"]).get("/api/v1/webhooks").expect(400)
    stack.api(tenant, key["secret"]).get("/api/v1/webhooks").expect(200)


def test_only_a_hash_of_the_secret_is_stored_and_nothing_shows_it_again(stack, tenant, api, make):
    key = make("keys:read")
    secret = key.pop("secret")

    assert api.get(f"{KEYS}/{key['id']}").expect(200).body == key
    assert api.get(KEYS).expect(200).body == {"data": [key]}
    stored = json.dumps(item_of(stack, tenant, key))
    part = secret[-50:-7]
    assert part not in stored and secret not in stored
    assert re.fullmatch("[0-9a-f]{64}", item_of(stack, tenant, key)["hash"]["S"])


def test_a_revoked_key_is_refused_with_the_next_request(api, make, ask):
    key, other = make("webhooks:read"), make("webhooks:read")
    ask(key).expect(200)

    api.delete(f"{KEYS}/{key['id']}").expect(204)

    for _ in range(5):
        ask(key).expect(401)
    ask(other).expect(200)
    api.delete(f"{KEYS}/{key['id']}").expect(404)


def test_a_rotated_key_has_two_secrets_for_an_overlap(api, make, ask, eventually):
    key = make("webhooks:read")
    path = f"{KEYS}/{key['id']}/rotate"

    new = api.post(path, {"overlapSeconds": 5}).expect(200).body

    assert new["id"] == key["id"] and new["previousSecretExpiresAt"]
    ask(key).expect(200)
    ask(new).expect(200)
    overlapping = api.post(path).expect(409).body
    assert overlapping["type"] == "urn:hooklane:problem:rotation-overlap"
    eventually(lambda: ask(key).status == 401, "the old secret did not end")
    ask(new).expect(200)
    last = api.post(path, {"overlapSeconds": 0}).expect(200).body
    ask(new).expect(401)
    ask(last).expect(200)


def test_an_expired_key_is_refused_and_still_listed(api, make, ask, eventually):
    until = datetime.now(timezone.utc) + timedelta(seconds=6)
    key = make("webhooks:read", expiresAt=until.isoformat())
    ask(key).expect(200)

    eventually(lambda: ask(key).status == 401, "the key did not expire")

    assert datetime.now(timezone.utc) >= until
    assert [one["id"] for one in api.get(KEYS).expect(200).body["data"]] == [key["id"]]


def test_the_use_of_a_key_is_written_once_in_an_hour(stack, tenant, api, make, ask):
    key = make("webhooks:read")
    before = time.time() - 1
    for _ in range(5):
        ask(key).expect(200)
    used = item_of(stack, tenant, key)["last_used_at"]["N"]
    assert before <= int(used) / 1000 <= time.time() + 1
    for _ in range(5):
        ask(key).expect(200)
    assert item_of(stack, tenant, key)["last_used_at"]["N"] == used, "written again within the hour"

    place = {"pk": {"S": f"T#{tenant}"}, "sk": {"S": f"KEY#{key['id']}"}}
    stack.dynamodb.update_item(
        TableName=stack.description["registryTable"],
        Key=place,
        UpdateExpression="SET last_used_at = :then",
        ExpressionAttributeValues={":then": {"N": str(int(used) - 3_600_000)}},
    )
    ask(key).expect(200)
    assert int(item_of(stack, tenant, key)["last_used_at"]["N"]) >= int(used)
    assert api.get(f"{KEYS}/{key['id']}").expect(200).body["lastUsedAt"]


def test_a_token_with_the_scope_makes_a_lasting_key_and_nobody_more_than_they_have(stack, tenant, ask):
    body = {"scopes": ["keys:write", "webhooks:read"]}
    token = stack.api(None).post(f"/api/v1/tenants/{tenant}/tokens", body).expect(201).body["token"]
    mine = stack.api(None, token)

    key = mine.post(KEYS, {"name": "mine", "scopes": ["webhooks:read"]}).expect(201).body
    refused = mine.post(KEYS, {"name": "more", "scopes": ["webhooks:read", "webhooks:write"]}).expect(403)

    assert "webhooks:write" in refused.body["detail"]
    stack.api(None).post(f"/api/v1/tenants/{tenant}/tokens/revoke").expect(204)
    mine.get("/api/v1/webhooks").expect(401)
    ask(key).expect(200)


def test_a_damaged_or_forged_key_is_refused(make, ask):
    key, other = make("webhooks:read"), make("webhooks:read")
    text, swapped = key["secret"], other["secret"]
    for forged in [text[:-1], text[:-7], text[:-6] + "AAAAAA", text + "A", text.replace("hlk_", "hlk_x", 1), key["id"]]:
        assert ask(forged).status == 401, forged
    # The checksum is right, and the secret is another key's.
    body = text[:-50] + swapped[-50:-7]
    checksum = base64.urlsafe_b64encode(hashlib.sha256(body.encode()).digest())[:6].decode()
    assert ask(f"{body}_{checksum}").status == 401
    ask(key).expect(200)
