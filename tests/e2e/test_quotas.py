"""The quotas of a tenant, and the id of a tenant that was removed."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hooklane_local.client import Answer, Api, LocalStack

HOOK = {"url": "https://hooks.example.com/in", "events": ["order.created"]}
READ = {"scopes": ["webhooks:read"]}
TYPE = {"category": "c", "description": "d", "sample": {"id": "1"}}


@pytest.fixture
def limit(stack: LocalStack, tenant: str):
    """`limit(webhooks=2)`: gives this test's tenant quotas of its own."""

    def give(**quotas: int) -> None:
        stack.api(None).put(f"/api/v1/tenants/{tenant}", {"quotas": quotas}).expect(200)

    return give


def refused(answer: Answer, status: int, quota: str, most: int, used: int) -> None:
    answer.expect(status)
    assert (answer.body["quota"], answer.body["limit"], answer.body["used"]) == (quota, most, used), answer.raw


def test_of_many_webhooks_at_once_no_more_are_registered_than_the_quota_allows(api: Api, limit):
    limit(webhooks=5)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: api.post("/api/v1/webhooks", HOOK), range(12)))

    assert sorted(answer.status for answer in answers) == [201] * 5 + [409] * 7
    for answer in answers:
        if answer.status == 409:
            refused(answer, 409, "webhooks", 5, 5)
    listed = api.get("/api/v1/webhooks").expect(200).body
    assert (listed["total"], len(listed["data"])) == (5, 5)
    api.delete(f"/api/v1/webhooks/{listed['data'][0]['id']}").expect(204)
    assert api.get("/api/v1/quotas").expect(200).body["quotas"]["webhooks"] == {"limit": 5, "used": 4}
    api.post("/api/v1/webhooks", HOOK).expect(201)


def test_each_quota_says_which_it_is_and_what_is_used(api: Api, stack: LocalStack, tenant: str, limit):
    limit(eventTypes=1, eventsPerWebhook=1, headerBytesPerWebhook=8, tokensPerDay=1, recoveriesPerDay=1, keys=1)

    api.put(f"/api/v1/event-types/one.{tenant}", TYPE).expect(201)
    refused(api.put(f"/api/v1/event-types/two.{tenant}", TYPE), 409, "eventTypes", 1, 1)

    two = api.post("/api/v1/webhooks", {**HOOK, "events": ["*", "user.created"]})
    refused(two, 422, "eventsPerWebhook", 1, 2)
    assert two.body["errors"][0]["path"] == "events"
    long = api.post("/api/v1/webhooks", {**HOOK, "headers": {"X-A": "123456"}})
    refused(long, 422, "headerBytesPerWebhook", 8, 9)

    tokens = f"/api/v1/tenants/{tenant}/tokens"
    stack.api(None).post(tokens, READ).expect(201)
    over = stack.api(None).post(tokens, READ)
    refused(over, 429, "tokensPerDay", 1, 1)
    key = {"name": "one", **READ}
    api.post("/api/v1/keys", key).expect(201)
    refused(api.post("/api/v1/keys", key), 409, "keys", 1, 1)
    assert 0 < int(over.headers["retry-after"]) <= 86_400

    first, second = (api.post("/api/v1/webhooks", HOOK).expect(201).body["id"] for _ in range(2))
    wanted = {"since": "2024-01-15T10:30:00Z", "status": "failed"}
    api.post(f"/api/v1/webhooks/{first}/recover", wanted).expect(202)
    refused(api.post(f"/api/v1/webhooks/{second}/recover", wanted), 429, "recoveriesPerDay", 1, 1)


def test_filters_count_by_what_they_cost(api: Api, limit):
    filtered = {**HOOK, "filter": "event.data.total > 1.0"}
    first = api.post("/api/v1/webhooks", filtered).expect(201).body["id"]
    cost = api.get("/api/v1/quotas").expect(200).body["quotas"]["expressionCost"]["used"]
    assert cost > 0
    limit(expressionCost=cost)

    refused(api.post("/api/v1/webhooks", filtered), 409, "expressionCost", cost, cost)
    api.post("/api/v1/webhooks", HOOK).expect(201)
    api.patch(f"/api/v1/webhooks/{first}", {"filter": None}).expect(200)
    api.post("/api/v1/webhooks", filtered).expect(201)


def test_a_removed_tenants_id_cannot_be_used_until_everything_has_expired(api: Api, stack: LocalStack, tenant: str):
    event = {"id": "order-1", "type": "order.created", "data": {"secret-of": tenant}}
    api.post("/api/v1/events", event).expect(202)
    api.post("/api/v1/webhooks", HOOK, **{"Idempotency-Key": "k"}).expect(201)
    api.put(f"/api/v1/event-types/one.{tenant}", TYPE).expect(201)

    stack.api(None).delete(f"/api/v1/tenants/{tenant}").expect(204)

    for answer in [
        api.get("/api/v1/events/order-1"),
        api.get("/api/v1/webhooks"),
        api.get("/api/v1/deliveries"),
        api.post("/api/v1/events", event),
        api.post("/api/v1/webhooks", HOOK, **{"Idempotency-Key": "k"}),
        api.put(f"/api/v1/event-types/one.{tenant}", TYPE),
        stack.api(None).post(f"/api/v1/tenants/{tenant}/tokens", READ),
        stack.api(None).put(f"/api/v1/tenants/{tenant}", {}),
        stack.api(None).get(f"/api/v1/tenants/{tenant}"),
    ]:
        answer.expect(410)
        assert answer.body["type"] == "urn:hooklane:problem:tenant-removed"
        assert "can be used again from" in answer.body["detail"]
        assert b"secret-of" not in answer.raw
    stack.api(None).delete(f"/api/v1/tenants/{tenant}").expect(404)
    listed = stack.api(None).get("/api/v1/tenants", limit=100).expect(200).body["data"]
    assert tenant not in [one["id"] for one in listed]
