"""What can never be processed goes to the dead-letter queue of its source and delays nothing else."""

import json
import uuid
from datetime import datetime

import inside
import pytest


@pytest.fixture
def dead_letter(stack, eventually):
    """`dead_letter(source, marker)`: waits for the letter whose body contains the marker and returns it."""

    def wait(source: str, marker: str) -> dict:
        def find() -> dict | None:
            return next((letter for letter in stack.dead_letters(source) if marker in letter["Body"]), None)

        letter = eventually(find, f"no dead letter of {source} contains {marker}")
        attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
        assert attributes["source"] == source
        assert datetime.fromisoformat(attributes["time"].partition(".")[0].removesuffix("Z"))
        return {"body": letter["Body"], "reason": attributes["reason"]}

    return wait


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("not JSON %s", "not valid JSON"),
        ('["%s"]', "must be"),
        ('{"tenant": "%s", "data": {}}', "type: is required"),
        ('{"type": "order.created", "data": {"marker": "%s"}}', "tenant: is required"),
        ('{"tenant": "%s", "type": "order.created"}', "data: is required"),
        ('{"tenant": "%s", "type": "order created", "data": {}}', "type: must be"),
        ('{"tenant": "%s", "type": "order.created", "data": {}, "id": "no id!"}', "id: must be"),
        ('{"tenant": "%s", "type": "order.created", "data": {}, "surprise": 1}', "surprise"),
        ('{"tenant": "not a tenant %s", "type": "order.created", "data": {}}', "tenant: must be"),
        ('{"detail-type": "order.created", "detail": {"marker": "%s"}}', "tenant"),
    ],
    ids=[
        "not JSON",
        "not an object",
        "no type",
        "no tenant",
        "no data",
        "a bad type",
        "a bad id",
        "an unknown field",
        "a bad tenant",
        "an envelope without tenant",
    ],
)
def test_an_unreadable_event_is_dead_lettered_and_the_rest_of_its_batch_is_accepted(
    body, reason, stack, tenant, register, requests, dead_letter
):
    register()
    unreadable = body % tenant
    good = json.dumps({"tenant": tenant, "type": "order.created", "data": {"good": True}})

    inside.send(stack, "eventQueueUrl", good, unreadable, good)

    letter = dead_letter("events", tenant)
    assert letter["body"] == unreadable
    assert reason in letter["reason"]
    requests(2)


def test_an_event_over_256_kib_on_the_queue_is_dead_lettered(stack, tenant, dead_letter):
    stack.send_event({"tenant": tenant, "type": "order.created", "data": "x" * 256 * 1024})

    assert "262144" in dead_letter("events", tenant)["reason"]


@pytest.mark.parametrize(
    "body",
    [
        "not a message %s",
        '{"version":0,"kind":"deliver","body":{"marker":"%s"}}',
        '{"version":1,"kind":"deliver","body":{"tenant":"%s"}}',
    ],
    ids=["not JSON", "a version that never was", "incomplete"],
)
@pytest.mark.parametrize("queue", ["deliveryQueueUrl", "retryQueueUrl"])
def test_an_unreadable_delivery_message_is_dead_lettered_and_the_rest_of_its_batch_is_processed(
    queue, body, stack, tenant, publish, register, requests, delivery_of, dead_letter
):
    event = inside.event_item(stack, tenant, publish(event_type="order.cancelled"))
    webhook = register(["order.cancelled"])
    marker = uuid.uuid4().hex

    inside.send(stack, queue, body % marker, inside.message(webhook["id"], event, "order.cancelled"))

    letter = dead_letter("deliveries", marker)
    assert letter["body"] == body % marker
    assert letter["reason"].startswith("the message")
    delivery_of(webhook, "delivered")
    requests(1)


UNREADABLE = pytest.mark.parametrize(
    "payload", [{"zlib": "bm90IGNvbXByZXNzZWQ="}, {"zlib": "?"}], ids=["not compressed", "not base64"]
)


@UNREADABLE
def test_an_unreadable_payload_is_replaced_by_the_one_in_the_ledger(
    payload, stack, tenant, publish, register, requests, delivery_of
):
    event = inside.event_item(stack, tenant, publish({"orderId": "A-9"}, event_type="order.cancelled"))
    webhook = register(["order.cancelled"])

    inside.send(stack, "deliveryQueueUrl", with_payload(payload, webhook, event))

    delivery_of(webhook, "delivered")
    (request,) = requests(1)
    assert json.loads(request.body)["data"] == {"orderId": "A-9"}


@UNREADABLE
def test_an_unreadable_payload_whose_event_is_deleted_is_dead_lettered(
    payload, stack, tenant, publish, register, receiver, dead_letter, drained
):
    event = inside.event_item(stack, tenant, publish(event_type="order.cancelled"))
    webhook = register(["order.cancelled"])
    inside.forget_event(stack, tenant, event)
    message = with_payload(payload, webhook, event)

    inside.send(stack, "deliveryQueueUrl", message)

    assert dead_letter("deliveries", json.loads(message)["body"]["delivery"])["reason"]
    drained()
    assert receiver.requests == []


def with_payload(payload: dict, webhook: dict, event: dict) -> str:
    message = json.loads(inside.message(webhook["id"], event, "order.cancelled"))
    message["body"]["payload"] = payload
    return json.dumps(message)


def test_a_message_that_names_another_tenants_delivery_is_dead_lettered(
    stack, tenant, publish, register, requests, delivery_of, drained, dead_letter
):
    webhook = register(retryPolicy="none")
    event = inside.event_item(stack, tenant, publish())
    delivery_of(webhook)
    stranger = f"{tenant}-other"

    inside.send(stack, "deliveryQueueUrl", inside.message(webhook["id"], {**event, "t": {"S": stranger}}))

    assert "another tenant" in dead_letter("deliveries", f'"{stranger}"')["reason"]
    drained()
    requests(1)


def test_a_corrupt_delivery_is_dead_lettered_and_the_rest_of_its_batch_is_processed(
    stack, tenant, publish, register, requests, delivery_of, dead_letter
):
    webhook = register(["order.cancelled"])
    good, corrupt = (inside.event_item(stack, tenant, publish(event_type="order.other")) for _ in range(2))
    key = inside.delivery_key(webhook["id"], corrupt)
    item = {**key, "t": {"S": tenant}, "e": {"S": "order.cancelled"}, "s": {"N": "1"}}
    stack.dynamodb.put_item(TableName=stack.description["ledgerTable"], Item=item)

    bodies = [inside.message(webhook["id"], event, "order.cancelled") for event in (corrupt, good)]
    inside.send(stack, "deliveryQueueUrl", *bodies)

    letter = dead_letter("deliveries", inside.delivery_id(webhook["id"], corrupt))
    assert "is corrupt" in letter["reason"]
    (request,) = requests(1)
    assert request.headers["webhook-id"] == good["i"]["S"]


def test_a_corrupt_webhook_dead_letters_each_event_and_the_other_webhooks_get_theirs(
    stack, tenant, api, publish, register, requests, dead_letter
):
    good, corrupt = register(["order.*"]), register(["order.*"])
    inside.set_webhook(stack, tenant, corrupt["id"], "events", {"nonsense": True})

    event = publish()

    letter = dead_letter("fanout", event)
    assert corrupt["id"] in letter["reason"] and "is corrupt" in letter["reason"]
    (request,) = requests(1)
    assert request.headers["webhook-id"] == event
    listed = api.get("/api/v1/webhooks").expect(200).body["data"]
    assert [webhook["id"] for webhook in listed] == [good["id"]]
    api.get("/api/v1/deliveries").expect(200)
    # The corrupt webhook can be deleted.
    api.delete(f"/api/v1/webhooks/{corrupt['id']}").expect(204)
    again = publish()
    assert again in {request.headers["webhook-id"] for request in requests(2)}
    assert not [letter for letter in stack.dead_letters("fanout") if again in letter["Body"]]


@pytest.mark.parametrize("missing", ["c", "t", "a", "NewImage"])
def test_an_unreadable_stream_record_is_dead_lettered_and_the_rest_of_its_batch_is_fanned_out(
    missing, stack, tenant, publish, register, requests, dead_letter
):
    register(["order.cancelled"])
    image = inside.event_item(stack, tenant, publish(event_type="order.other"))
    image["c"] = {"S": '{"type":"order.cancelled","data":{}}'}
    good, broken = f"good-{tenant}", f"broken-{tenant}"
    good_record = inside.stream_record({**image, "i": {"S": good}})
    broken_record = inside.stream_record({**image, "i": {"S": broken}, "pk": {"S": f"EV#{tenant}#{broken}"}})
    if missing == "NewImage":
        del broken_record["dynamodb"]["NewImage"]
    else:
        del broken_record["dynamodb"]["NewImage"][missing]

    inside.fan_out(stack, broken_record, good_record)

    letter = dead_letter("fanout", broken)
    assert json.loads(letter["body"]) == broken_record
    assert letter["reason"]
    (request,) = requests(1)
    assert request.headers["webhook-id"] == good
