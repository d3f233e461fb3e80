"""A tenant's events are listed, newest first, with the webhooks that took each."""

import json

import inside
from hooklane_local import behaviours


def listed(api, **filters: str) -> list[dict]:
    """All events of the list, over its pages."""
    found, cursor = [], {}
    while True:
        page = api.get("/api/v1/events", limit=3, **filters, **cursor).expect(200).body
        found += page["data"]
        if "nextCursor" not in page:
            return found
        cursor = {"cursor": page["nextCursor"]}


def test_events_are_listed_with_the_webhooks_that_took_them(api, publish, register, requests, eventually, receiver):
    orders, failing = register(["order.*"]), register(["user.created"], path="/failing")
    receiver.respond = behaviours.by_path({"/failing": behaviours.always(500), "/": behaviours.ok()})
    order, user = publish(), publish(event_type="user.created")
    nobodys = [publish(event_type="other.event") for _ in range(5)]
    requests(2)

    def all_there() -> list[dict] | None:
        found = listed(api)
        taken = [delivery for event in found for delivery in event["deliveries"]]
        settled = all(delivery["status"] != "pending" for delivery in taken)
        return found if len(found) == 7 and len(taken) == 2 and settled else None

    found = {event["id"]: event for event in eventually(all_there, "the events were not listed")}
    assert set(found) == {order, user, *nobodys}
    times = [event["acceptedAt"] for event in found.values()]
    assert times == sorted(times, reverse=True)
    (taken,) = found[order]["deliveries"]
    assert (taken["webhookId"], taken["status"], taken["attemptCount"]) == (orders["id"], "delivered", 1)
    (taken,) = found[user]["deliveries"]
    assert (taken["webhookId"], taken["status"], taken["attemptCount"]) == (failing["id"], "retrying", 1)
    detail = api.get(f"/api/v1/webhooks/{failing['id']}/deliveries/{taken['deliveryId']}").expect(200).body
    assert detail["eventId"] == user
    assert [event["id"] for event in listed(api, type="order.*", deliveries="false")] == [order]


def test_a_replayed_record_is_listed_once(stack, api, tenant, publish, eventually):
    first, second = publish(), publish()
    records = [inside.stream_record(inside.event_item(stack, tenant, event)) for event in (first, second)]
    eventually(lambda: len(listed(api)) == 2, "the events were not listed")
    for batch in (records, records[:1], records[::-1], [{"nonsense": tenant}]):
        assert stack.invoke("StatsFunction", {"Records": batch}) == {"batchItemFailures": []}
    assert sorted(event["id"] for event in listed(api)) == sorted([first, second])
    (letter,) = [letter for letter in stack.dead_letters("stats") if tenant in letter["Body"]]
    assert json.loads(letter["Body"]) == {"nonsense": tenant}
    assert letter["MessageAttributes"]["source"]["StringValue"] == "stats"
