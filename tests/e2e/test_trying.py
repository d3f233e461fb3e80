"""`POST /webhooks/{id}/test` under every contract: receivers accept the request like a delivery, and the
answer shows the results of the webhook's filter and transform."""

import json

import pytest
from readers import CONTRACTS, READERS, Reading, reader_of
from sample_receivers import SampleReceiver, all_samples, secret_of

SECRET = "your-webhook-secret"
PAYLOAD = {"taskId": "123", "title": "Größe € 😀"}
# Passes samples of the event catalog, but not a payload of the caller's own.
FILTER = "event.type != 'webhook.test'"
TRANSFORM = "{'kind': event.type, 'all': event.data}"

IN_PACKAGES = [name for name in CONTRACTS if not READERS[name].sample]


@pytest.fixture
def try_out(api):
    """`try_out(webhook, body)`: tests a webhook and returns the API's answer."""
    return lambda webhook, body: api.post(f"/api/v1/webhooks/{webhook['id']}/test", body).expect(200).body


@pytest.mark.parametrize(("contract", "file"), all_samples())
def test_a_sample_receiver_accepts_a_test_and_gets_the_transformed_data(contract, file, register, try_out):
    secret = secret_of(contract, SECRET)
    with SampleReceiver(contract, file, secret) as sample:
        plain = register(contract=contract, secret=secret, url=sample.url)
        shaped = register(contract=contract, secret=secret, url=sample.url, filter=FILTER, transform=TRANSFORM)

        answers = [try_out(plain, PAYLOAD), try_out(shaped, PAYLOAD), try_out(shaped, {"event": "user.created"})]

    assert [(each["successful"], each["statusCode"]) for each in answers] == [(True, 200)] * 3, sample.output
    bare, filtered_out, passed = answers
    assert "filter" not in bare and "transform" not in bare
    # A test is sent even if the filter does not pass it.
    assert filtered_out["filter"] == {"passed": False}
    assert passed["filter"] == {"passed": True}
    assert filtered_out["transform"] == {"data": {"kind": "webhook.test", "all": PAYLOAD}}
    assert passed["transform"]["data"]["kind"] == "user.created"
    expected = [
        ("webhook.test", PAYLOAD),
        ("webhook.test", filtered_out["transform"]["data"]),
        ("user.created", passed["transform"]["data"]),
    ]
    assert [(each.event_type, json.loads(each.data)) for each in sample.accepted] == expected, sample.output


@pytest.mark.parametrize("contract", IN_PACKAGES)
def test_the_packages_accept_a_test_with_transformed_data(contract, register, try_out, requests):
    reader = reader_of(contract)
    webhook = register(contract=contract, filter=FILTER, transform=TRANSFORM)

    answer = try_out(webhook, PAYLOAD)

    assert (answer["successful"], answer["filter"]) == (True, {"passed": False})
    assert answer["transform"] == {"data": {"kind": "webhook.test", "all": PAYLOAD}}
    (request,) = requests(1)
    assert reader.accepts([Reading(request, webhook["secret"], reader.header)]) == [True]
    assert data_in(contract, json.loads(request.body)) == answer["transform"]["data"]


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_test_is_refused_by_a_receiver_with_another_secret(contract, register, try_out, requests):
    reader = reader_of(contract)
    webhook, other = register(contract=contract), register(contract=contract, path="/other")

    try_out(webhook, None)

    (request,) = requests(1)
    readings = [Reading(request, each["secret"], reader.header) for each in (webhook, other)]
    assert reader.accepts(readings) == [True, False]


@pytest.mark.parametrize(
    ("expression", "text"),
    [("filter", "event.data.gone == 1"), ("transform", "{'gone': event.data.gone}")],
)
def test_a_test_shows_why_an_expression_fails(expression, text, register, try_out, receiver):
    webhook = register(**{expression: text})

    answer = try_out(webhook, PAYLOAD)

    assert answer[expression] == {"error": "there is no event.data.gone"}
    # As for a delivery: nothing is sent, and the answer has the reason.
    assert answer["successful"] is False
    assert answer["error"] == {"kind": "expression", "detail": f"{expression}: there is no event.data.gone"}
    assert receiver.requests == []


def test_the_default_test_of_a_webhook_with_a_transform_sends_an_event_that_fits(register, try_out, requests, api):
    api.put("/api/v1/event-types/parcel.sent", {"sample": {"parcelId": "P-7"}}).expect(201)
    transform = "{'parcel': event.data.parcelId}"
    answer = try_out(register(events=["parcel.*"], transform=transform), None)
    assert (answer["eventType"], answer["successful"]) == ("parcel.sent", True)
    (request,) = requests(1)
    assert data_in("standard", json.loads(request.body)) == {"parcel": "P-7"} == answer["transform"]["data"]
    assert "hint" not in answer
    unfit = try_out(register(events=["parcel.*"], transform="{'gone': event.data.gone}"), None)
    assert (unfit["eventType"], unfit["successful"]) == ("webhook.test", False)
    assert "no event type that it subscribes to" in unfit["hint"]


def data_in(contract: str, body: dict):
    match contract:
        case "github":
            return body
        case "stripe":
            return body["data"]["object"]
        case _:
            return body["data"]
