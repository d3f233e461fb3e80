"""The test inbox of a tenant on a deployed stack: webhooks point to it, deliveries arrive, strangers do too."""

import base64
import json
import time
import urllib.error
import urllib.request

import pytest
from problems import wrong_fields

INBOX = "/api/v1/inbox"
REQUESTS = f"{INBOX}/requests"


@pytest.fixture
def inbox(api) -> str:
    """The URL of this test's tenant's inbox, which is on."""
    return api.patch(INBOX, {"enabled": True}).expect(200).body["url"]


@pytest.fixture
def kept(api, eventually):
    """`kept(count)`: waits until the inbox keeps so many requests, and returns them, newest first."""

    def wait(count: int) -> list[dict]:
        def there() -> list[dict] | None:
            found = api.get(f"{REQUESTS}?limit=100").expect(200).body["data"]
            return found if len(found) >= count else None

        found = eventually(there, f"the inbox did not keep {count} requests")
        assert len(found) == count, found
        return found

    return wait


@pytest.fixture
def point(api, inbox):
    """`point(contract="github")`: a webhook that sends to the inbox."""

    def register(**more) -> dict:
        return api.post("/api/v1/webhooks", {"url": inbox, "events": ["*"], **more}).expect(201).body

    return register


def send(url: str, body: bytes = b"{}", headers: dict | None = None, method: str = "POST") -> tuple[int, bytes, dict]:
    """What a stranger is answered with."""
    request = urllib.request.Request(url, body, headers or {}, method=method)
    try:
        with urllib.request.build_opener().open(request) as answer:
            return answer.status, answer.read(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, error.read(), dict(error.headers)


@pytest.mark.parametrize("contract", ["standard", "github", "stripe", "virtual-queue"])
def test_a_delivery_is_kept_and_verified_and_nothing_else_is(contract, point, publish, delivery_of, kept, inbox):
    webhook = point(contract=contract)
    event = publish({"orderId": "A-1", "title": "Größe €"})
    assert delivery_of(webhook)["attempts"][0]["statusCode"] == 200
    (request,) = kept(1)
    assert (request["verdict"], request["webhookId"], request["secret"]) == ("verified", webhook["id"], "current")
    assert "A-1" in request["body"] and request["size"] == len(request["body"].encode())
    assert not request["bodyCut"] and not request["headersCut"]
    headers = {header["name"]: header["value"] for header in request["headers"]}
    assert headers["content-type"] == "application/json"
    if contract == "standard":
        assert headers["webhook-id"] == event

    again = {name: value for name, value in headers.items() if name not in ("host", "content-length")}
    send(inbox, request["body"].encode(), again)
    send(inbox, request["body"].replace("A-1", "A-2").encode(), again)
    send(inbox, request["body"].encode())
    assert [one["verdict"] for one in kept(4)] == ["not_signed", "wrong_signature", "verified", "verified"]


def test_a_rotated_secret_verifies_and_a_recorded_request_becomes_stale(api, stack, tenant, point, kept, inbox):
    webhook = point()
    path = f"/api/v1/webhooks/{webhook['id']}"
    api.post(f"{path}/test", None).expect(200)
    api.post(f"{path}/rotate-secret", None).expect(200)
    (first,) = kept(1)
    recorded = {one["name"]: one["value"] for one in first["headers"] if one["name"] not in ("host", "content-length")}
    send(inbox, first["body"].encode(), recorded)
    assert kept(2)[0]["secret"] == "previous"
    api.post(f"{path}/rotate-secret", {"overlapSeconds": 0}).expect(200)
    send(inbox, first["body"].encode(), recorded)
    assert kept(3)[0]["verdict"] == "wrong_signature"


def test_nothing_that_a_stranger_sends_comes_back_or_goes_on(api, stack, inbox, kept, register, receiver):
    register()
    event = {"id": "from-outside", "type": "order.created", "data": {}}
    key = stack.description["operatorKey"]
    status, body, headers = send(
        inbox,
        json.dumps(event).encode(),
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    assert (status, body) == (200, b"")
    assert "location" not in {name.lower() for name in headers}
    kept(1)
    assert kept(1)[0]["verdict"] == "no_webhook"
    send(inbox, b"\xff\xfe\x00", {"Content-Type": "application/octet-stream"})
    assert base64.b64decode(kept(2)[0]["bodyBase64"]) == b"\xff\xfe\x00"
    send(inbox, b"x" * 20_000)
    newest = kept(3)[0]
    assert (len(newest["body"]), newest["size"], newest["bodyCut"]) == (16 * 1024, 20_000, True)
    api.get("/api/v1/events/from-outside").expect(404)
    time.sleep(3)
    assert receiver.requests == []
    for method in ("GET", "PUT", "DELETE"):
        assert send(inbox, b"", method=method)[0] == 405
    kept(3)


def test_the_answer_is_the_tenants_and_410_disables(api, point, publish, kept, eventually):
    webhook = point()
    api.patch(INBOX, {"answer": {"status": 410}}).expect(200)
    publish()
    path = f"/api/v1/webhooks/{webhook['id']}"
    eventually(lambda: api.get(path).expect(200).body["status"] == "disabled", "410 did not disable it")
    assert kept(1)[0]["verdict"] == "verified"
    assert wrong_fields(api.patch(INBOX, {"answer": {"status": 301}})) == ["answer.status"]


def test_an_inbox_that_is_off_answers_404_and_the_delivery_says_why(api, point, publish, delivery_of, inbox):
    webhook = point(retryPolicy="none")
    api.patch(INBOX, {"enabled": False}).expect(200)
    publish()
    (attempt,) = delivery_of(webhook, "failed")["attempts"]
    assert attempt["statusCode"] == 404
    assert "There is no such inbox, or it is off." in attempt["response"]["body"]
    assert send(inbox)[0] == 404


def test_the_old_url_is_nobodys_and_other_paths_stay_closed(api, inbox, stack):
    moved = api.post(f"{INBOX}/rotate", None).expect(200).body["url"]
    assert moved != inbox
    assert (send(inbox)[0], send(moved)[0]) == (404, 200)
    base = stack.description["apiUrl"]
    token = moved.rsplit("/", 1)[1]
    for path in ("events", "inbox", "inbox/requests", f"inbox/{token}/", f"inbox/{token}?a=1", f"api/v1/inbox/{token}"):
        answer = api.post("/api/v1/webhooks", {"url": f"{base}/{path}", "events": ["*"]})
        assert wrong_fields(answer) == ["url"], path
    api.post("/api/v1/webhooks", {"url": f"{base}/x/../inbox/{token}", "events": ["*"]}).expect(201)


@pytest.mark.long(30)
def test_a_hundred_and_first_request_pushes_out_the_first(api, inbox, kept):
    """Sixty fit into a minute, so on a quick machine some of them have to wait."""
    taken, refused = 0, []
    while taken < 101:
        status, _, headers = send(inbox, str(taken).encode())
        if status == 429:
            refused.append(int({name.lower(): value for name, value in headers.items()}["retry-after"]))
            time.sleep(refused[-1])
        else:
            assert status == 200
            taken += 1
    assert all(1 <= seconds <= 60 for seconds in refused)
    found = kept(100)
    assert [int(one["body"]) for one in found] == list(range(100, 0, -1))
    first = api.get(f"{REQUESTS}?limit=60").expect(200).body
    rest = api.get(f"{REQUESTS}?limit=60&cursor={first['nextCursor']}").expect(200).body
    assert first["data"] + rest["data"] == found and "nextCursor" not in rest
    api.get(f"{REQUESTS}/{found[0]['id']}").expect(200)
    api.get(f"{REQUESTS}/req_1").expect(404)
    api.delete(REQUESTS).expect(204)
    assert api.get(REQUESTS).expect(200).body == {"data": []}


def test_an_inbox_belongs_to_its_tenant(api, stack, tenant, inbox, kept):
    send(inbox)
    kept(1)
    other = stack.api(f"{tenant}-other")
    assert other.get(REQUESTS).expect(200).body == {"data": []}
    assert other.get(INBOX).expect(200).body["enabled"] is False
    other.get(f"{REQUESTS}/req_1").expect(404)
