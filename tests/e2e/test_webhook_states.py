"""A webhook is tested, paused, resumed, given a new secret, and changed by concurrent requests."""

import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from hooklane_local import behaviours
from hooklane_local.receiver import Response
from hooklane_local.signature import SignatureError, verified
from problems import refused, wrong_fields


@pytest.mark.parametrize(
    ("body", "event_type", "data"),
    [
        (None, "webhook.test", None),
        ({}, "webhook.test", None),
        ({"event": "user.created"}, "user.created", None),
        ({"taskId": "123", "status": "completed"}, "webhook.test", {"taskId": "123", "status": "completed"}),
    ],
    ids=["no body", "an empty object", "a type", "a payload"],
)
def test_a_test_reaches_the_receiver_and_shows_its_response(body, event_type, data, api, receiver, register, requests):
    receiver.respond = lambda _request: Response(202, {"X-Seen": "yes"}, b"got it")
    webhook = register(headers={"X-Token": "a-token"})

    answer = api.post(f"/api/v1/webhooks/{webhook['id']}/test", body).expect(200).body

    (request,) = requests(1)
    payload = verified(request, webhook["secret"])
    assert payload["type"] == answer["eventType"] == event_type
    assert request.headers["webhook-id"] == answer["eventId"]
    if data is not None:
        assert payload["data"] == data
    elif event_type == "webhook.test":
        assert payload["data"].keys() == {"message", "timestamp"}
    assert answer["successful"] is True
    response = answer["response"]
    assert (answer["statusCode"], response["statusText"], response["body"]) == (202, "Accepted", "got it")
    assert response["headers"]["x-seen"] == "yes"
    # The answer shows the request, with its secrets masked.
    shown = answer["request"]["headers"]
    assert shown["X-Token"] == "***"
    assert shown["webhook-signature"] != request.headers["webhook-signature"]
    assert request.headers["x-token"] == "a-token"


def test_a_test_is_in_no_list_and_changes_no_state(api, receiver, register, requests):
    receiver.respond = behaviours.gone()
    webhook = register(active=False)
    path = f"/api/v1/webhooks/{webhook['id']}"

    answer = api.post(f"{path}/test").expect(200).body

    requests(1)
    assert (answer["successful"], answer["statusCode"]) == (False, 410)
    assert api.get(f"{path}/deliveries").expect(200).body["data"] == []
    assert api.get(path).expect(200).body["status"] == "inactive"


def test_a_test_is_stored_in_the_ledger_and_marked(stack, tenant, api, register):
    webhook = register()

    answer = api.post(f"/api/v1/webhooks/{webhook['id']}/test").expect(200).body

    (item,) = stack.dynamodb.query(
        TableName=stack.description["ledgerTable"],
        KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues={":pk": {"S": f"WH#{webhook['id']}"}, ":sk": {"S": "AT#"}},
        ConsistentRead=True,
    )["Items"]
    assert answer["eventId"] in item["sk"]["S"]
    assert (item["y"]["S"], item["t"]["S"], item["s"]["N"]) == ("webhook.test", tenant, "200")
    assert int(item["expiresAt"]["N"]) > 0


def test_a_test_without_a_response_says_why(api, receiver, register):
    receiver.respond = behaviours.resetting()
    answer = api.post(f"/api/v1/webhooks/{register()['id']}/test").expect(200).body

    assert answer["successful"] is False
    assert answer["error"]["kind"] in ("connect", "response")
    assert "response" not in answer


def test_a_test_with_an_unknown_event_type_is_refused(api, receiver, register):
    path = f"/api/v1/webhooks/{register()['id']}/test"

    assert wrong_fields(api.post(path, {"event": "nobody.knows.this"})) == ["event"]
    assert receiver.requests == []


def test_a_rotated_secret_is_used_at_once(api, register, publish, requests):
    webhook = register()
    path = f"/api/v1/webhooks/{webhook['id']}"
    assert api.get(f"{path}/secret").expect(200).body == {"secret": webhook["secret"]}

    rotated = api.post(f"{path}/rotate-secret", {"overlapSeconds": 600}).expect(200).body

    assert rotated["secret"] != webhook["secret"]
    assert api.get(f"{path}/secret").expect(200).body == rotated
    # A test does not read the webhook from a cache.
    api.post(f"{path}/test").expect(200)
    (request,) = requests(1)
    verified(request, rotated["secret"])
    verified(request, webhook["secret"])
    refused(api.post(f"{path}/rotate-secret"), 409, "rotation-overlap")

    last = api.post(f"{path}/rotate-secret", {"overlapSeconds": 0, "secret": "a-secret-of-ours"}).expect(200).body
    assert "previousSecretExpiresAt" not in last
    api.post(f"{path}/test").expect(200)
    request = requests(2)[-1]
    verified(request, last["secret"])
    for old in (webhook["secret"], rotated["secret"]):
        with pytest.raises(SignatureError):
            verified(request, old)


def test_a_paused_webhook_gets_nothing_until_it_is_resumed(api, receiver, register, publish, deliveries_of, drained):
    webhook = register()
    path = f"/api/v1/webhooks/{webhook['id']}"
    paused = api.post(f"{path}/pause").expect(200)
    assert (paused.body["status"], paused.body["active"]) == ("paused", False)
    assert api.post(f"{path}/pause").expect(200).headers["etag"] == paused.headers["etag"]

    publish({"n": 1})

    (waiting,) = deliveries_of(webhook, 1, "pending")
    drained()
    assert receiver.requests == []
    assert api.post(f"{path}/resume").expect(200).body["status"] == "active"
    publish({"n": 2})
    deliveries_of(webhook, 1, "delivered")
    # The parked delivery is also made when its tenant retries it.
    if any(d["id"] == waiting["id"] for d in api.get(f"{path}/deliveries", status="pending").expect(200).body["data"]):
        api.post(f"/api/v1/webhooks/deliveries/{waiting['id']}/retry").expect(202)
    deliveries_of(webhook, 2, "delivered")


def test_a_disabled_webhook_can_be_resumed(api, receiver, register, publish, eventually):
    receiver.respond = behaviours.gone()
    webhook = register()
    path = f"/api/v1/webhooks/{webhook['id']}"
    publish()
    eventually(lambda: api.get(path).expect(200).body["status"] == "disabled", "it was not disabled")

    assert api.post(f"{path}/pause").expect(200).body["status"] == "disabled"
    assert api.post(f"{path}/resume").expect(200).body["status"] == "active"


def test_concurrent_requests_with_one_idempotency_key_register_one_webhook(api, receiver):
    body = {"url": receiver.url(), "events": ["*"]}
    key = {"Idempotency-Key": f"registration {uuid.uuid4()}"}
    start = threading.Barrier(6)

    def post(_n):
        start.wait()
        return api.post("/api/v1/webhooks", body, **key).expect(201).body

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(post, range(6)))

    assert len({json.dumps(answer, sort_keys=True) for answer in answers}) == 1
    assert api.get("/api/v1/webhooks").expect(200).body["total"] == 1
    refused(api.post("/api/v1/webhooks", {**body, "events": ["user.created"]}, **key), 409, "idempotency-conflict")


def test_an_event_with_an_idempotency_key_is_accepted_once(api, register, requests, drained):
    register()
    key = {"Idempotency-Key": f"event {uuid.uuid4()}"}
    event = {"type": "order.created", "data": {"n": 1}}

    first = api.post("/api/v1/events", event, **key).expect(202).body
    again = api.post("/api/v1/events", event, **key).expect(200).body

    assert (again["id"], again["duplicate"]) == (first["id"], True)
    requests(1)
    drained()
    (request,) = requests(1)
    assert request.headers["webhook-id"] == first["id"]


def test_concurrent_changes_are_all_kept(api, register):
    path = f"/api/v1/webhooks/{register()['id']}"
    changes = [
        {"name": "New"},
        {"description": "What for"},
        {"events": ["order.*"]},
        {"headers": {"X-A": "1"}},
        {"retryPolicy": {"scheduleSeconds": [7]}},
        {"timeoutSeconds": 9},
        {"rateLimit": {"requests": 60, "perSeconds": 60}},
        {"testMode": True},
    ]
    start = threading.Barrier(len(changes))

    def patch(change):
        start.wait()
        return api.patch(path, change).expect(200)

    with ThreadPoolExecutor(len(changes)) as pool:
        tags = {answer.headers["etag"] for answer in pool.map(patch, changes)}

    assert len(tags) == len(changes), "two changes got the same ETag"
    webhook = api.get(path).expect(200).body
    expected = {name: value for change in changes for name, value in change.items()} | {"headers": {"X-A": "***"}}
    assert {name: webhook[name] for name in expected} == expected


def test_a_stale_etag_changes_nothing(api, register):
    path = f"/api/v1/webhooks/{register()['id']}"
    tag = api.get(path).expect(200).headers["etag"]
    api.patch(path, {"name": "New"}, **{"If-Match": f'"7", {tag}'}).expect(200)

    for stale in (tag, f"W/{tag}"):
        refused(api.patch(path, {"name": "Newer"}, **{"If-Match": stale}), 412, "precondition-failed")
        refused(api.request("DELETE", path, headers={"If-Match": stale}), 412, "precondition-failed")
    assert api.get(path).expect(200).body["name"] == "New"
    api.request("DELETE", path, headers={"If-Match": "*"}).expect(204)


def test_webhooks_are_filtered(api, register):
    orders, users = register(["order.*"]), register(["user.created"], active=False)

    def listed(**query) -> list[str]:
        return [webhook["id"] for webhook in api.get("/api/v1/webhooks", **query).expect(200).body["data"]]

    assert listed(active="true") == listed(isActive="true") == [orders["id"]]
    assert listed(active="false") == listed(event="user.created") == [users["id"]]
    assert listed(event="order.shipped", active="false") == []
    assert listed(page=9_007_199_254_740_991) == []
    refused(api.get("/api/v1/webhooks", limit=101), 422, "invalid")
