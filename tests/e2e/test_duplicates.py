"""Duplicate events, messages and stream records cause no second event and no second series of retries."""

import time

import inside
import pytest
from hooklane_local import behaviours
from hooklane_local.receiver import Response

EVENT = {"id": "order-A-1", "type": "order.created", "data": {"orderId": "A-1"}}


def test_the_same_id_twice_through_the_api_is_one_event(api, register, requests, drained):
    register()

    first = api.post("/api/v1/events", EVENT).expect(202).body
    again = api.post("/api/v1/events", EVENT).expect(200).body

    assert first == {"id": EVENT["id"], "duplicate": False}
    assert again == {"id": EVENT["id"], "duplicate": True}
    requests(1)
    drained()
    requests(1)


def test_the_same_id_twice_on_the_queue_is_one_event(stack, tenant, api, register, requests, drained):
    register()

    stack.send_event({**EVENT, "tenant": tenant})
    stack.send_event({**EVENT, "tenant": tenant})

    requests(1)
    drained()
    requests(1)
    assert api.post("/api/v1/events", EVENT).expect(200).body["duplicate"] is True
    assert not [letter for letter in stack.dead_letters("events") if tenant in letter["Body"]]


def test_another_tenant_may_use_the_same_id_for_another_event(stack, tenant, api):
    api.post("/api/v1/events", EVENT).expect(202)

    assert stack.api(f"{tenant}-other").post("/api/v1/events", EVENT).expect(202).body["duplicate"] is False


def test_the_same_id_with_another_body_is_refused_by_the_api(api):
    api.post("/api/v1/events", EVENT).expect(202)

    refused = api.post("/api/v1/events", {**EVENT, "data": {"other": 1}}).expect(409)

    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.body["type"] == "urn:hooklane:problem:event-conflict"


def test_the_same_id_with_another_body_on_the_queue_is_dead_lettered(
    stack, tenant, api, register, requests, drained, eventually
):
    register()
    api.post("/api/v1/events", EVENT).expect(202)

    stack.send_event({**EVENT, "tenant": tenant, "data": {"other": 1}})

    letter = eventually(
        lambda: next((found for found in stack.dead_letters("events") if tenant in found["Body"]), None)
    )
    assert letter["MessageAttributes"]["source"]["StringValue"] == "events"
    requests(1)
    drained()
    requests(1)


def test_a_duplicate_message_after_the_delivery_causes_no_request(
    stack, tenant, publish, register, requests, delivery_of, drained
):
    webhook = register()
    event = inside.event_item(stack, tenant, publish())
    delivery_of(webhook)

    inside.send(stack, "deliveryQueueUrl", *[inside.message(webhook["id"], event)] * 2)
    inside.send(stack, "retryQueueUrl", inside.message(webhook["id"], event))

    drained()
    requests(1)
    assert delivery_of(webhook)["attemptCount"] == 1


def test_a_duplicate_message_during_a_wait_is_discarded(
    stack, tenant, publish, register, receiver, requests, delivery_of, drained, eventually
):
    receiver.respond = behaviours.always(500)
    webhook = register(retryPolicy={"schedule": [4, 1]})
    event = inside.event_item(stack, tenant, publish())
    waiting = delivery_of(webhook, "retrying")

    (duplicate,) = inside.send(stack, "deliveryQueueUrl", inside.message(webhook["id"], event))

    def duplicate_is_gone() -> bool:
        left = inside.messages_of(stack, "deliveryQueueUrl", waiting["id"])
        return duplicate not in [message["MessageId"] for message in left]

    eventually(duplicate_is_gone)
    failed = delivery_of(webhook, "failed")
    drained()
    requests(3)
    assert [attempt["number"] for attempt in failed["attempts"]] == [1, 2, 3]


@pytest.mark.parametrize("queue", ["deliveryQueueUrl", "retryQueueUrl"])
def test_two_concurrent_first_messages_cause_at_most_one_extra_request(
    queue, stack, tenant, publish, register, receiver, delivery_of, drained
):
    # Slow enough that both attempts are running before either is recorded.
    receiver.respond = lambda _request: Response(500, delay=1.0)
    event = inside.event_item(stack, tenant, publish(event_type="order.cancelled"))
    webhook = register(["order.cancelled"], retryPolicy={"schedule": [1, 1]})
    message = inside.message(webhook["id"], event, "order.cancelled")

    inside.send(stack, queue, message, message)

    failed = delivery_of(webhook, "failed")
    drained()
    # Three attempts by policy. If both messages were retried, there would be six.
    assert len(receiver.requests) in (3, 4)
    retries = [attempt for attempt in failed["attempts"] if attempt["number"] > 1]
    assert len(failed["attempts"]) == len(receiver.requests) == failed["attemptCount"]
    assert len(retries) == 2


@pytest.mark.parametrize("status", [200, 500])
def test_duplicates_in_one_batch_leave_one_delivery(status, stack, tenant, publish, register, receiver, delivery_of):
    receiver.respond = lambda _request: Response(status, delay=1.0)
    event = inside.event_item(stack, tenant, publish(event_type="order.cancelled"))
    webhook = register(["order.cancelled"], retryPolicy="none")
    records = [_record(inside.message(webhook["id"], event, "order.cancelled"), name) for name in ("one", "two")]

    answer = stack.invoke("DeliveryFunction", {"Records": records})

    assert answer == {"batchItemFailures": []}
    assert len(receiver.requests) in (1, 2)
    delivery = delivery_of(webhook, "delivered" if status == 200 else "failed")
    assert {attempt["statusCode"] for attempt in delivery["attempts"]} == {status}


def _record(body: str, message_id: str) -> dict:
    return {
        "messageId": message_id,
        "receiptHandle": message_id,
        "body": body,
        "attributes": {"SentTimestamp": str(int(time.time() * 1000)), "ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:DeliveryQueue",
        "awsRegion": "us-east-1",
    }
