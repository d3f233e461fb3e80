"""The operator looks at dead letters by the API, sends them again and deletes them."""

import json
import time

import inside
import pytest

PATH = "/api/v1/dead-letters"


@pytest.fixture
def put(stack):
    """`put(source, body, reason)`: sends a letter to a source's dead-letter queue, as a function does."""

    def send(source: str, body: str, reason: str) -> str:
        attributes = {"reason": reason, "source": source, "time": "2024-01-15T10:30:00Z"}
        text = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        queue = stack.description["deadLetterQueueUrls"][source]
        return stack.sqs.send_message(QueueUrl=queue, MessageBody=body, MessageAttributes=text)["MessageId"]

    return send


@pytest.fixture
def listed(stack, eventually):
    """`listed(source, reason, count)`: waits until so many letters have a reason. Other tests may hide some."""

    def wait(source: str, reason: str, count: int) -> list[dict]:
        def found() -> dict | None:
            page = stack.api(None).get(f"{PATH}?source={source}&reason={reason}&limit=100").expect(200).body
            return page if len(page["data"]) == count and (count or page["complete"]) else None

        return eventually(found, f"not {count} letters of {source} have the reason {reason}")["data"]

    return wait


@pytest.fixture
def order(stack, eventually):
    """`order(what, count, **body)`: repeats the request until it came to so many letters."""

    def send(what: str, count: int, **body) -> dict:
        def done() -> dict | None:
            answer = stack.api(None).post(f"{PATH}/{what}", body)
            # Another test may be looking at the letter.
            if answer.status == 404:
                return None
            answer = answer.expect(200).body
            return answer if answer["count"] + len(answer["kept"]) == count else None

        return eventually(done, f"not {count} letters were found to {what}")

    return send


def test_an_event_is_found_sent_again_and_delivered(stack, tenant, register, requests, put, listed, order):
    register()
    event = {"id": f"late-{tenant}", "tenant": tenant, "type": "order.created", "data": {}}
    letter = put("events", json.dumps(event), f"a test of {tenant}")

    (shown,) = listed("events", tenant, 1)
    assert shown["id"] == letter
    about = {name: shown[name] for name in ("tenant", "eventId", "eventType", "movedByAws")}
    assert about == {"tenant": tenant, "eventId": event["id"], "eventType": event["type"], "movedByAws": False}
    assert json.loads(shown["body"]) == event

    assert order("redrive", 1, source="events", reason=tenant, dryRun=True)["kept"] == []
    assert order("redrive", 1, source="events", id=letter)["kept"] == []
    (request,) = requests(1)
    assert request.headers["webhook-id"] == event["id"]
    listed("events", tenant, 0)


def test_a_delivery_is_sent_again_in_its_next_generation(
    stack, tenant, publish, register, requests, delivery_of, put, order
):
    event = inside.event_item(stack, tenant, publish(event_type="order.cancelled"))
    webhook = register(["order.cancelled"])
    # It is due and waits for a message that is lost. A message of the same generation would be a duplicate.
    inside.waits_for_another(stack, webhook["id"], event, "lost", time.time(), "order.cancelled")
    body = inside.message(webhook["id"], event, "order.cancelled", generation=1)
    put("deliveries", body, f"a test of {tenant}")

    order("redrive", 1, source="deliveries", reason=tenant)
    delivery_of(webhook, "delivered")
    requests(1)


def test_letters_are_deleted_by_their_reason(stack, tenant, put, listed, order):
    for number in range(12):
        put("upkeep", f"letter {number}", f"one of {tenant}")
    kept = put("upkeep", "another", f"another of {tenant}")

    assert len(listed("upkeep", tenant, 13)) == 13
    order("delete", 12, source="upkeep", reason=f"one of {tenant}")
    (left,) = listed("upkeep", tenant, 1)
    assert left["id"] == kept
    order("delete", 1, source="upkeep", id=kept)
    listed("upkeep", tenant, 0)


def test_a_record_of_the_stream_names_its_event_and_stays(stack, tenant, put, listed, order):
    record = inside.stream_record({"pk": {"S": f"EV#{tenant}#e1"}, "sk": {"S": "EVENT"}})
    letter = put("stats", json.dumps(record), f"a test of {tenant}")

    (shown,) = listed("stats", tenant, 1)
    assert (shown["tenant"], shown["eventId"]) == (tenant, "e1")
    (kept,) = order("redrive", 1, source="stats", id=letter)["kept"]
    assert "make redrive" in kept["why"]
    order("delete", 1, source="stats", id=letter)
