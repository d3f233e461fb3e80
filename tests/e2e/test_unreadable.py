"""What can never be processed goes to its source's dead-letter queue, and harms nothing beside it."""

import json
import time
import uuid
from datetime import datetime, timezone

import inside
import pytest
from conftest import ROOT
from hooklane_local import behaviours

SCHEDULED = json.loads((ROOT / "events" / "upkeep.json").read_text())


@pytest.fixture
def dead_letter(stack, eventually):
    """`dead_letter(source, marker)`: the letter whose body carries the marker, once it is there."""

    def wait(source: str, marker: str) -> dict:
        def find() -> dict | None:
            return next((letter for letter in stack.dead_letters(source) if marker in letter["Body"]), None)

        letter = eventually(find, f"no dead letter of {source} carries {marker}")
        said = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
        assert said["source"] == source
        assert datetime.fromisoformat(said["time"].partition(".")[0].removesuffix("Z"))
        return {"body": letter["Body"], "reason": said["reason"]}

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
def test_an_unreadable_event_is_a_dead_letter_and_the_rest_goes_its_way(
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


def test_an_event_over_256_kib_on_the_queue_is_a_dead_letter(stack, tenant, dead_letter):
    stack.send_event({"tenant": tenant, "type": "order.created", "data": "x" * 256 * 1024})

    assert "262144" in dead_letter("events", tenant)["reason"]


@pytest.mark.parametrize(
    "body",
    [
        "not a message %s",
        '{"version":9,"kind":"deliver","body":{"marker":"%s"}}',
        '{"version":1,"kind":"explode","body":{"marker":"%s"}}',
        '{"version":1,"kind":"deliver","body":{"tenant":"%s"}}',
    ],
    ids=["not JSON", "a version from the future", "an unknown kind", "incomplete"],
)
@pytest.mark.parametrize("queue", ["deliveryQueueUrl", "retryQueueUrl"])
def test_an_unreadable_delivery_message_is_a_dead_letter_and_the_rest_goes_its_way(
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
def test_a_payload_that_cannot_be_read_is_read_from_the_ledger(
    payload, stack, tenant, publish, register, requests, delivery_of
):
    event = inside.event_item(stack, tenant, publish({"orderId": "A-9"}, event_type="order.cancelled"))
    webhook = register(["order.cancelled"])

    inside.send(stack, "deliveryQueueUrl", with_payload(payload, webhook, event))

    delivery_of(webhook, "delivered")
    (request,) = requests(1)
    assert json.loads(request.body)["data"] == {"orderId": "A-9"}


@UNREADABLE
def test_a_payload_that_cannot_be_read_of_an_event_that_is_gone_is_a_dead_letter(
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


def test_a_message_that_names_another_tenants_delivery_is_a_dead_letter(
    stack, tenant, publish, register, requests, delivery_of, drained, dead_letter
):
    webhook = register(retryPolicy="immediate")
    event = inside.event_item(stack, tenant, publish())
    delivery_of(webhook)
    stranger = f"{tenant}-other"

    inside.send(stack, "deliveryQueueUrl", inside.message(webhook["id"], {**event, "t": {"S": stranger}}))

    assert "another tenant" in dead_letter("deliveries", f'"{stranger}"')["reason"]
    drained()
    requests(1)


def test_a_corrupt_delivery_is_a_dead_letter_and_the_rest_of_its_batch_goes_its_way(
    stack, tenant, publish, register, requests, delivery_of, dead_letter
):
    webhook = register(["order.cancelled"])
    good, corrupt = (inside.event_item(stack, tenant, publish(event_type="order.other")) for _ in range(2))
    key = inside.delivery_key(webhook["id"], corrupt)
    item = {**key, "t": {"S": tenant}, "e": {"S": "order.cancelled"}, "s": {"S": "nonsense"}}
    stack.dynamodb.put_item(TableName=stack.description["ledgerTable"], Item=item)

    bodies = [inside.message(webhook["id"], event, "order.cancelled") for event in (corrupt, good)]
    inside.send(stack, "deliveryQueueUrl", *bodies)

    letter = dead_letter("deliveries", inside.delivery_id(webhook["id"], corrupt))
    assert "is corrupt" in letter["reason"]
    (request,) = requests(1)
    assert request.headers["webhook-id"] == good["i"]["S"]


def test_a_corrupt_webhook_is_a_dead_letter_for_each_event_and_the_others_get_theirs(
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
    # The platform can take it away.
    api.delete(f"/api/v1/webhooks/{corrupt['id']}").expect(204)
    again = publish()
    assert again in {request.headers["webhook-id"] for request in requests(2)}
    assert not [letter for letter in stack.dead_letters("fanout") if again in letter["Body"]]


@pytest.mark.parametrize("missing", ["c", "t", "a", "NewImage"])
def test_a_stream_record_that_can_never_be_processed_is_a_dead_letter_and_the_rest_goes_its_way(
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


def test_a_delivery_that_cannot_be_read_back_is_left_out_of_lists_and_takes_no_other_with_it(
    stack, tenant, api, publish, register, deliveries_of, eventually
):
    webhook = register()
    events = []
    for n in range(3):
        events.append(publish({"n": n}))
        deliveries_of(webhook, n + 1)
    broken = inside.event_item(stack, tenant, events[1])
    inside.corrupt(stack, webhook["id"], broken)
    path = f"/api/v1/webhooks/{webhook['id']}"

    page = api.get(f"{path}/deliveries").expect(200).body
    assert [row["eventId"] for row in page["data"]] == [events[2], events[0]]
    assert page["unreadable"] == 1
    numbered = api.get(f"{path}/deliveries", page=1, limit=2).expect(200).body
    assert [row["eventId"] for row in numbered["data"]] == [events[2], events[0]]

    read, cursor = [], {}
    while True:
        one = api.get(f"{path}/deliveries", limit=1, **cursor).expect(200).body
        read += [row["eventId"] for row in one["data"]]
        if "nextCursor" not in one:
            break
        cursor = {"cursor": one["nextCursor"]}
    assert read == [events[2], events[0]]

    told = api.get(f"/api/v1/events/{events[1]}").expect(200).body
    assert (told["deliveries"], told["unreadable"]) == ([], 1)
    assert api.get(f"{path}/stats").expect(200).body["totalDeliveries"] == 2
    log = api.get(f"{path}/logs").expect(200).body
    assert [row["eventId"] for row in log["data"]] == [events[2], events[0]]
    assert log["unreadable"] == 1

    # Alone it is an error that will not pass, and the log says which one it is.
    delivery = inside.delivery_id(webhook["id"], broken)
    assert api.get(f"{path}/deliveries/{delivery}").expect(500).body["type"] == "urn:hooklane:problem:internal"

    def said(event: str) -> bool:
        lines = [json.loads(line) for line in stack.log_tail("ApiFunction", 10_000) if delivery in line]
        return any(event in json.dumps(line) for line in lines)

    eventually(lambda: said("delivery.left_out"), "the list did not tell what it left out")
    eventually(lambda: said("request.failed"), "the error was not told")


def test_an_attempt_that_cannot_be_read_back_is_left_out_of_the_log(
    stack, api, publish, register, receiver, deliveries_of
):
    receiver.respond = behaviours.failing(1)
    webhook = register(retryPolicy={"schedule": [1]})
    event = publish()
    deliveries_of(webhook)
    path = f"/api/v1/webhooks/{webhook['id']}/logs"
    before = api.get(path).expect(200).body["data"]
    assert [row["number"] for row in before] == [2, 1]
    millisecond = int(datetime.fromisoformat(before[1]["at"].replace("Z", "+00:00")).timestamp() * 1000)
    key = {"pk": f"WH#{webhook['id']}", "sk": f"AT#{millisecond - 1:015}#{event}#9"}
    inside.put_ledger_item(stack, {**key, "t": "nonsense!"})

    after = api.get(path).expect(200).body
    assert (after["data"], after["unreadable"]) == (before, 1)
    rows, cursor = [], {}
    while True:
        page = api.get(path, limit=1, **cursor).expect(200).body
        rows += page["data"]
        if "nextCursor" not in page:
            break
        cursor = {"cursor": page["nextCursor"]}
    assert rows == before


@pytest.fixture
def a_watch_that_cannot_be_read(stack):
    """On the list of `upkeep`, before every webhook that there is."""
    key = {"pk": "OPEN", "sk": "wh_00000000000000000000000000"}
    inside.put_registry_item(stack, {**key, "tenant": "nonsense!"})
    yield
    inside.remove_registry_item(stack, **key)


def test_upkeep_goes_on_beside_what_cannot_be_read_back(
    stack, tenant, api, publish, register, receiver, deliveries_of, eventually, a_watch_that_cannot_be_read
):
    receiver.respond = behaviours.failing(3)
    webhook = register(retryPolicy={"schedule": [3600]})
    events = [inside.event_item(stack, tenant, publish({"n": n})) for n in range(3)]
    deliveries_of(webhook, 3, "retrying")
    # Their messages are lost, and they were due two hours ago; one of them cannot be read back.
    for event in events:
        inside.set_wait(stack, webhook["id"], event, str(int((time.time() - 7200) * 1000)), uuid.uuid4().hex)
    inside.corrupt(stack, webhook["id"], events[1])
    # Nor can what leads to a parked one.
    inside.put_ledger_item(stack, {"pk": f"PK#{webhook['id']}", "sk": "000000000000001#x", "d": "nonsense"})
    inside.watch(stack, tenant, webhook["id"])
    path = f"/api/v1/webhooks/{webhook['id']}/deliveries"

    def others_are_delivered() -> bool:
        assert stack.invoke("UpkeepFunction", SCHEDULED)["failed"] == 0
        rows = api.get(path, status="delivered").expect(200).body["data"]
        return {row["eventId"] for row in rows} == {events[0]["i"]["S"], events[2]["i"]["S"]}

    eventually(others_are_delivered, "the others were not sent again")


def test_a_recovery_goes_on_beside_an_event_that_cannot_be_read_back(
    stack, tenant, api, publish, register, deliveries_of, eventually
):
    webhook, witness = register(active=False), register(path="/witness")
    since = datetime.now(timezone.utc).isoformat()
    events = [publish({"n": n}) for n in range(3)]
    # Fanned out, and not to the inactive one.
    deliveries_of(witness, 3)
    inside.put_event_content(stack, tenant, events[1], {"N": "1"})
    api.patch(f"/api/v1/webhooks/{webhook['id']}", {"active": True}).expect(200)
    recover = f"/api/v1/webhooks/{webhook['id']}/recover"
    api.post(recover, {"since": since, "status": "skipped"}).expect(202)

    def done() -> bool:
        assert stack.invoke("UpkeepFunction", SCHEDULED)["failed"] == 0
        return api.get(recover).expect(200).body["state"] == "done"

    eventually(done, "the recovery did not end")
    assert {row["eventId"] for row in deliveries_of(webhook, 2)} == {events[0], events[2]}
    api.get(f"/api/v1/events/{events[1]}").expect(500)
