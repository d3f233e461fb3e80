"""Filters and transforms of webhooks, and what receivers get because of them."""

import json

import pytest

ORDER = {"total": 99.9, "status": "paid", "customer": {"id": 7, "email": "a@example.com"}}


def test_a_filter_decides_which_events_are_delivered(publish, register, requests, drained):
    register(path="/expensive", filter="event.data.total > 50.0 && event.type == 'order.created'")
    register(path="/all")

    publish({**ORDER, "total": 9.9})
    publish(ORDER)

    requests(2, path="/all")
    (expensive,) = requests(1, path="/expensive")
    assert json.loads(expensive.body)["data"]["total"] == 99.9
    drained()
    requests(1, path="/expensive")


def test_a_transform_produces_the_data(api, publish, register, requests):
    webhook = register(transform="{'amount': event.data.total, 'who': event.data.customer, 'kind': event.type}")
    assert webhook["transform"].startswith("{'amount'")

    body = '{"type":"order.created","data":{"total":99.90,"customer":{"z":1.0,"a":1234567890123456789}}}'
    api.post("/api/v1/events", json.loads(body)).expect(202)

    (request,) = requests(1)
    assert json.loads(request.body)["data"] == {
        "amount": 99.9,
        "who": {"z": 1.0, "a": 1234567890123456789},
        "kind": "order.created",
    }


def test_a_failing_transform_fails_its_delivery_with_the_reason_and_no_other(
    api, publish, receiver, register, requests, delivery_of, eventually
):
    webhook = register(path="/broken", transform="{'amount': event.data.nothing}")
    register(path="/whole")
    publish(ORDER)

    requests(1, path="/whole")
    failed = delivery_of(webhook, "failed")
    assert failed["reason"] == "expression"
    (attempt,) = failed["attempts"]
    assert attempt["error"] == {"kind": "expression", "detail": "transform: there is no event.data.nothing"}

    api.patch(f"/api/v1/webhooks/{webhook['id']}", {"transform": "{'amount': event.data.total}"}).expect(200)

    def retried():
        # A function may cache a webhook for five seconds, so a retry may still use the old transform.
        api.post(f"/api/v1/webhooks/deliveries/{failed['id']}/retry")
        return receiver.wait_for(1, 2.0, "/broken")

    (request, *_) = eventually(retried)
    assert json.loads(request.body)["data"] == {"amount": 99.9}


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("filter", "event.type ==", "line 1, column 14: "),
        ("filter", "true &&\n nope(1)", "line 2, column 2: there is no function nope"),
        ("transform", "[1].map(x, [2].map(y, y))", "line 1, column 16: a macro must not be inside another macro"),
        ("transform", "event.type", "fails on the sample of alert.resolved: must return a map"),
    ],
)
def test_an_invalid_expression_is_refused_with_the_position_of_the_mistake(api, field, text, message):
    body = {"url": "https://example.com/", "events": ["*"], field: text}
    (error,) = api.post("/api/v1/webhooks", body).expect(422).body["errors"]
    assert error["path"] == field
    assert error["message"].startswith(message)
