"""Deliveries to a failing, paused or rate-limited receiver wait without being lost, and are made later.

Unit tests cover how health, circuits and pauses are decided. These tests check that the deployed functions,
the tables and `upkeep` work together. They do not depend on timing: they invoke `upkeep` themselves, and
its scheduled runs do not disturb them.
"""

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
def upkeep(stack):
    """`upkeep()`: invokes it once, as the schedule does."""
    return lambda: stack.invoke("UpkeepFunction", SCHEDULED)


@pytest.fixture
def with_upkeep(upkeep, eventually):
    """`with_upkeep(probe)`: like `eventually`, with a run of `upkeep` before each call of `probe`."""

    def wait(probe, what: str = "the expected state was not reached"):
        def run_and_probe():
            assert upkeep()["failed"] == 0
            return probe()

        return eventually(run_and_probe, what)

    return wait


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def statuses(api, webhook) -> list[str]:
    return [delivery["status"] for delivery in listed(api, webhook)]


def listed(api, webhook) -> list[dict]:
    return api.get(f"/api/v1/webhooks/{webhook['id']}/deliveries", limit=100).expect(200).body["data"]


def health(api, webhook) -> dict:
    return api.get(f"/api/v1/webhooks/{webhook['id']}/health").expect(200).body


def isolation(api, webhook) -> dict:
    return health(api, webhook)["isolation"]


def parked(api, webhook) -> list[dict]:
    path = f"/api/v1/webhooks/{webhook['id']}/deliveries"
    return api.get(path, parked="true", limit=100).expect(200).body["data"]


def reasons(api, webhook) -> set[str]:
    return {delivery.get("reason", "") for delivery in listed(api, webhook)}


def failing_for_a_minute(stack, webhook) -> None:
    """Writes nine failures in a row, five minutes apart from first to last: the next one opens the circuit."""
    health = {
        "circuit": {"is": "closed"},
        "streak": {"failures": 9, "since": "2024-01-15T10:30:00Z", "last": "2024-01-15T10:35:00Z"},
        "pace": {"mean_ms": 5, "attempts": 9},
    }
    inside.put_health(stack, webhook["id"], health)


def test_the_circuit_of_a_dead_receiver_opens_and_parked_deliveries_are_made_when_it_recovers(
    stack, api, publish, register, receiver, delivery_of, deliveries_of, eventually, with_upkeep, tenant
):
    watcher = register(events=["webhook.failing", "webhook.recovered"], path="/watcher")
    receiver.respond = behaviours.by_path({"/watcher": behaviours.ok(), "/": behaviours.always(500)})
    webhook = register(retryPolicy={"schedule": [2] * 10})
    failing_for_a_minute(stack, webhook)
    etag = api.get(f"/api/v1/webhooks/{webhook['id']}").expect(200).headers["etag"]

    first = publish()

    eventually(lambda: inside.circuit(stack, webhook["id"]) == "open", "the circuit did not open")
    assert inside.is_slow(stack, tenant, webhook["id"])
    open_ = isolation(api, webhook)
    assert (open_["lane"], open_["circuit"]["state"]) == ("slow", "open")
    assert open_["circuit"]["since"] < open_["circuit"]["nextProbeAt"]
    assert open_["consecutiveFailures"] >= 10
    assert open_["failingSince"] == "2024-01-15T10:30:00.000Z"
    assert api.get(f"/api/v1/webhooks/{webhook['id']}").expect(200).headers["etag"] == etag
    later = {publish() for _ in range(12)}
    eventually(lambda: "circuit_open" in reasons(api, webhook), "nothing was parked")

    receiver.respond = behaviours.ok()
    with_upkeep(lambda: statuses(api, webhook) == ["delivered"] * 13, "the parked deliveries were not made")
    assert {delivery["eventId"] for delivery in listed(api, webhook)} == {first, *later}
    assert inside.circuit(stack, webhook["id"]) == "closed"
    assert not inside.is_slow(stack, tenant, webhook["id"])
    recovered = isolation(api, webhook)
    assert (recovered["lane"], recovered["circuit"], recovered["consecutiveFailures"]) == ("fast", {"state": "closed"}, 0)
    with_upkeep(lambda: len(statuses(api, watcher)) == 2, "no operational event was sent")
    reported = [d["eventType"] for d in deliveries_of(watcher, 2)]
    assert sorted(reported) == ["webhook.failing", "webhook.recovered"]


def test_deliveries_of_a_paused_webhook_wait_until_it_is_resumed(
    stack, tenant, api, publish, register, requests, eventually, with_upkeep, drained
):
    webhook = register()
    api.post(f"/api/v1/webhooks/{webhook['id']}/pause").expect(200)
    events = {publish() for _ in range(5)}

    eventually(lambda: statuses(api, webhook) == ["pending"] * 5, "they were not parked")
    assert reasons(api, webhook) == {"paused"}
    assert len(inside.pointers(stack, webhook["id"])) == 5
    assert isolation(api, webhook)["parked"] == {"count": 5, "capped": False}
    waiting = parked(api, webhook)
    assert {delivery["eventId"] for delivery in waiting} == events
    for delivery in waiting:
        stored = inside.delivery_item(stack, webhook["id"], inside.event_item(stack, tenant, delivery["eventId"]))
        assert moment(delivery["expiresAt"]) == int(stored["expiresAt"]["N"])
        assert moment(delivery["createdAt"]) <= moment(delivery["parked"]["since"]) <= time.time() + 5
        path = f"/api/v1/webhooks/{webhook['id']}/deliveries/{delivery['id']}"
        read = api.get(path).expect(200).body
        assert {name: read[name] for name in delivery} == delivery

    api.post(f"/api/v1/webhooks/{webhook['id']}/resume").expect(200)
    with_upkeep(lambda: statuses(api, webhook) == ["delivered"] * 5, "they were not released")
    assert {request.headers["webhook-id"] for request in requests(5)} == events
    drained()
    # An instance may have cached the pause, so a delivery may have been parked once more.
    with_upkeep(lambda: inside.pointers(stack, webhook["id"]) == [], "a pointer was left")
    assert isolation(api, webhook)["parked"] == {"count": 0, "capped": False}
    assert parked(api, webhook) == []


def test_deliveries_skipped_because_too_many_are_parked_are_counted(stack, api, publish, register, eventually):
    webhook = register()
    api.post(f"/api/v1/webhooks/{webhook['id']}/pause").expect(200)
    publish()
    eventually(lambda: reasons(api, webhook) == {"paused"}, "it was not parked")
    assert isolation(api, webhook)["skippedEvents"] == 0
    inside.set_parked(stack, webhook["id"], 1_000_000)

    def skipped() -> bool:
        # An instance caches the number for ten seconds.
        publish()
        return isolation(api, webhook)["skippedEvents"] > 0

    eventually(skipped, "no delivery was skipped")
    assert isolation(api, webhook)["parked"]["count"] >= 1


def test_enabling_a_webhook_releases_its_parked_deliveries(
    stack, tenant, api, publish, register, eventually, with_upkeep
):
    webhook = register()
    disabled = {"is": "disabled", "at": "2024-01-15T10:30:00Z", "reason": "gone"}
    inside.set_webhook(stack, tenant, webhook["id"], "state", disabled)
    publish()
    eventually(lambda: statuses(api, webhook) == ["pending"], "it was not parked")

    api.put(f"/api/v1/webhooks/{webhook['id']}", {"active": True}).expect(200)

    with_upkeep(lambda: statuses(api, webhook) == ["delivered"], "it was not released")


def test_deliveries_over_a_rate_limit_wait_without_spending_an_attempt(
    stack, api, publish, register, requests, deliveries_of, drained
):
    webhook = register(rateLimit={"requests": 1, "perSeconds": 2})
    unused = health(api, webhook)["rateLimit"]
    assert unused == {"requests": 1, "perSeconds": 2, "attempts": 0, "delayedAttempts": 0}
    began = now()

    events = [publish() for _ in range(5)]

    delivered = deliveries_of(webhook, 5)
    assert {delivery["eventId"] for delivery in delivered} == set(events)
    assert {delivery["attemptCount"] for delivery in delivered} == {1}
    requests(5)
    drained()
    slots = inside.slots(stack, webhook["id"])
    assert int(slots["k"]["N"]) >= 5
    assert int(slots["w"]["N"]) >= 4
    figures = health(api, webhook)["rateLimit"]
    assert (figures["requests"], figures["perSeconds"]) == (1, 2)
    assert (figures["attempts"], figures["delayedAttempts"]) == (int(slots["k"]["N"]), int(slots["w"]["N"]))
    assert began <= figures["lastDelayedAt"] <= now()


def test_the_wait_for_a_slot_is_shown(api, publish, register, eventually):
    webhook = register(rateLimit={"requests": 1, "perSeconds": 3600})
    publish(), publish()

    eventually(lambda: reasons(api, webhook) == {"", "rate_limit"}, "no delivery was parked for its slot")

    (waiting,) = parked(api, webhook)
    figures = health(api, webhook)["rateLimit"]
    assert (figures["attempts"], figures["delayedAttempts"]) == (2, 1)
    assert waiting["parked"]["since"] < waiting["parked"]["dueAt"] < figures["nextSlotAt"]


def test_a_webhook_that_is_gone_is_reported_to_the_others(
    register, publish, receiver, deliveries_of, with_upkeep, requests
):
    receiver.respond = behaviours.by_path({"/gone": behaviours.gone(), "/watcher": behaviours.ok()})
    watcher = register(events=["webhook.disabled"], path="/watcher")
    gone = register(events=["*", "webhook.disabled"], path="/gone")

    publish()

    with_upkeep(lambda: receiver.wait_for(1, 0.1, "/watcher"), "no operational event was sent")
    (report,) = requests(1, "/watcher")
    body = json.loads(report.body)
    assert body["type"] == "webhook.disabled"
    assert body["data"]["webhookId"] == gone["id"]
    assert len(deliveries_of(watcher)) == 1


def test_an_exhausted_delivery_is_reported_once(register, publish, receiver, deliveries_of, requests):
    receiver.respond = behaviours.by_path({"/dead": behaviours.always(500), "/watcher": behaviours.ok()})
    register(events=["delivery.exhausted"], path="/watcher")
    webhook = register(events=["order.created"], path="/dead", retryPolicy={"schedule": [1]})

    event = publish()

    deliveries_of(webhook, 1, "failed")
    (report,) = requests(1, "/watcher")
    data = json.loads(report.body)["data"]
    assert (data["webhookId"], data["eventId"], data["attemptCount"]) == (webhook["id"], event, 2)


def test_a_recovery_sends_failed_and_skipped_deliveries(
    api, publish, register, receiver, deliveries_of, with_upkeep
):
    receiver.respond = behaviours.by_path({"/": behaviours.always(500), "/witness": behaviours.ok()})
    since = now()
    webhook, witness = register(retryPolicy="none"), register(path="/witness")
    failed = publish()
    deliveries_of(webhook, 1, "failed")
    api.patch(f"/api/v1/webhooks/{webhook['id']}", {"active": False}).expect(200)
    skipped = publish()
    # The event has been fanned out, but not to the inactive webhook.
    deliveries_of(witness, 2)
    receiver.respond = behaviours.ok()
    api.patch(f"/api/v1/webhooks/{webhook['id']}", {"active": True}).expect(200)
    recover = f"/api/v1/webhooks/{webhook['id']}/recover"
    api.get(recover).expect(404)

    accepted = api.post(recover, {"since": since, "include": "all"}).expect(202).body
    assert (accepted["state"], accepted["sentDeliveries"]) == ("running", 0)

    with_upkeep(lambda: statuses(api, webhook).count("delivered") == 2, "they were not recovered")
    delivered = {delivery["eventId"] for delivery in deliveries_of(webhook, 2)}
    assert delivered == {failed, skipped}
    with_upkeep(lambda: api.get(recover).expect(200).body["state"] == "completed", "the recovery did not end")
    assert api.get(recover).expect(200).body["sentDeliveries"] == 2


def test_resuming_can_discard_the_parked_deliveries(api, publish, register, requests, eventually, with_upkeep):
    webhook = register()
    api.post(f"/api/v1/webhooks/{webhook['id']}/pause").expect(200)
    for _ in range(2):
        publish()
    eventually(lambda: reasons(api, webhook) == {"paused"} and len(statuses(api, webhook)) == 2, "they were not parked")

    api.post(f"/api/v1/webhooks/{webhook['id']}/resume", {"discard": True}).expect(200)

    with_upkeep(lambda: statuses(api, webhook) == ["cancelled"] * 2, "they were not discarded")
    assert not requests(0)


def test_a_lost_message_is_replaced_once_it_is_long_overdue(
    stack, tenant, api, publish, register, receiver, delivery_of, with_upkeep, requests
):
    receiver.respond = behaviours.failing(1)
    webhook = register(retryPolicy={"schedule": [3600]})
    event = inside.event_item(stack, tenant, publish())
    delivery = delivery_of(webhook, "retrying")
    # No message acts for it any more, and it was due two hours ago.
    two_hours_ago = str(int((time.time() - 7200) * 1000))
    inside.set_wait(stack, webhook["id"], event, due_ms=two_hours_ago, owner=uuid.uuid4().hex)
    inside.watch(stack, tenant, webhook["id"])

    with_upkeep(lambda: statuses(api, webhook) == ["delivered"], "it was not sent again")
    assert requests(2)
    assert delivery["id"]


def test_a_paced_recovery_spreads_what_it_sends(api, publish, register, receiver, deliveries_of, with_upkeep):
    since = now()
    webhook, witness = register(active=False), register(path="/witness")
    events = {publish({"n": n}) for n in range(3)}
    deliveries_of(witness, 3)
    api.patch(f"/api/v1/webhooks/{webhook['id']}", {"active": True}).expect(200)
    recover = f"/api/v1/webhooks/{webhook['id']}/recover"
    rate = {"requests": 1, "perSeconds": 4}
    wrong = api.post(recover, {"since": since, "include": "skipped", "rateLimit": {**rate, "requests": 0}}).expect(422).body
    assert {error["path"] for error in wrong["errors"]} == {"rateLimit.requests"}

    started = api.post(recover, {"since": since, "include": "skipped", "rateLimit": rate}).expect(202).body
    assert (started["rateLimit"], started["thorough"]) == (rate, False)

    with_upkeep(lambda: statuses(api, webhook).count("delivered") == 3, "they were not recovered")
    rows = deliveries_of(webhook, 3)
    assert {row["eventId"] for row in rows} == events
    times = sorted(request.at for request in receiver.requests if request.path == "/")
    assert times[-1] - times[0] > 5, "three slots, four seconds apart"
    completed = api.get(recover).expect(200).body
    assert (completed["state"], completed["sentDeliveries"], completed["unreadableParts"]) == ("completed", 3, 0)
    assert moment(completed["rechecksEndAt"]) > moment(now()) + 24 * 3600


def test_only_the_operator_may_have_a_recovery_read_the_whole_ledger(stack, api, register):
    recover = f"/api/v1/webhooks/{register()['id']}/recover"
    wanted = {"since": now(), "include": "skipped", "thorough": True}
    key = api.post("/api/v1/keys", {"name": "Own", "scopes": ["webhooks:read", "webhooks:write"]}).expect(201).body
    customer = stack.api(None, key["secret"])
    refused = customer.post(recover, wanted).expect(403).body
    assert "thorough" in refused["detail"]
    customer.get(recover).expect(404)

    assert api.post(recover, wanted).expect(202).body["thorough"] is True
