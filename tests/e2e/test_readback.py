"""A tenant reads what became of its events, and no other tenant can."""

import pytest
from hooklane_local import behaviours
from problems import refused, wrong_fields


@pytest.fixture
def log_of(api):
    """`log_of(webhook, **query)`: a page of the webhook's deliveries."""
    return lambda webhook, **query: api.get(f"/api/v1/webhooks/{webhook['id']}/deliveries", **query).expect(200).body


def test_a_delivery_shows_the_request_and_the_response(publish, register, receiver, requests, delivery_of):
    receiver.respond = behaviours.always(201, "schön".encode(), X_Receiver="here")
    webhook = register()

    event = publish(event_type="order.created")

    delivery = delivery_of(webhook)
    assert delivery["webhookId"] == webhook["id"]
    assert delivery["eventId"] == event
    assert delivery["eventType"] == "order.created"
    assert delivery["attemptCount"] == 1
    assert delivery["createdAt"] <= delivery["lastAttempt"]["at"] <= delivery["completedAt"]
    (attempt,) = delivery["attempts"]
    assert (attempt["number"], attempt["statusCode"]) == (1, 201)
    assert attempt["durationMs"] >= 0
    assert attempt["request"]["headers"]["webhook-id"] == event
    assert attempt["response"]["statusText"] == "Created"
    assert attempt["response"]["body"] == "schön"
    assert attempt["response"]["headers"]["x-receiver"] == "here"
    requests(1)


def test_a_waiting_delivery_shows_when_its_next_attempt_is(publish, register, receiver, delivery_of):
    receiver.respond = behaviours.always(500)
    webhook = register(retryPolicy={"schedule": [3600]})

    publish()

    delivery = delivery_of(webhook, "retrying")
    assert delivery["nextAttemptAt"] > delivery["lastAttempt"]["at"]
    assert delivery["lastAttempt"]["statusCode"] == 500
    assert "completedAt" not in delivery


def test_the_log_is_newest_first_on_every_page(publish, register, deliveries_of, log_of):
    webhook = register()
    events = [publish({"n": n}) for n in range(5)]
    deliveries_of(webhook, 5)

    pages, cursor = [], {}
    while cursor is not None:
        page = log_of(webhook, limit=2, **cursor)
        pages.append([delivery["eventId"] for delivery in page["data"]])
        cursor = {"cursor": page["nextCursor"]} if "nextCursor" in page else None

    assert [event for page in pages for event in page] == events[::-1]
    assert [len(page) for page in pages if page] == [2, 2, 1]


def test_the_log_is_filtered_by_status(publish, register, receiver, deliveries_of, log_of):
    bodies = {b'"good"': 200, b'"bad"': 500, b'"busy"': 503}

    def respond(request):
        return behaviours.always(next(status for part, status in bodies.items() if part in request.body))(request)

    receiver.respond = respond
    webhook = register(retryPolicy={"schedule": [1]})
    good, bad = publish({"is": "good"}), publish({"is": "bad"})
    deliveries_of(webhook, 1, "failed")
    deliveries_of(webhook, 1, "delivered")

    def events(status: str) -> list[str]:
        return [delivery["eventId"] for delivery in log_of(webhook, status=status)["data"]]

    assert events("delivered") == [good]
    assert events("failed") == [bad]
    for status in ("pending", "retrying", "cancelled"):
        assert events(status) == []


def test_a_webhook_without_deliveries_has_an_empty_log(register, log_of):
    assert log_of(register()) == {"data": []}


@pytest.mark.parametrize(
    ("query", "path"),
    [({"status": "lost"}, "status"), ({"limit": 0}, "limit"), ({"cursor": "x"}, "cursor"), ({"colour": 1}, "colour")],
)
def test_an_invalid_parameter_of_the_log_is_named(query, path, api, register):
    assert wrong_fields(api.get(f"/api/v1/webhooks/{register()['id']}/deliveries", **query)) == [path]


def test_another_tenant_cannot_tell_that_a_webhook_exists(stack, tenant, publish, register, delivery_of):
    webhook = register()
    publish()
    delivery = delivery_of(webhook)
    stranger = stack.api(f"{tenant}-other")
    path = f"/api/v1/webhooks/{webhook['id']}"

    existing_ones = [
        stranger.get(path),
        stranger.delete(path),
        stranger.get(f"{path}/deliveries"),
        stranger.get(f"{path}/deliveries/{delivery['id']}"),
    ]
    absent_ones = [
        stranger.get("/api/v1/webhooks/wh_01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        stranger.delete("/api/v1/webhooks/wh_01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        stranger.get("/api/v1/webhooks/wh_01ARZ3NDEKTSV4RRFFQ69G5FAV/deliveries"),
        stranger.get(f"/api/v1/webhooks/wh_01ARZ3NDEKTSV4RRFFQ69G5FAV/deliveries/{delivery['id']}"),
    ]

    for existing, absent in zip(existing_ones, absent_ones, strict=True):
        assert refused(existing, 404, "not-found") == refused(absent, 404, "not-found")
    assert stranger.get("/api/v1/webhooks").expect(200).body["data"] == []


def test_a_delivery_is_found_only_under_its_own_webhook(api, publish, register, delivery_of, deliveries_of):
    webhook, other = register(path="/one"), register(path="/two")
    publish()
    delivery = delivery_of(webhook)
    deliveries_of(other)

    refused(api.get(f"/api/v1/webhooks/{other['id']}/deliveries/{delivery['id']}"), 404, "not-found")
    for wrong in ("dlv_x", "nonsense", delivery["id"][:-2], delivery["id"] + "AA"):
        refused(api.get(f"/api/v1/webhooks/{webhook['id']}/deliveries/{wrong}"), 404, "not-found")
