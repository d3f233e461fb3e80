"""A delivery's item changes during an attempt: the attempt's result is kept, and no second request is sent."""

import time

import inside
import pytest
from hooklane_local import behaviours
from hooklane_local.receiver import Response

OTHER = "another-message"


@pytest.fixture(params=[1, 2], ids=["first attempt", "second attempt"])
def crossed(request, stack, tenant, publish, register, receiver, eventually):
    """`crossed(status)`: another message becomes the delivery's owner during the attempt that gets `status`."""

    def start(status: int) -> tuple[dict, dict, float]:
        event_known = {}
        later = time.time() + 3600
        webhook = register(retryPolicy={"schedule": [1, 1, 1]})

        def cross(_request) -> Response:
            event = eventually(lambda: event_known.get("item"))
            inside.waits_for_another(stack, webhook["id"], event, OTHER, later)
            return Response(status)

        receiver.respond = behaviours.failing(request.param - 1, then=cross)
        event_known["item"] = inside.event_item(stack, tenant, publish())
        return webhook, event_known["item"], later

    start.requests = request.param
    return start


def test_a_success_still_ends_the_delivery(crossed, requests, delivery_of, drained):
    webhook, _, _ = crossed(200)

    delivery = delivery_of(webhook, "delivered")

    drained()
    requests(crossed.requests)
    assert [attempt["statusCode"] for attempt in delivery["attempts"]][-1] == 200
    assert len(delivery["attempts"]) == crossed.requests


def test_a_failure_is_logged_but_the_newer_state_stays(crossed, stack, requests, delivery_of, drained, eventually):
    webhook, event, later = crossed(500)
    requests(crossed.requests)

    item = eventually(lambda: _with_attempts(stack, webhook, event, crossed.requests))
    drained()

    requests(crossed.requests)
    assert item["s"]["M"]["w"]["L"] == [{"N": str(int(later * 1000))}, {"S": OTHER}]
    delivery = delivery_of(webhook, "retrying")
    assert [attempt["statusCode"] for attempt in delivery["attempts"]] == [500] * crossed.requests


def _with_attempts(stack, webhook: dict, event: dict, count: int) -> dict | None:
    item = inside.delivery_item(stack, webhook["id"], event)
    return item if item and int(item["n"]["N"]) == count else None
