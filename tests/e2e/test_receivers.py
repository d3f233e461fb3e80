"""The receivers of docs/receivers, which are written from the platform guides and from Standard Webhooks, get
what Hooklane sends."""

import base64
import hashlib
import hmac
import http.client
import json
import socket
import time
from urllib.parse import urlsplit

import pytest
from hooklane_local import behaviours
from sample_receivers import SampleReceiver, all_samples, secret_of

SECRET = "your-webhook-secret"
OTHER_SECRET = "not-what-the-receiver-has"
CONTRACTS = ["standard", "virtual-queue", "virtual-queue-hex", "ops-center", "prism", "aegisx", "task-hub"]
FILES = ["receiver.mjs", "receiver.php", "receiver.py"]
# The header by which receivers recognise a delivery. Receivers of the other contracts use the body.
ID_HEADERS = {
    "standard": "webhook-id",
    "virtual-queue": "x-webhook-delivery",
    "virtual-queue-hex": "x-webhook-delivery",
    "aegisx": "x-webhook-delivery",
    "task-hub": "x-delivery-id",
}

# As a producer writes them. A careless sender changes the text of numbers, escapes and the order of keys.
EVENTS = {
    "text.characters": r'{"title": "Größe € 😀", "escapes": "\u00e9 \/ \" \\ \n \u0001 \ud83d\ude00 \u2028",'
    ' "html": "<b>&amp;</b>", "línea": ""}',
    "text.numbers": '{"id": 1234567890123456789, "one": 1.0, "price": 1.50, "large": 1E+21, "small": 1e-7,'
    ' "hundred": 1e2, "minus": -0.0, "third": 0.3333333333333333}',
    "text.nested": '{"b": {"empty": {}, "list": [], "lists": [[], [{}], [null, true, false]]}, "a": "", "10": 1,'
    ' "9": {"9": 2, "1": 3}}',
    "text.empty": "{}",
}


def publish_all(api) -> None:
    """Publishes the events exactly as they are written above."""
    events = ", ".join(f'{{"type": "{event_type}", "data": {data}}}' for event_type, data in EVENTS.items())
    answer = api.post("/api/v1/events/batch", f'{{"events": [{events}]}}'.encode()).expect(200, 202).body
    assert len(answer["results"]) == len(EVENTS), answer


def as_doubles(text: str):
    """JSON as a language reads it that has no large integers."""
    return json.loads(text, parse_int=float)


def test_the_default_and_every_platform_guide_have_a_receiver_in_every_language():
    assert all_samples() == sorted((contract, file) for contract in CONTRACTS for file in FILES)


@pytest.mark.parametrize(("contract", "file"), all_samples())
def test_a_receiver_accepts_what_is_signed_with_its_secret(contract, file, api, register, deliveries_of):
    with SampleReceiver(contract, file, secret_of(contract, SECRET)) as sample:
        webhook = register(contract=contract, secret=secret_of(contract, SECRET), url=sample.url, retryPolicy="none")
        publish_all(api)
        delivered = deliveries_of(webhook, len(EVENTS), "delivered")

    understood = {accepted.event_type: as_doubles(accepted.data) for accepted in sample.accepted}
    assert understood == {event_type: as_doubles(data) for event_type, data in EVENTS.items()}, sample.output
    remembered = {accepted.remember for accepted in sample.accepted}
    assert len(remembered) == len(EVENTS)
    if contract in ID_HEADERS:
        name = "eventId" if contract == "standard" else "id"
        assert remembered == {delivery[name] for delivery in delivered}


@pytest.mark.parametrize(("contract", "file"), all_samples())
def test_a_receiver_refuses_what_is_signed_with_another_secret(
    contract, file, api, register, publish, deliveries_of, delivery_of
):
    with SampleReceiver(contract, file, secret_of(contract, SECRET)) as sample:
        forged = register(contract=contract, secret=secret_of(contract, OTHER_SECRET), url=sample.url, retryPolicy="none")
        publish({"orderId": "A-1"})
        (attempt,) = delivery_of(forged, "failed")["attempts"]

    assert attempt["statusCode"] == 401
    assert sample.accepted == [], sample.output


@pytest.mark.parametrize("contract", CONTRACTS)
def test_the_id_that_a_receiver_remembers_is_the_same_on_every_attempt(
    contract, register, publish, receiver, requests
):
    receiver.respond = behaviours.failing(1)
    register(contract=contract, secret=secret_of(contract, SECRET), retryPolicy={"schedule": [1]})

    publish()

    first, second = requests(2)
    assert first.body == second.body
    name = ID_HEADERS.get(contract)
    if name is not None:
        assert first.headers[name] == second.headers[name]


@pytest.mark.parametrize(("contract", "file"), all_samples())
def test_a_receiver_refuses_malformed_requests(contract, file):
    some_hex = "0" * 64
    signatures = [None, "", "sha256=", "sha256=é", some_hex, f"sha256={some_hex}", f"sha256={some_hex}0", "v1,", "v1,é"]
    bodies = [b"", b"no JSON", b"null", b"\xff\xfe", b'{"event": "a.b", "type": "a.b", "data": {}}']
    with SampleReceiver(contract, file, secret_of(contract, SECRET), signature_header="X-Signature") as sample:
        hang_up_during_the_body(sample.url)
        statuses = {
            (signature, body): status_of(sample.url, body, signature) for signature in signatures for body in bodies
        }

    assert statuses == dict.fromkeys(statuses, 401), sample.output
    assert sample.accepted == []


@pytest.mark.parametrize("file", FILES)
def test_a_receiver_of_standard_webhooks_checks_the_time_and_every_signature(file):
    body, now = b'{"type": "a.b", "data": {}}', int(time.time())

    def signature(timestamp: object, secret: str = SECRET) -> str:
        digest = hmac.new(secret.encode(), f"e1.{timestamp}.".encode() + body, hashlib.sha256).digest()
        return f"v1,{base64.b64encode(digest).decode()}"

    cases = [
        (now, signature(now), 200),
        (now, f"{signature(now, OTHER_SECRET)} v1a,other {signature(now)}", 200),
        (now, signature(now, OTHER_SECRET), 401),
        (now, signature(now).removeprefix("v1,"), 401),
        (now - 240, signature(now - 240), 200),
        (now - 360, signature(now - 360), 401),
        (now + 360, signature(now + 360), 401),
        (f"{now}.5", signature(f"{now}.5"), 401),
        ("soon", signature("soon"), 401),
        ("", signature(""), 401),
    ]
    with SampleReceiver("standard", file, secret_of("standard", SECRET)) as sample:
        for timestamp, value, expected in cases:
            headers = {"webhook-id": "e1", "webhook-timestamp": str(timestamp), "webhook-signature": value}
            assert status_of(sample.url, body, None, **headers) == expected, (timestamp, sample.output)


def status_of(url: str, body: bytes, signature: str | None, **headers: str) -> int:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    if signature is not None:
        headers["X-Signature"] = signature.encode("latin-1")
    try:
        connection.request("POST", "/", body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def hang_up_during_the_body(url: str) -> None:
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: receiver\r\nContent-Length: 100\r\n\r\n{")
