"""Which webhooks get an event."""

import time
from concurrent.futures import ThreadPoolExecutor

import inside
import pytest

THOUSAND = 1000


def test_only_subscribed_webhooks_get_an_event(publish, register, requests, drained, receiver):
    register(["order.created"], path="/exact")
    register(["order.*"], path="/prefix")
    register(["*"], path="/all")
    register(["invoice.paid", "order.created"], path="/one-of-two")
    register(["order.completed"], path="/other")
    register(["*"], path="/inactive", active=False)

    publish(event_type="order.created")

    requests(4)
    drained()
    assert sorted(request.path for request in receiver.requests) == ["/all", "/exact", "/one-of-two", "/prefix"]


def test_another_tenants_webhook_gets_nothing(stack, tenant, publish, register, requests, drained):
    register()

    stack.api(f"{tenant}-other").post("/api/v1/events", {"type": "order.created", "data": {"mine": False}}).expect(202)
    publish({"mine": True})

    requests(1)
    drained()
    (request,) = requests(1)
    assert b'"mine":true' in request.body.replace(b" ", b"")


def test_a_webhook_gets_no_event_accepted_before_its_creation(publish, register, requests, drained):
    publish(event_type="order.cancelled")
    webhook = register()

    late = publish(event_type="order.late")

    requests(1)
    drained()
    (request,) = requests(1)
    assert request.headers["webhook-id"] == late
    assert webhook["events"] == ["*"]


def test_only_webhooks_in_test_mode_get_a_test_event(publish, register, requests, drained):
    register(path="/live")
    register(path="/test", testMode=True)

    publish({"kind": "test"}, test=True)
    publish({"kind": "live"})

    requests(2)
    drained()
    got = {(request.path, b'"live"' in request.body) for request in requests(2)}
    assert got == {("/test", False), ("/live", True)}


def test_a_replayed_stream_record_causes_no_second_request(
    stack, tenant, publish, register, requests, delivery_of, drained
):
    webhook = register()
    event = publish()
    delivery_of(webhook)
    record = inside.stream_record(inside.event_item(stack, tenant, event))

    inside.fan_out(stack, record)
    inside.fan_out(stack, record, record)

    drained()
    requests(1)
    assert delivery_of(webhook)["attemptCount"] == 1


@pytest.mark.long(50)
def test_one_event_reaches_a_thousand_webhooks_once_each(api, publish, receiver, requests, drained):
    def create(number: int) -> str:
        body = {"url": receiver.url(f"/{number}"), "events": ["order.created"]}
        return api.post("/api/v1/webhooks", body).expect(201).body["id"]

    started = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        webhooks = list(pool.map(create, range(THOUSAND)))
    created = time.monotonic()

    event = publish()

    requests(THOUSAND)
    delivered = time.monotonic()
    drained()
    paths = [request.path for request in requests(THOUSAND)]
    assert len(set(webhooks)) == THOUSAND
    assert sorted(paths) == sorted(f"/{number}" for number in range(THOUSAND))
    assert {request.headers["webhook-id"] for request in receiver.requests} == {event}
    print(f"\n1,000 webhooks: created in {created - started:.1f} s, delivered in {delivered - created:.1f} s")
