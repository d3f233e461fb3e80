"""What a person does with webhooks and deliveries: change, switch on, retry, cancel, look up."""

from hooklane_local import behaviours


def by_hand(api, delivery: dict, verb: str):
    return api.post(f"/api/v1/webhooks/deliveries/{delivery['id']}/{verb}", None)


def test_a_failed_delivery_is_retried_by_hand_with_the_policy_anew(
    api, publish, register, receiver, requests, deliveries_of, delivery_of
):
    receiver.respond = behaviours.failing(3)
    webhook = register(retryPolicy={"schedule": [1]})
    publish()
    failed = deliveries_of(webhook, status="failed")[0]

    by_hand(api, failed, "retry").expect(202)

    # Of the new policy the first attempt fails too, its one retry succeeds.
    delivery = delivery_of(webhook, "delivered")
    requests(4)
    assert [attempt["statusCode"] for attempt in delivery["attempts"]] == [500, 500, 500, 200]
    assert [attempt["number"] for attempt in delivery["attempts"]] == [1, 2, 3, 4]
    by_hand(api, failed, "retry").expect(409)


def test_a_cancelled_delivery_is_not_tried_again(api, publish, register, receiver, drained, requests, deliveries_of):
    receiver.respond = behaviours.always(500)
    webhook = register(retryPolicy={"schedule": [3, 3]})
    publish()
    waiting = deliveries_of(webhook, status="retrying")[0]

    answer = by_hand(api, waiting, "cancel").expect(200).body

    assert (answer["status"], answer["reason"]) == ("cancelled", "requested")
    drained()
    requests(1)
    by_hand(api, waiting, "cancel").expect(409)


def test_a_webhook_that_was_disabled_is_switched_on_again_and_what_it_missed_retried(
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
    by_hand(api, gone, "retry").expect(202)

    deliveries_of(webhook, count=2)
    requests(3)


def test_a_change_holds_for_the_next_attempt(api, publish, register, receiver, requests, deliveries_of):
    receiver.respond = behaviours.failing(1)
    # A delivery may use a webhook that was read up to five seconds ago.
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
