"""Both ways in: the API and the event queue. What goes in comes out signed, once."""

import time

import pytest
from hooklane_local.signature import verified

EVENT = {"type": "order.created", "data": {"orderId": "A-1", "total": 49.90, "note": "größer"}}


def publish_by_api(stack, tenant: str, event: dict) -> None:
    stack.api(tenant).post("/api/v1/events", event).expect(200, 201, 202)


def publish_by_queue(stack, tenant: str, event: dict) -> None:
    stack.send_event({**event, "tenant": tenant})


@pytest.mark.parametrize("publish", [publish_by_api, publish_by_queue])
def test_an_event_reaches_its_webhook_signed(publish, stack, tenant, register, receiver, deliveries_of):
    webhook = register(["order.*"])

    publish(stack, tenant, EVENT)

    (request,) = receiver.wait_for(1, timeout=20)
    payload = verified(request, webhook["secret"])
    assert request.method == "POST"
    assert request.headers["content-type"] == "application/json"
    assert payload["type"] == EVENT["type"]
    assert payload["data"] == EVENT["data"]
    (delivery,) = deliveries_of(webhook)
    assert delivery["eventType"] == EVENT["type"]


@pytest.mark.parametrize("publish", [publish_by_api, publish_by_queue])
def test_an_event_goes_to_subscribed_webhooks_only(publish, stack, tenant, register, receiver):
    register(["order.created"], path="/exact")
    register(["order.*"], path="/prefix")
    register(["*"], path="/all")
    register(["order.shipped"], path="/other")

    publish(stack, tenant, EVENT)

    receiver.wait_for(3, timeout=20)
    # Long enough for a fourth that should not be there.
    time.sleep(1.5)
    assert sorted(request.path for request in receiver.requests) == ["/all", "/exact", "/prefix"]


def test_another_tenants_webhook_gets_nothing(stack, tenant, register, receiver):
    register(["*"])

    publish_by_api(stack, f"{tenant}-other", EVENT)
    publish_by_api(stack, tenant, {**EVENT, "data": {"mine": True}})

    receiver.wait_for(1, timeout=20)
    time.sleep(1.5)
    assert [b'"mine"' in request.body for request in receiver.requests] == [True]


def test_the_same_id_twice_is_one_event(stack, tenant, api, register, receiver):
    register(["*"])
    event = {**EVENT, "id": "order-A-1"}

    api.post("/api/v1/events", event).expect(200, 201, 202)
    again = api.post("/api/v1/events", event).expect(200).body
    publish_by_queue(stack, tenant, event)

    assert again["duplicate"] is True
    receiver.wait_for(1, timeout=20)
    time.sleep(2)
    assert len(receiver.requests) == 1


def test_the_same_id_with_another_body_is_refused(api):
    api.post("/api/v1/events", {**EVENT, "id": "order-A-1"}).expect(200, 201, 202)

    refused = api.post("/api/v1/events", {**EVENT, "id": "order-A-1", "data": {"other": 1}}).expect(409)

    assert refused.headers["content-type"].startswith("application/problem+json")


def test_an_unreadable_queue_message_becomes_a_dead_letter(stack, tenant, register, receiver, eventually):
    register(["*"])
    unreadable = f"not JSON, from {tenant}"

    stack.send_event(unreadable)
    publish_by_queue(stack, tenant, EVENT)

    # The rest goes its way.
    assert len(receiver.wait_for(1, timeout=20)) == 1
    letter = eventually(
        lambda: next((found for found in stack.dead_letters("events") if found["Body"] == unreadable), None)
    )
    assert letter["MessageAttributes"], "a dead letter says why it is one"
