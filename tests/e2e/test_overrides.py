"""Settings of a webhook that override those of its contract: time limit, rate limit, kind of signature."""

import base64

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hooklane_local.receiver import Response


def test_a_webhooks_own_time_limit_ends_an_attempt(receiver, publish, register, delivery_of):
    receiver.respond = lambda _request: Response(never=True)
    webhook = register(timeout=1, retryPolicy="none")
    assert webhook["timeoutSeconds"] == 1
    publish()

    failed = delivery_of(webhook, "failed")
    (attempt,) = failed["attempts"]
    assert attempt["error"]["kind"] == "timeout"
    assert "1s" in attempt["error"]["detail"], "the attempt had its contract's limit of 20 s"


def test_limits_are_stored_changed_and_removed(api, register):
    webhook = register(timeoutSeconds=7, rateLimit={"requests": 60, "perSeconds": 30})
    path = f"/api/v1/webhooks/{webhook['id']}"
    assert api.get(path).expect(200).body["rateLimit"] == {"requests": 60, "perSeconds": 30}
    changed = api.patch(path, {"timeoutSeconds": 8}).expect(200).body
    assert (changed["timeoutSeconds"], changed["rateLimit"]["requests"]) == (8, 60)
    removed = api.patch(path, {"timeoutSeconds": None, "rateLimit": None}).expect(200).body
    assert "timeoutSeconds" not in removed and "rateLimit" not in removed


def test_limits_out_of_bounds_are_refused_with_their_paths(api):
    limits = {"timeoutSeconds": 31, "rateLimit": {"requests": 0, "perSeconds": 1}}
    body = {"url": "https://example.com/", "events": ["*"], **limits}
    errors = api.post("/api/v1/webhooks", body).expect(422).body["errors"]
    assert [error["path"] for error in errors] == ["timeoutSeconds", "rateLimit.requests"]


def test_an_incomplete_policy_is_completed_from_its_contract(api, register):
    # The platform guide: "Maximum retries configurable up to 10 attempts", with delays of 5, 25 and 125 s.
    webhook = register(contract="task-hub", retryPolicy={"maxRetries": 10})
    policy = webhook["retryPolicy"]
    assert (policy["initialDelayMs"], policy["multiplier"], policy["maxDelayMs"]) == (5_000, 5, 86_400_000)
    assert (policy["strategy"], policy["maxRetries"]) == ("exponential", 10)

    changed = api.patch(f"/api/v1/webhooks/{webhook['id']}", {"retryPolicy": {"multiplier": 2}}).expect(200).body
    assert changed["retryPolicy"] == {**policy, "multiplier": 2, "maxRetries": 3}


def test_an_asymmetric_signature_verifies_with_the_public_key(publish, register, requests):
    webhook = register(signing="ed25519")
    assert webhook["secret"].startswith("whsk_") and webhook["signing"] == "ed25519"
    publish()

    (request,) = requests(1)
    headers = request.headers
    version, signature = headers["webhook-signature"].split(",")
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + request.body
    key = base64.b64decode(webhook["publicKey"].removeprefix("whpk_"))
    assert version == "v1a"
    Ed25519PublicKey.from_public_bytes(key).verify(base64.b64decode(signature), signed)


def test_a_contract_without_asymmetric_signatures_refuses_them(api):
    body = {"url": "https://example.com/", "events": ["*"], "contract": "github", "signing": "ed25519"}
    (error,) = api.post("/api/v1/webhooks", body).expect(422).body["errors"]
    assert error == {"path": "signing", "message": "the contract github signs with hmac only"}
