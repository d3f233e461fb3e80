"""Under each contract a receiver can verify its requests. Each verifier here is written from the
documentation of such receivers, not from ours."""

import hashlib
import hmac
import json

import pytest
from hooklane_local.signature import verified

SECRET = "your-webhook-secret"
DATA = {"taskId": "123", "title": "Größe 1.50", "n": 1.5}


def hex_mac(message: bytes) -> str:
    return hmac.new(SECRET.encode(), message, hashlib.sha256).hexdigest()


def prefixed(header: str):
    return lambda request, secret: request.headers[header] == f"sha256={hex_mac(request.body)}"


def bare(header: str):
    return lambda request, secret: request.headers[header] == hex_mac(request.body)


def stripe(request, secret) -> bool:
    time, signature = (part.split("=", 1)[1] for part in request.headers["stripe-signature"].split(","))
    return signature == hex_mac(f"{time}.".encode() + request.body)


def serialised_again_as_in_javascript(request, secret) -> bool:
    # The receiver of the platform guide signs JSON.stringify of the parsed body. For this data Python
    # writes the same text.
    again = json.dumps(json.loads(request.body), separators=(",", ":"), ensure_ascii=False).encode()
    return request.headers["x-hub-signature"] == f"sha256={hex_mac(again)}"


def standard_webhooks(request, secret) -> bool:
    verified(request, secret)
    return True


VERIFIERS = {
    "standard": standard_webhooks,
    "cloudevents": standard_webhooks,
    "virtual-queue": prefixed("x-webhook-signature"),
    "virtual-queue-hex": bare("x-webhook-signature"),
    "ops-center": bare("x-webhook-signature"),
    "prism": prefixed("x-webhook-signature"),
    "aegisx": prefixed("x-webhook-signature-256"),
    "task-hub": serialised_again_as_in_javascript,
    "github": prefixed("x-hub-signature-256"),
    "stripe": stripe,
}

# Where each contract puts the event's data and type; task-hub and github put the type in a header.
SHAPES = {
    "standard": lambda body, request: (body["data"], body["type"]),
    "cloudevents": lambda body, request: (body["data"], body["type"]),
    "virtual-queue": lambda body, request: (body["data"], body["type"]),
    "virtual-queue-hex": lambda body, request: (body["data"], body["type"]),
    "ops-center": lambda body, request: (body["data"], body["event"]),
    "prism": lambda body, request: (body["data"], body["event"]),
    "aegisx": lambda body, request: (body["data"], body["type"]),
    "task-hub": lambda body, request: (body, request.headers["x-event-type"]),
    "github": lambda body, request: (body, request.headers["x-github-event"]),
    "stripe": lambda body, request: (body["data"]["object"], body["type"]),
}


@pytest.mark.parametrize("contract", VERIFIERS)
def test_a_receiver_can_verify_its_request(contract, publish, register, requests):
    webhook = register(contract=contract, secret=SECRET)
    publish(DATA, event_type="task.completed")

    (request,) = requests(1)

    assert VERIFIERS[contract](request, webhook["secret"])
    assert SHAPES[contract](json.loads(request.body), request) == (DATA, "task.completed")


def test_an_unknown_contract_is_refused_with_the_names_of_all_contracts(api):
    body = {"url": "https://example.com/", "events": ["*"], "contract": "nonsense"}
    problem = api.post("/api/v1/webhooks", body).expect(422).body
    (error,) = problem["errors"]
    assert error["path"] == "contract"
    assert all(name in error["message"] for name in VERIFIERS)
