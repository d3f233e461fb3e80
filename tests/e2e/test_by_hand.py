"""What clients do with webhooks and deliveries: change, enable, retry, cancel, read."""

from hooklane_local import behaviours


def post(api, delivery: dict, verb: str):
    return api.post(f"/api/v1/webhooks/deliveries/{delivery['id']}/{verb}", None)


def test_retrying_a_failed_delivery_starts_its_policy_again(
    api, publish, register, receiver, requests, deliveries_of, delivery_of
):
    receiver.respond = behaviours.failing(3)
    webhook = register(retryPolicy={"schedule": [1]})
    publish()
    failed = deliveries_of(webhook, status="failed")[0]

    post(api, failed, "retry").expect(202)

    # The first attempt after that fails too, and its one retry succeeds.
    delivery = delivery_of(webhook, "delivered")
    requests(4)
    assert [attempt["statusCode"] for attempt in delivery["attempts"]] == [500, 500, 500, 200]
    assert [attempt["number"] for attempt in delivery["attempts"]] == [1, 2, 3, 4]
    post(api, failed, "retry").expect(409)


def test_a_cancelled_delivery_gets_no_further_attempt(
    api, publish, register, receiver, drained, requests, deliveries_of
):
    receiver.respond = behaviours.always(500)
    webhook = register(retryPolicy={"schedule": [3, 3]})
    publish()
    waiting = deliveries_of(webhook, status="retrying")[0]

    answer = post(api, waiting, "cancel").expect(200).body

    assert (answer["status"], answer["reason"]) == ("cancelled", "requested")
    drained()
    requests(1)
    post(api, waiting, "cancel").expect(409)


def test_a_disabled_webhook_is_enabled_and_its_failed_delivery_retried(
    api, publish, register, receiver, requests, deliveries_of, eventually
):
    receiver.respond = behaviours.failing(1, status=410)
    webhook = register()
    publish()
    gone = deliveries_of(webhook, status="failed")[0]
    path = f"/api/v1/webhooks/{webhook['id']}"
    assert api.get(path).expect(200).body["status"] == "disabled"

    changed = api.patch(path, {"active": True}).expect(200).body
    assert changed["status"] == "active"
    publish()
    post(api, gone, "retry").expect(202)

    deliveries_of(webhook, count=2)
    requests(3)


def test_the_next_attempt_uses_the_changed_webhook(api, publish, register, receiver, requests, deliveries_of):
    receiver.respond = behaviours.failing(1)
    # A function may cache a webhook for five seconds.
    webhook = register(path="/old", retryPolicy={"schedule": [6]})
    publish()
    deliveries_of(webhook, status="retrying")

    new = {"url": receiver.url("/new"), "headers": {"X-Key": "new-key"}}
    api.put(f"/api/v1/webhooks/{webhook['id']}", new).expect(200)

    deliveries_of(webhook)
    first, second = requests(2)
    assert (first.path, second.path) == ("/old", "/new")
    assert second.headers["x-key"] == "new-key"
    assert first.body == second.body


def test_an_event_shows_its_deliveries(api, publish, register, deliveries_of):
    webhooks = [register(), register(["order.created"]), register(["user.*"])]
    event = publish({"orderId": "A-7"})
    for webhook in webhooks[:2]:
        deliveries_of(webhook)

    found = api.get(f"/api/v1/events/{event}").expect(200).body

    assert (found["id"], found["type"], found["data"]) == (event, "order.created", {"orderId": "A-7"})
    shown = {delivery["webhookId"]: delivery["status"] for delivery in found["deliveries"]}
    assert shown == {webhook["id"]: "delivered" for webhook in webhooks[:2]}
