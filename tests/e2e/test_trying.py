"""`POST /webhooks/{id}/test` under every contract: a receiver accepts it as it would accept a delivery,
and the answer shows what the webhook's filter and transform did."""

import json

import pytest
from readers import CONTRACTS, READERS, Reading, reader_of
from sample_receivers import SampleReceiver, all_samples

SECRET = "your-webhook-secret"
PAYLOAD = {"taskId": "123", "title": "Größe € 😀"}
# Which lets samples through and no payload of the caller's.
FILTER = "event.type != 'webhook.test'"
TRANSFORM = "{'kind': event.type, 'all': event.data}"

IN_PACKAGES = [name for name in CONTRACTS if not READERS[name].sample]


@pytest.fixture
def try_out(api):
    """`try_out(webhook, body)`: what the API answers to a test."""
    return lambda webhook, body: api.post(f"/api/v1/webhooks/{webhook['id']}/test", body).expect(200).body


@pytest.mark.parametrize(("contract", "file"), all_samples())
def test_a_sample_receiver_accepts_a_test_and_gets_what_the_transform_made(contract, file, register, try_out):
    with SampleReceiver(contract, file, SECRET) as sample:
        plain = register(contract=contract, secret=SECRET, url=sample.url)
        shaped = register(contract=contract, secret=SECRET, url=sample.url, filter=FILTER, transform=TRANSFORM)

        answers = [try_out(plain, PAYLOAD), try_out(shaped, PAYLOAD), try_out(shaped, {"event": "user.created"})]

    assert [(each["success"], each["response"]["status"]) for each in answers] == [(True, 200)] * 3, sample.output
    bare, turned_away, let_through = answers
    assert "filter" not in bare and "transform" not in bare
    # It goes out all the same: that is what a test is for.
    assert turned_away["filter"] == {"passed": False}
    assert let_through["filter"] == {"passed": True}
    assert turned_away["transform"] == {"data": {"kind": "webhook.test", "all": PAYLOAD}}
    assert let_through["transform"]["data"]["kind"] == "user.created"
    expected = [
        ("webhook.test", PAYLOAD),
        ("webhook.test", turned_away["transform"]["data"]),
        ("user.created", let_through["transform"]["data"]),
    ]
    assert [(each.event_type, json.loads(each.data)) for each in sample.accepted] == expected, sample.output


@pytest.mark.parametrize("contract", IN_PACKAGES)
def test_the_packages_accept_a_test_and_what_the_transform_made(contract, register, try_out, requests):
    reader = reader_of(contract)
    webhook = register(contract=contract, filter=FILTER, transform=TRANSFORM)

    answer = try_out(webhook, PAYLOAD)

    assert (answer["success"], answer["filter"]) == (True, {"passed": False})
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
    looks = [Reading(request, each["secret"], reader.header) for each in (webhook, other)]
    assert reader.accepts(looks) == [True, False]


@pytest.mark.parametrize(
    ("expression", "text"),
    [("filter", "event.data.gone == 1"), ("transform", "{'gone': event.data.gone}")],
)
def test_a_test_shows_why_an_expression_fails(expression, text, register, try_out, receiver):
    webhook = register(**{expression: text})

    answer = try_out(webhook, PAYLOAD)

    assert answer[expression] == {"error": "there is no event.data.gone"}
    # As a delivery would end: nothing is sent, and the reason is said.
    assert answer["success"] is False
    assert answer["error"] == {"kind": "transform", "detail": f"{expression}: there is no event.data.gone"}
    assert receiver.requests == []


def data_in(contract: str, body: dict):
    match contract:
        case "github":
            return body
        case "stripe":
            return body["data"]["object"]
        case _:
            return body["data"]
