"""One attempt: the request, and which responses count as success."""

import base64
import os
import socket
import time

import inside
import pytest
from hooklane_local import behaviours
from hooklane_local.signature import verified

# How many bytes of a response's body are kept.
KEPT_BYTES = 1000
# How many bytes the buffers of the sockets may take before the receiver notices that nobody reads.
SOCKET_BUFFERS = 32 * 1024 * 1024


def test_the_headers_are_those_of_standard_webhooks(publish, register, requests):
    webhook = register()
    before = int(time.time())

    event = publish()

    (request,) = requests(1)
    verified(request, webhook["secret"])
    assert request.headers["webhook-id"] == event
    assert before <= int(request.headers["webhook-timestamp"]) <= int(time.time())
    assert request.headers["webhook-signature"].startswith("v1,")
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == "Hooklane/1.0"
    names = [name.lower() for name, _ in request.header_list]
    assert len(names) == len(set(names)), "a header was sent twice"


@pytest.mark.parametrize("secret", ["a secret of the tenant's own", "whsec_" + base64.b64encode(b"k" * 24).decode()])
def test_a_secret_that_the_tenant_chose_signs(secret, publish, register, requests):
    webhook = register(secret=secret)

    publish()

    verified(requests(1)[0], webhook["secret"])


def test_custom_headers_are_sent_and_shown_masked(publish, register, requests, delivery_of):
    headers = {"Authorization": "Bearer very-secret", "X-Customer": "acme", "User-Agent": "Acme-Hooks/2.0"}
    webhook = register(headers=headers)
    assert webhook["headers"] == {name: "***" for name in headers}

    publish()

    (request,) = requests(1)
    verified(request, webhook["secret"])
    assert {name: request.headers[name.lower()] for name in headers} == headers
    (attempt,) = delivery_of(webhook)["attempts"]
    shown = attempt["request"]["headers"]
    assert {name: shown[name] for name in headers} == {name: "***" for name in headers}
    assert shown["webhook-id"] == request.headers["webhook-id"]
    assert request.headers["webhook-signature"] not in str(shown), "the full signature is shown"


@pytest.mark.parametrize(
    "data",
    [
        {"text": "all the same, " * 7_500},
        {"text": base64.b64encode(os.urandom(150_000)).decode()},
        {"text": "größer €"},
    ],
    ids=["100 KB that compress well", "200 KB that do not compress", "a few characters beyond ASCII"],
)
def test_an_event_arrives_intact_whatever_its_size(data, publish, register, requests):
    webhook = register()

    publish(data)

    assert verified(requests(1)[0], webhook["secret"])["data"] == data


def test_the_payload_of_a_large_event_is_not_in_its_message(stack, publish, register, receiver, requests, delivery_of):
    receiver.respond = behaviours.always(500)
    webhook = register(retryPolicy={"schedule": [60]})
    data = {"text": base64.b64encode(os.urandom(150_000)).decode()}

    publish(data)

    waiting = delivery_of(webhook, "retrying")
    (message,) = inside.messages_of(stack, "deliveryQueueUrl", waiting["id"])
    assert "payload" not in message["Body"]
    assert len(message["Body"]) < 1000
    assert verified(requests(1)[0], webhook["secret"])["data"] == data


@pytest.mark.parametrize(("status", "ends"), [(200, "delivered"), (500, "failed")])
def test_only_the_beginning_of_a_huge_response_body_is_read(status, ends, publish, register, receiver, delivery_of):
    receiver.respond = behaviours.endless_body(status)
    webhook = register(retryPolicy="none")

    publish()

    (attempt,) = delivery_of(webhook, ends)["attempts"]
    assert attempt["statusCode"] == status
    body = attempt["response"]["body"]
    # The log of a success is stored in the delivery's item. Less of the body may be kept, so that the
    # item stays within one write unit.
    assert len(body) == KEPT_BYTES if status != 200 else 0 < len(body) <= KEPT_BYTES
    assert set(body) == {"x"}
    assert receiver.endless_bytes_sent < SOCKET_BUFFERS
    sent = receiver.endless_bytes_sent
    time.sleep(0.5)
    assert receiver.endless_bytes_sent == sent, "the connection is still open"


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_is_a_success(status, publish, register, receiver, delivery_of):
    receiver.respond = behaviours.always(status)
    webhook = register()

    publish()

    (attempt,) = delivery_of(webhook, "delivered")["attempts"]
    assert attempt["statusCode"] == status


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_not_followed(status, publish, register, receiver, delivery_of, drained):
    receiver.respond = behaviours.by_path(
        {"/": behaviours.redirecting(receiver.url("/elsewhere"), status), "/elsewhere": behaviours.ok()}
    )
    webhook = register(retryPolicy="none")

    publish()

    delivery = delivery_of(webhook, "failed")
    drained()
    assert [attempt["statusCode"] for attempt in delivery["attempts"]] == [status]
    assert receiver.requests_to("/elsewhere") == []


def test_a_reset_connection_is_a_failure_and_retried(publish, register, receiver, requests, delivery_of):
    receiver.respond = behaviours.first(1, behaviours.resetting(), behaviours.ok())
    webhook = register(retryPolicy={"schedule": [1]})

    publish()

    failed, succeeded = delivery_of(webhook, "delivered")["attempts"]
    assert failed["error"]["kind"] == "response"
    assert failed["error"]["detail"]
    assert "statusCode" not in failed
    assert succeeded["statusCode"] == 200
    requests(2)


def test_a_refused_connection_is_a_failure(publish, api, delivery_of):
    nobody = {"url": f"http://127.0.0.1:{_free_port()}/", "events": ["*"], "retryPolicy": "none"}
    webhook = api.post("/api/v1/webhooks", nobody).expect(201).body

    publish()

    (attempt,) = delivery_of(webhook, "failed")["attempts"]
    assert attempt["error"]["kind"] == "connect"


@pytest.mark.long(20)
def test_an_attempt_without_a_response_ends_at_the_time_limit(publish, register, receiver, requests, delivery_of):
    receiver.respond = behaviours.never_answering()
    webhook = register(retryPolicy="none")

    publish()

    (attempt,) = delivery_of(webhook, "failed")["attempts"]
    assert attempt["error"]["kind"] == "timeout"
    # The time limit of the contract `standard`.
    assert 20_000 <= attempt["durationMs"] < 30_000
    requests(1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
