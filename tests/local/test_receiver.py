"""The receiver of the demo and the end-to-end tests."""

import http.client
import socket
import time

import pytest
from hooklane_local import behaviours
from hooklane_local.receiver import Receiver


@pytest.fixture
def receiver():
    with Receiver() as started:
        yield started


def post(receiver: Receiver, path: str = "/", body: bytes = b"{}", timeout: float = 5, **headers: str):
    connection = http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=timeout)
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def test_keeps_the_exact_bytes_and_headers(receiver):
    body = '{ "a":1,\r\n "b":"ü" }'.encode()

    assert post(receiver, "/x?y=1", body, **{"X-One": "1"})[0] == 200

    (request,) = receiver.requests
    assert (request.method, request.path, request.body, request.number) == ("POST", "/x?y=1", body, 1)
    assert request.headers["x-one"] == "1"
    assert ("X-One", "1") in request.header_list


def test_fails_a_number_of_times_then_succeeds(receiver):
    receiver.respond = behaviours.failing(2)

    assert [post(receiver)[0] for _ in range(3)] == [500, 500, 200]


def test_busy_sends_retry_after(receiver):
    receiver.respond = behaviours.busy("3", status=429)

    status, headers, _ = post(receiver)
    assert (status, headers["Retry-After"]) == (429, "3")
    assert post(receiver)[0] == 200


def test_never_answers_until_the_client_gives_up(receiver):
    receiver.respond = behaviours.never_answering()

    with pytest.raises(socket.timeout):
        post(receiver, timeout=0.3)
    deadline = time.monotonic() + 2
    while not receiver.answered_at and time.monotonic() < deadline:
        time.sleep(0.01)
    assert list(receiver.answered_at) == [1]


def test_resets_the_connection(receiver):
    receiver.respond = behaviours.first(1, behaviours.resetting(), behaviours.ok())

    with pytest.raises(ConnectionResetError):
        post(receiver)
    assert post(receiver)[0] == 200


def test_streams_until_the_client_closes(receiver):
    receiver.respond = behaviours.endless_body()
    connection = http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=5)
    connection.request("POST", "/", b"{}")
    answer = connection.getresponse()
    assert len(answer.read(1_000_000)) == 1_000_000
    answer.close()
    connection.close()

    time.sleep(0.3)
    sent = receiver.endless_bytes_sent
    time.sleep(0.2)
    assert receiver.endless_bytes_sent == sent, "it still streams although the client has closed"


def test_stands_for_several_receivers(receiver):
    receiver.respond = behaviours.by_path({"/gone": behaviours.gone(), "/moved": behaviours.redirecting("/else")})

    assert post(receiver, "/gone")[0] == 410
    assert post(receiver, "/moved")[1]["Location"] == "/else"
    assert post(receiver, "/unknown")[0] == 404


def test_waits_no_longer_than_the_timeout(receiver):
    started = time.monotonic()
    assert receiver.wait_for(1, timeout=0.2) == []
    assert time.monotonic() - started < 1


def test_is_closed_after_the_block():
    with Receiver() as receiver:
        port = receiver.port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)
