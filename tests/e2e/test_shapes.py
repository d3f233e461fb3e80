"""The management API answers in the format of the tenant's contract."""

import re

import pytest

CANONICAL = {"Accept": "application/vnd.hooklane+json"}
SECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
MILLISECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
def speaks(stack, tenant):
    """`speaks(contract)`: sets the contract of the test's tenant."""

    def set_contract(contract: str) -> None:
        stack.api(None).put(f"/tenants/{tenant}", {"contract": contract}).expect(200)

    return set_contract


@pytest.fixture
def deliver(api, receiver, eventually):
    """`deliver(event_type)`: publishes an event, waits until the receiver gets it and returns the request."""

    def published(event_type: str):
        known = len(receiver.requests)
        api.post("/events", {"type": event_type, "data": {"n": 1}}).expect(202)
        eventually(lambda: len(receiver.requests) > known, "the receiver got no request")
        return receiver.requests[-1]

    return published


def test_prism_from_registration_to_the_list_of_deliveries(api, speaks, receiver, deliver, eventually):
    speaks("prism")
    body = {"url": receiver.url("/hook"), "events": ["user.created"], "description": "Mine"}
    created = api.post("/webhooks", body).expect(201)
    assert list(created.body) == ["id", "url", "events", "description", "secret", "created_at", "status"]
    assert created.body["status"] == "active" and SECONDS.fullmatch(created.body["created_at"])
    assert created.headers["etag"] and created.headers["location"].endswith(created.body["id"])

    # The webhook names no contract, so it has its tenant's.
    request = deliver("user.created")
    assert request.headers["x-webhook-signature"].startswith("sha256=")

    path = f"/webhooks/{created.body['id']}/deliveries"
    delivery = eventually(lambda: (api.get(path).expect(200).body["deliveries"] or [None])[0])
    assert delivery["event"] == "user.created" and delivery["status"] == "succeeded"
    assert delivery["response_code"] == 200 and SECONDS.fullmatch(delivery["delivered_at"])
    assert set(delivery) == {"id", "event", "status", "response_code", "delivered_at", "attempts"}


def test_aegisx_has_its_own_status_codes_states_and_errors(api, speaks, receiver, deliver, eventually):
    speaks("aegisx")
    body = {"name": "Users", "url": receiver.url("/hook"), "events": ["user.created"]}
    webhook = api.post("/webhooks", body).expect(200).body["webhook"]
    assert webhook["tenantId"] == api.tenant and MILLISECONDS.fullmatch(webhook["createdAt"])
    assert webhook["retryPolicy"]["maxAttempts"] == 3
    off = api.post("/webhooks", {**body, "active": False}).expect(200).body["webhook"]
    assert [found["id"] for found in api.get("/webhooks").expect(200).body["webhooks"]] == [webhook["id"]]
    everything = api.get("/webhooks", isActive="false").expect(200).body["webhooks"]
    assert [found["id"] for found in everything] == [off["id"]]

    deliver("user.created")
    path = f"/webhooks/{webhook['id']}/deliveries"
    delivery = eventually(lambda: (api.get(path, limit=20).expect(200).body["deliveries"] or [None])[0])
    assert delivery["status"] == "success" and delivery["webhookEndpointId"] == webhook["id"]
    refused = api.post(f"/webhooks/deliveries/{delivery['id']}/retry").expect(409)
    assert list(refused.body) == ["error"] and refused.headers["content-type"] == "application/json"

    assert api.delete(f"/webhooks/{webhook['id']}").expect(204).raw == b""
    gone = api.put(f"/webhooks/{webhook['id']}", {"name": "N"}).expect(404)
    assert gone.body == {"error": "Webhook not found"}


def test_a_contract_shapes_only_its_own_tenants_answers(stack, api, tenant, speaks):
    speaks("virtual-queue")
    body = {"url": "https://example.com/hook", "events": ["queue.created"]}
    mine = api.post("/webhooks", body).expect(201).body
    assert mine["success"] is True and mine["data"]["isActive"] is True
    listed = api.get("/webhooks", page=1, limit=10, isActive="true").expect(200).body
    assert listed["data"][0]["id"] == mine["data"]["id"] and listed["total"] == 1
    wrong = api.post("/webhooks", {"url": "http://example.com"}).expect(422).body
    assert wrong["success"] is False and wrong["error"]["code"] == "INVALID"
    assert {mistake["path"] for mistake in wrong["error"]["details"]} == {"url", "events"}

    scopes = {"scopes": ["webhooks:read", "webhooks:write"]}
    token = stack.api(None).post(f"/tenants/{tenant}/tokens", scopes).expect(201).body["token"]
    own = stack.api(None, token).get("/webhooks").expect(200).body
    assert own["success"] is True and own["data"][0]["id"] == mine["data"]["id"]

    canonical = api.request("GET", "/webhooks", headers=CANONICAL).expect(200)
    assert "success" not in canonical.body and canonical.body["data"][0]["active"] is True
    assert canonical.headers["vary"] == "accept"
    other = stack.api(f"{tenant}-other").get("/webhooks").expect(200)
    assert other.body == {"data": [], "page": 1, "limit": 20, "total": 0}
    refused = stack.api(tenant, "wrong").get("/webhooks").expect(401)
    assert refused.headers["content-type"] == "application/problem+json"
