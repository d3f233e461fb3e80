"""Items of the tables that cannot be read back are left out and counted, and hide nothing else."""

import json
import time
import uuid
from datetime import datetime, timezone

import inside
import pytest
from conftest import ROOT
from hooklane_local import behaviours

SCHEDULED = json.loads((ROOT / "events" / "upkeep.json").read_text())


def test_an_unreadable_delivery_is_left_out_of_lists_and_hides_no_other(
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

    event = api.get(f"/api/v1/events/{events[1]}").expect(200).body
    assert (event["deliveries"], event["unreadable"]) == ([], 1)
    assert api.get(f"{path}/stats").expect(200).body["totalDeliveries"] == 2
    log = api.get(f"{path}/logs").expect(200).body
    assert [row["eventId"] for row in log["data"]] == [events[2], events[0]]
    assert log["unreadable"] == 1

    # Another tenant does not even learn that it exists.
    delivery = inside.delivery_id(webhook["id"], broken)
    assert api.get("/api/v1/deliveries", deliveryId=delivery).expect(200).body == {"data": [], "unreadable": 1}
    stranger = stack.api(f"{tenant}-other")
    assert stranger.get("/api/v1/deliveries", deliveryId=delivery).expect(200).body == {"data": []}
    stranger.get(f"/api/v1/webhooks/deliveries/{delivery}").expect(404)

    # Asked for alone it is a permanent error, and the function's log names it.
    assert api.get(f"{path}/deliveries/{delivery}").expect(500).body["type"] == "urn:hooklane:problem:internal"

    def logged(event: str) -> bool:
        lines = [json.loads(line) for line in stack.log_tail("ApiFunction", 10_000) if delivery in line]
        return any(event in json.dumps(line) for line in lines)

    eventually(lambda: logged("delivery.left_out"), "the list did not log what it left out")
    eventually(lambda: logged("request.failed"), "the error was not logged")


def test_an_unreadable_attempt_is_left_out_of_the_log(
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
def unreadable_watch(stack):
    """An unreadable entry of the watch list, before every webhook."""
    key = {"pk": "OPEN", "sk": "wh_00000000000000000000000000"}
    inside.put_registry_item(stack, {**key, "tenant": "nonsense!"})
    yield
    inside.remove_registry_item(stack, **key)


def test_upkeep_continues_past_unreadable_items(
    stack, tenant, api, publish, register, receiver, deliveries_of, eventually, unreadable_watch
):
    receiver.respond = behaviours.failing(3)
    webhook = register(retryPolicy={"schedule": [3600]})
    events = [inside.event_item(stack, tenant, publish({"n": n})) for n in range(3)]
    deliveries_of(webhook, 3, "retrying")
    # Their messages are lost, they were due two hours ago, and one of them is unreadable.
    for event in events:
        inside.set_wait(stack, webhook["id"], event, str(int((time.time() - 7200) * 1000)), uuid.uuid4().hex)
    inside.corrupt(stack, webhook["id"], events[1])
    # The pointer of a parked delivery is unreadable too.
    inside.put_ledger_item(stack, {"pk": f"PK#{webhook['id']}", "sk": "000000000000001#x", "d": "nonsense"})
    inside.watch(stack, tenant, webhook["id"])
    path = f"/api/v1/webhooks/{webhook['id']}/deliveries"

    def others_are_delivered() -> bool:
        assert stack.invoke("UpkeepFunction", SCHEDULED)["failed"] == 0
        rows = api.get(path, status="delivered").expect(200).body["data"]
        return {row["eventId"] for row in rows} == {events[0]["i"]["S"], events[2]["i"]["S"]}

    eventually(others_are_delivered, "the other deliveries were not made")


def test_a_recovery_continues_past_an_unreadable_event(
    stack, tenant, api, publish, register, deliveries_of, eventually
):
    webhook, witness = register(active=False), register(path="/witness")
    since = datetime.now(timezone.utc).isoformat()
    events = [publish({"n": n}) for n in range(3)]
    # The events have been fanned out, but not to the inactive webhook.
    deliveries_of(witness, 3)
    inside.put_event_content(stack, tenant, events[1], {"N": "1"})
    api.patch(f"/api/v1/webhooks/{webhook['id']}", {"active": True}).expect(200)
    recover = f"/api/v1/webhooks/{webhook['id']}/recover"
    api.post(recover, {"since": since, "include": "skipped"}).expect(202)

    def done() -> bool:
        assert stack.invoke("UpkeepFunction", SCHEDULED)["failed"] == 0
        return api.get(recover).expect(200).body["state"] == "completed"

    eventually(done, "the recovery did not end")
    assert {row["eventId"] for row in deliveries_of(webhook, 2)} == {events[0], events[2]}
    api.get(f"/api/v1/events/{events[1]}").expect(500)


def test_an_unreadable_health_is_left_out_and_hides_no_webhook(stack, api, register):
    webhooks = [register() for _ in range(3)]
    broken = webhooks[1]["id"]
    inside.put_registry_item(stack, {"pk": f"HE#{broken}", "sk": "HEALTH", "health": "nonsense!"})

    listed = api.get("/api/v1/webhooks").expect(200).body["data"]
    assert {row["id"]: "health" in row for row in listed} == {
        row["id"]: row["id"] != broken for row in webhooks
    }
    assert "health" not in api.get(f"/api/v1/webhooks/{broken}").expect(200).body


def test_an_unreadable_key_is_left_out_of_the_list_and_ends_no_page(stack, tenant, api):
    made = [
        api.post("/api/v1/keys", {"name": f"n{n}", "scopes": ["webhooks:read"]}).expect(201).body["id"]
        for n in range(3)
    ]
    inside.put_registry_item(stack, {"pk": f"T#{tenant}", "sk": f"KEY#{made[1]}", "name": "nonsense!"})

    assert {row["id"] for row in api.get("/api/v1/keys").expect(200).body["data"]} == {made[0], made[2]}
    read, cursor = [], {}
    while True:
        page = api.get("/api/v1/keys", limit=1, **cursor).expect(200).body
        read += [row["id"] for row in page["data"]]
        if "nextCursor" not in page:
            break
        cursor = {"cursor": page["nextCursor"]}
    assert sorted(read) == sorted([made[0], made[2]])
