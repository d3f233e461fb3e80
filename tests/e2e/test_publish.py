"""An event published through the API or on the event queue is delivered once, signed."""

import pytest
from hooklane_local.signature import verified

EVENT = {"type": "order.created", "data": {"orderId": "A-1", "total": 49.90, "note": "größer"}}


def publish_by_api(stack, tenant: str, event: dict) -> None:
    stack.api(tenant).post("/api/v1/events", event).expect(202)


def publish_by_queue(stack, tenant: str, event: dict) -> None:
    stack.send_event({**event, "tenant": tenant})


@pytest.mark.parametrize("publish", [publish_by_api, publish_by_queue])
def test_an_event_reaches_its_webhook_signed(publish, stack, tenant, register, requests, delivery_of):
    webhook = register(["order.*"])

    publish(stack, tenant, EVENT)

    (request,) = requests(1)
    payload = verified(request, webhook["secret"])
    assert request.method == "POST"
    assert request.headers["content-type"] == "application/json"
    assert payload["type"] == EVENT["type"]
    assert payload["data"] == EVENT["data"]
    delivery = delivery_of(webhook)
    assert delivery["eventType"] == EVENT["type"]
    assert request.headers["webhook-id"] == delivery["eventId"]


@pytest.mark.parametrize("prefix", ["/api/v1", "/api", ""])
def test_every_path_prefix_of_the_platform_guides_works(prefix, stack, tenant, receiver, requests):
    api = stack.api(tenant)
    webhook = api.post(f"{prefix}/webhooks", {"url": receiver.url(), "events": ["*"]}).expect(201).body

    api.post(f"{prefix}/events", EVENT).expect(202)

    (request,) = requests(1)
    verified(request, webhook["secret"])
    assert api.get(f"{prefix}/webhooks/{webhook['id']}/deliveries").expect(200).body["data"]


@pytest.mark.parametrize("publish", [publish_by_api, publish_by_queue])
@pytest.mark.parametrize("tenant_name", ["tenant", "tenantId", "tenant_id", "org_id"])
def test_the_field_names_of_the_platform_guides_are_accepted(publish, tenant_name, stack, tenant, register, requests):
    webhook = register()
    event = {"event": "order.created", "created_at": "2024-01-15T10:30:00Z", "data": {"a": 1}, tenant_name: tenant}

    if publish is publish_by_queue:
        stack.send_event(event)
    else:
        publish(stack, tenant, event)

    payload = verified(requests(1)[0], webhook["secret"])
    assert payload == {"type": "order.created", "timestamp": "2024-01-15T10:30:00.000Z", "data": {"a": 1}}


@pytest.mark.parametrize(
    "wrap", [lambda data: {"data": data}, lambda data: data], ids=["data in detail.data", "data is the rest of detail"]
)
def test_an_eventbridge_envelope_on_the_queue_is_an_event(wrap, stack, tenant, register, requests):
    webhook = register(["order.completed"])
    envelope = {
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": "order.completed",
        "source": "shop",
        "account": "123456789012",
        "time": "2024-01-15T10:30:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {"tenant_id": tenant, **wrap({"orderId": "A-1"})},
    }

    stack.send_event(envelope)

    (request,) = requests(1)
    payload = verified(request, webhook["secret"])
    assert payload == {"type": "order.completed", "timestamp": "2024-01-15T10:30:00.000Z", "data": {"orderId": "A-1"}}
    assert request.headers["webhook-id"] == envelope["id"]


def test_numbers_and_key_order_stay_as_published(stack, tenant, register, requests):
    webhook = register()
    data = '{"z":1234567890123456789012,"a":1.0,"m":1e2,"text":"\\u00fc/\\/"}'

    stack.send_event(f'{{"tenant": "{tenant}", "type": "order.created", "data": {data}}}')

    (request,) = requests(1)
    verified(request, webhook["secret"])
    assert f'"data":{data}'.encode() in request.body.replace(b'"data": ', b'"data":')


def test_a_batch_has_a_result_for_each_event(api, register, requests):
    register()
    body = {
        "events": [
            {"id": "good-1", "type": "order.created", "data": {"n": 1}},
            {"id": "no-type", "data": {}},
            {"id": "good-1", "type": "order.created", "data": {"n": 1}},
            {"id": "good-1", "type": "order.created", "data": {"n": "other"}},
            {"id": "bad id!", "type": "order.created", "data": {}},
            {"type": "order.created", "data": {"n": 2}},
        ]
    }

    results = api.post("/api/v1/events/batch", body).expect(200).body["results"]

    assert [result["status"] for result in results] == [202, 422, 200, 409, 422, 202]
    assert results[0] == {"status": 202, "id": "good-1", "duplicate": False}
    assert results[1]["error"]["errors"][0]["path"] == "type"
    assert results[2]["duplicate"] is True
    assert results[4]["error"]["errors"][0]["path"] == "id"
    ids = {request.headers["webhook-id"] for request in requests(2)}
    assert ids == {"good-1", results[5]["id"]}


def test_every_event_of_a_batch_of_a_hundred_is_delivered(api, register, requests, drained):
    register()
    events = [{"type": "order.created", "data": {"n": n}} for n in range(100)]

    results = api.post("/api/v1/events/batch", events).expect(200).body["results"]

    assert {result["status"] for result in results} == {202}
    requests(100)
    drained()
    assert {request.headers["webhook-id"] for request in requests(100)} == {result["id"] for result in results}
