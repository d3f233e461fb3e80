"""What can be seen before it is done: previews, tests of webhooks that are not registered, experiments, counts.
And many deliveries at once, a probe by hand, and searches."""

import time

import inside
import pytest
from hooklane_local import behaviours

SECRET = "your-webhook-secret"


@pytest.fixture
def operator(stack):
    """The API as the operator, for no tenant."""
    return stack.api(None)


def header(shown: dict, name: str) -> str:
    return next(each["value"] for each in shown["request"]["headers"] if each["name"].lower() == name)


def test_a_preview_is_what_arrives(api, publish, register, requests):
    webhook = register(secret=SECRET, transform="{'order': event.data.orderId}")
    event = publish({"orderId": "A-1"})
    (request,) = requests(1)

    path = f"/api/v1/webhooks/{webhook['id']}/preview"
    shown = api.post(path, {"eventId": event, "secret": "own"}).expect(200).body

    assert shown["request"]["body"] == request.body.decode()
    assert shown["request"]["method"] == "POST"
    assert header(shown, "webhook-id") == request.headers["webhook-id"] == event
    names = {each["name"].lower() for each in shown["request"]["headers"]}
    assert names <= {name.lower() for name in request.headers}
    example = api.post(path, {"eventId": event}).expect(200).body
    assert example["exampleSecret"].startswith("whsec_")
    assert header(example, "webhook-signature") != header(shown, "webhook-signature")


def test_a_webhook_is_tested_before_it_is_registered(api, receiver, requests):
    draft = {"url": receiver.url("/"), "events": ["*"], "secret": SECRET, "contract": "standard"}
    tested = api.post("/api/v1/webhooks/test?event=user.created", draft).expect(200).body
    (request,) = requests(1)
    assert tested["successful"] and tested["eventType"] == "user.created"
    assert tested["request"]["body"] == request.body.decode()
    assert api.get("/api/v1/webhooks").expect(200).body["total"] == 0
    # The addresses that are refused at a registration are refused here.
    inner = {**draft, "url": "http://169.254.169.254/latest/"}
    refused = api.post("/api/v1/webhooks/test", inner).expect(422).body
    assert [error["path"] for error in refused["errors"]] == ["url"]


def test_an_experiment_is_on_the_newest_events(api, publish, eventually):
    for total in (5, 500):
        publish({"total": total}, event_type="order.created")
    transform = "{'sum': event.data.total}"
    order = {"filter": "event.data.total > 100", "transform": transform, "eventType": "order.*"}

    def both():
        found = api.post("/api/v1/webhooks/try", order).expect(200).body["data"]
        return found if len(found) == 2 else None

    found = eventually(both, "the index did not list both events")
    assert {(each["matched"], each["after"]["sum"]) for each in found} == {(False, 5), (True, 500)}


def test_deliveries_are_found_by_the_chosen_key_of_metadata(
    operator, tenant, api, register, delivery_of, publish, eventually
):
    operator.put(f"/api/v1/tenants/{tenant}", {"searchKey": "orderId"}).expect(200)
    webhook = register()
    time.sleep(6)  # Settings are read at most every five seconds.
    event = publish(metadata={"orderId": "o-4711"})
    delivery = delivery_of(webhook)

    def found():
        return api.get("/api/v1/deliveries", metadata="o-4711").expect(200).body["data"]

    (row,) = eventually(found, "the index did not list the event's value")
    assert (row["eventId"], row["id"]) == (event, delivery["id"])
    for query in ({"eventId": event}, {"deliveryId": delivery["id"]}, {"status": "delivered", "statusCode": 200}):
        rows = api.get("/api/v1/deliveries", **query).expect(200).body["data"]
        assert [row["id"] for row in rows] == [delivery["id"]], query
    (attempt,) = delivery["attempts"]
    assert attempt["request"].get("url") in (None, webhook["url"])


def test_many_are_counted_and_retried(api, publish, register, receiver, deliveries_of, eventually):
    receiver.respond = behaviours.always(500)
    webhook = register(retryPolicy={"preset": "none"})
    events = [publish({"n": n}) for n in range(3)]
    failed = deliveries_of(webhook, 3, "failed")
    search = f"/api/v1/webhooks/{webhook['id']}/deliveries"
    by_code = api.get(search, statusCode=500).expect(200).body["data"]
    assert {row["eventId"] for row in by_code} == set(events)

    order = {"filter": {"webhook": webhook["id"]}, "dryRun": True}

    def counted():
        matching = api.post("/api/v1/webhooks/deliveries/retry", order).expect(200).body["matching"]
        return matching == {"count": 3, "capped": False}

    eventually(counted, "the dry run did not count three")
    recovery = {"since": 0, "include": "failed", "dryRun": True}
    estimate = api.post(f"/api/v1/webhooks/{webhook['id']}/recover", recovery).expect(200).body
    assert estimate["failed"] == {"count": 3, "capped": False}

    receiver.respond = behaviours.ok()
    ids = [*(row["id"] for row in failed), "dlv_nonsense"]
    results = api.post("/api/v1/webhooks/deliveries/retry", {"deliveries": ids}).expect(200).body["data"]
    assert [each["accepted"] for each in results] == [True] * 3 + [False]
    assert results[3]["problem"]["type"] == "urn:hooklane:problem:not-found"
    deliveries_of(webhook, 3, "delivered")


def test_a_failing_webhook_is_tried_by_hand(stack, api, publish, register, receiver, eventually):
    receiver.respond = behaviours.always(500)
    webhook = register()
    now = time.time_ns() // 1_000_000_000
    inside.put_health(
        stack,
        webhook["id"],
        {
            "circuit": {
                "is": "open",
                "since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - 600)),
                "probe_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + 3_600)),
                "probes": 3,
            },
            "pace": {"mean_ms": 5, "attempts": 9},
        },
    )
    publish()

    def parked():
        listed = api.get(f"/api/v1/webhooks/{webhook['id']}/deliveries", parked="true").expect(200).body
        return listed["data"]

    (waiting,) = eventually(parked, "nothing was parked")
    receiver.respond = behaviours.ok()
    sent = api.post(f"/api/v1/webhooks/{webhook['id']}/probe").expect(202).body
    assert sent["id"] == waiting["id"]
    eventually(lambda: inside.circuit(stack, webhook["id"]) == "closed", "the circuit did not close")
    again = api.post(f"/api/v1/webhooks/{webhook['id']}/probe").expect(409).body
    assert again["type"] == "urn:hooklane:problem:nothing-to-probe"
