"""What became of an event at each webhook, and when the next attempt of a delivery is: one row for each state.

The decisions are tables of `shared/domain` (`explanation`, `isolation/next_attempt`). These tests bring a deployed
stack into each state and read what the API says.
"""

import json
import time
import uuid
from datetime import datetime, timedelta, timezone

import inside
import pytest
from conftest import ROOT
from hooklane_local import behaviours

SCHEDULED = json.loads((ROOT / "events" / "upkeep.json").read_text())
LONG_AGO = "2024-01-15T10:30:00Z"


def moment(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def later(seconds: int) -> str:
    at = datetime.now(timezone.utc) + timedelta(seconds=seconds)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def path(webhook: dict, *rest: str) -> str:
    return "/".join([f"/api/v1/webhooks/{webhook['id']}", *rest])


def failing_at(*paths: str):
    """A receiver that fails at these paths and accepts everything elsewhere."""
    fails, accepts = behaviours.always(500), behaviours.ok()
    return lambda request: fails(request) if request.path in paths else accepts(request)


def explained(api, event: str) -> dict[str, dict]:
    """The explanations of an event, by the name of the webhook."""
    body = api.get(f"/api/v1/events/{event}", explain="true").expect(200).body
    return {one["webhookName"]: one for one in body["explanations"]}


def verdicts(api, event: str) -> dict[str, str]:
    return {name: one["verdict"] for name, one in explained(api, event).items()}


def rows(api, webhook: dict) -> list[dict]:
    return api.get(path(webhook, "deliveries"), limit=100).expect(200).body["data"]


def parked(api, webhook: dict) -> list[dict]:
    return [row for row in rows(api, webhook) if "parked" in row]


@pytest.fixture
def named(api, receiver):
    """`named(name, …)`: registers a webhook of that name at `/name` of the receiver."""

    def create(name: str, **more) -> dict:
        body = {"name": name, "url": receiver.url(f"/{name}"), "events": ["*"], **more}
        return api.post("/api/v1/webhooks", body).expect(201).body

    return create


def test_each_state_of_an_event_at_a_webhook_is_explained(stack, api, tenant, receiver, named, publish, eventually):
    receiver.respond = failing_at("/waits", "/failed")
    named("delivered")
    named("waits", retryPolicy={"schedule": [3600]})
    named("failed", retryPolicy="none")
    named("broken", filter="event.data.missing == 1")
    paused, cancelled = named("paused"), named("cancelled")
    for webhook in (paused, cancelled):
        api.post(path(webhook, "pause")).expect(200)
    disabled = named("disabled")
    state = {"is": "disabled", "at": LONG_AGO, "reason": "gone"}
    inside.set_webhook(stack, tenant, disabled["id"], "state", state)
    named("inactive", active=False)
    named("filtered", filter="event.data.total > 5.0")
    named("other", events=["user.created"])
    named("testing", testMode=True)
    event = publish({"total": 1.5})
    eventually(lambda: parked(api, cancelled), "it was not parked")
    api.post(f"/api/v1/webhooks/deliveries/{parked(api, cancelled)[0]['id']}/cancel").expect(200)
    named("younger")

    wanted = {
        "delivered": "delivered",
        "waits": "waiting",
        "failed": "failed",
        "broken": "failed",
        "paused": "waiting",
        "disabled": "waiting",
        "cancelled": "cancelled",
        "inactive": "webhook_inactive",
        "filtered": "filtered",
        "other": "not_subscribed",
        "testing": "test_mode_mismatch",
        "younger": "webhook_younger",
    }
    eventually(lambda: verdicts(api, event) == wanted, f"the verdicts did not become {wanted}")

    all_ = explained(api, event)
    assert {name for name, one in all_.items() if one["evaluatedNow"]} == {"filtered"}
    held = {name: one["nextAttemptReason"] for name, one in all_.items() if "nextAttemptReason" in one}
    assert held == {"waits": "retry", "paused": "webhook_paused", "disabled": "webhook_disabled"}
    assert moment(all_["waits"]["nextAttemptAt"]) > time.time() + 3000
    assert {all_[name]["webhookStatus"] for name in ("paused", "disabled", "inactive")} == {
        "paused",
        "disabled",
        "inactive",
    }
    assert moment(all_["disabled"]["webhookStatusSince"]) == moment(LONG_AGO)
    assert all_["younger"]["changedSince"] and not all_["delivered"]["changedSince"]
    assert all(one["detail"].endswith(".") for one in all_.values())
    assert "explanations" not in api.get(f"/api/v1/events/{event}").expect(200).body


def test_an_event_without_a_delivery_is_explained_by_what_is_stored(stack, api, tenant, named, publish, eventually):
    webhooks = {name: named(name) for name in ("missing", "skips", "changed")}
    for webhook in webhooks.values():
        for attribute in ("created_at", "updated_at"):
            inside.set_webhook(stack, tenant, webhook["id"], attribute, LONG_AGO)
    event = publish()
    eventually(lambda: set(verdicts(api, event).values()) == {"delivered"}, "it was not delivered")
    # As if it had been accepted ten minutes ago: a delivery's id derives from that time, so there is none.
    item = inside.event_item(stack, tenant, event)
    accepted = {"a": {"N": str(int(item["a"]["N"]) - 600_000)}}
    stack.dynamodb.put_item(TableName=stack.description["ledgerTable"], Item={**item, **accepted})
    inside.put_registry_item(stack, {"pk": f"HE#{webhooks['skips']['id']}", "sk": "HEALTH", "skipped": 3})
    api.patch(path(webhooks["changed"]), {"description": "changed"}).expect(200)

    all_ = explained(api, event)

    assert {name: one["verdict"] for name, one in all_.items()} == {
        "missing": "missing",
        "skips": "skipped",
        "changed": "changed_since",
    }
    assert {name for name, one in all_.items() if one["changedSince"]} == {"changed"}


def test_an_operational_event_is_not_sent_to_the_webhook_it_is_about(api, receiver, named, publish, eventually):
    receiver.respond = failing_at("/itself")
    itself = named("itself", events=["order.created", "delivery.exhausted"], retryPolicy="none")
    watcher = named("watcher", events=["delivery.exhausted"])
    publish()

    (report,) = eventually(lambda: rows(api, watcher), "no operational event was sent")

    assert verdicts(api, report["eventId"])["itself"] == "concerns_itself"
    assert len(rows(api, itself)) == 1


def test_the_next_attempt_has_a_time_or_says_who_must_act(stack, api, tenant, receiver, named, publish, eventually):
    receiver.respond = behaviours.always(500)
    webhook = named("waits", retryPolicy={"schedule": [3600]})
    event = publish()
    eventually(lambda: [row["status"] for row in rows(api, webhook)] == ["retrying"], "it was not attempted")

    def shown() -> tuple[float | None, str]:
        listed = rows(api, webhook)[0]
        assert api.get("/api/v1/deliveries").expect(200).body["data"] == [listed]
        at = listed.get("nextAttemptAt")
        assert at is None or moment(at) >= time.time() - 60
        return at and moment(at), listed["nextAttemptReason"]

    def circuit(**state) -> None:
        health = {"circuit": {"since": LONG_AGO, "probes": 1, **state}, "pace": {"mean_ms": 5, "attempts": 9}}
        inside.put_health(stack, webhook["id"], health)

    at, reason = shown()
    assert reason == "retry"
    assert abs(at - time.time() - 3600) < 300

    probe = later(7200)
    circuit(**{"is": "open", "probe_at": probe})
    assert shown() == (moment(probe), "circuit_probe")
    circuit(**{"is": "open", "probe_at": LONG_AGO})
    assert shown() == (at, "circuit_probe")
    health = api.get(path(webhook, "health")).expect(200).body
    assert moment(health["isolation"]["circuit"]["nextProbeAt"]) > time.time() - 60
    inside.put_health(stack, webhook["id"], {"circuit": {"is": "closed"}, "pace": {"mean_ms": 5, "attempts": 9}})

    api.post(path(webhook, "pause")).expect(200)
    assert shown() == (None, "webhook_paused")
    api.post(path(webhook, "resume")).expect(200)
    api.patch(path(webhook), {"active": False}).expect(200)
    assert shown() == (None, "webhook_inactive")
    api.patch(path(webhook), {"active": True}).expect(200)
    operator = stack.api(None)
    operator.put(f"/api/v1/tenants/{tenant}", {"paused": True}).expect(200)
    assert shown() == (None, "tenant_paused")
    operator.put(f"/api/v1/tenants/{tenant}", {}).expect(200)
    assert shown() == (at, "retry")

    item = inside.event_item(stack, tenant, event)
    due = int((time.time() - 1800) * 1000)
    inside.set_wait(stack, webhook["id"], item, due_ms=str(due), owner=uuid.uuid4().hex)
    replaced, reason = shown()
    assert (round(replaced * 1000), reason) == (due + 3_600_000, "lost_message_sweep")
    api.delete(path(webhook)).expect(204)
    retried = api.post(f"/api/v1/webhooks/deliveries/{inside.delivery_id(webhook['id'], item)}/retry").expect(202)
    assert retried.body["nextAttemptReason"] == "webhook_deleted"


def test_a_parked_delivery_says_what_it_waits_for_now(api, named, publish, eventually):
    webhook = named("held")
    api.post(path(webhook, "pause")).expect(200)
    publish()
    (held,) = eventually(lambda: parked(api, webhook), "it was not parked")
    assert (held.get("nextAttemptAt"), held["nextAttemptReason"]) == (None, "webhook_paused")

    api.post(path(webhook, "resume")).expect(200)

    (row,) = rows(api, webhook)
    # Unless a scheduled run of `upkeep` was faster.
    if "parked" in row:
        assert (row["reason"], row["nextAttemptReason"]) == ("paused", "parked_release")
        assert moment(row["nextAttemptAt"]) > time.time() - 60
        assert "dueAt" not in row["parked"]


def test_a_discarded_delivery_says_that_it_will_be_cancelled(api, named, publish, eventually):
    webhook = named("held")
    api.post(path(webhook, "pause")).expect(200)
    publish()
    eventually(lambda: parked(api, webhook), "it was not parked")

    api.post(path(webhook, "resume"), {"discard": True}).expect(200)

    (row,) = rows(api, webhook)
    assert row["status"] == "cancelled" or row["nextAttemptReason"] == "discarded"


def test_the_wait_for_a_slot_is_the_time_of_the_next_attempt(api, named, publish, eventually):
    webhook = named("limited", rateLimit={"requests": 1, "perSeconds": 3600})
    publish(), publish()
    (waits,) = eventually(lambda: parked(api, webhook), "no delivery was parked for its slot")
    assert waits["nextAttemptReason"] == "rate_limit"
    assert waits["nextAttemptAt"] == waits["parked"]["dueAt"]
    assert moment(waits["nextAttemptAt"]) > time.time() + 3000


def test_a_recovery_of_what_is_older_than_the_webhook_says_so(stack, api, named, publish, eventually):
    witness = named("witness")
    publish()
    eventually(lambda: [row["status"] for row in rows(api, witness)] == ["delivered"], "it was not delivered")
    young = named("young")

    started = api.post(path(young, "recover"), {"since": LONG_AGO, "include": "skipped"}).expect(202).body
    assert [(w["code"], w["field"]) for w in started["warnings"]] == [("older_than_webhook", "since")]

    def ended() -> dict | None:
        stack.invoke("UpkeepFunction", SCHEDULED)
        recovery = api.get(path(young, "recover")).expect(200).body
        return recovery if recovery["state"] not in ("running", "waiting") else None

    recovery = eventually(ended, "the recovery did not end")
    assert recovery["olderThanWebhook"] == 1
    assert rows(api, young) == []
