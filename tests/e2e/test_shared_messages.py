"""Events for one webhook that come at the same time share messages of the delivery queue."""

import json
from collections import Counter

from hooklane_local import behaviours

EVENTS = 40


def test_events_that_share_messages_are_each_delivered_once_and_retried_alone(
    stack, api, register, receiver, requests, drained, eventually
):
    receiver.respond = behaviours.failing(3)
    register(retryPolicy={"schedule": [1]})
    events = [{"id": f"E-{n}", "type": "order.created", "data": {"n": n}} for n in range(EVENTS)]

    results = api.post("/api/v1/events/batch", events).expect(200).body["results"]
    assert {result["status"] for result in results} == {202}
    requests(EVENTS + 3)
    drained()

    posts = Counter(json.loads(request.body)["data"]["n"] for request in receiver.requests)
    assert sorted(posts.values()) == [1] * (EVENTS - 3) + [2] * 3

    def shared() -> bool:
        lines = (json.loads(line) for line in stack.log_tail("DeliveryFunction", 10_000) if "batch.deliveries" in line)
        return any(line["batch.deliveries"] > line["batch.messages"] for line in lines)

    eventually(shared, "no message was for several deliveries")
